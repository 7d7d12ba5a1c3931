#include "form.h"

#include <algorithm>
#include <charconv>

#include "stella/base/json_view.h"

namespace stella::statement {
namespace {

constexpr std::size_t kShownBytesMax = 100;

std::string shown(std::string_view text) {
  if (text.size() <= kShownBytesMax) return fmt::format("\"{}\"", text);
  return fmt::format("a text of {} bytes", text.size());
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool lower_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return ('0' <= c && c <= '9') || ('a' <= c && c <= 'f'); });
}

}  // namespace

void Form::add(std::string where, std::string expected, std::string found) {
  if (problems_.size() < kDeltaSigProblemsMax) {
    problems_.push_back({std::move(where), std::move(expected), std::move(found)});
  }
}

void Form::wrong_type(std::string_view expected, const json::Value& value) {
  wrong(std::string(expected), std::string(json::type_name(value)));
}

void Form::object(const json::Value& value, std::initializer_list<Field> fields) {
  const json::Object* object = value.object();
  if (object == nullptr) return wrong_type("an object", value);
  for (const Field& field : fields) {
    const json::Value* member = value.find(field.name);
    if (member == nullptr) {
      if (field.required) wrong_at(fmt::format(".{}", field.name), "this field", "nothing");
      continue;
    }
    const std::size_t length = path_.size();
    path_ += '.';
    path_ += field.name;
    field.read(*member);
    path_.resize(length);
  }
  for (const auto& [key, member] : *object) {
    const bool known = std::ranges::any_of(fields, [&](const Field& field) { return field.name == key; });
    if (!known) wrong_at(fmt::format(".{}", key.substr(0, kShownBytesMax)), "no such field", "one");
  }
}

void Form::array(const json::Value& value, std::size_t count_max,
                 const std::function<void(const json::Value&, std::size_t)>& read) {
  const json::Array* array = value.array();
  if (array == nullptr) return wrong_type("an array", value);
  if (array->size() > count_max) {
    return wrong(fmt::format("at most {} elements", count_max), fmt::format("{}", array->size()));
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    const std::size_t length = path_.size();
    path_ += fmt::format("[{}]", i);
    read((*array)[i], i);
    path_.resize(length);
  }
}

std::string Form::text(const json::Value& value, std::size_t size_min, std::size_t size_max) {
  const std::string* text = value.string();
  if (text == nullptr) {
    wrong_type("a string", value);
    return {};
  }
  if (const std::size_t size = code_points(*text); size < size_min || size > size_max) {
    wrong(fmt::format("a string of {} to {} characters", size_min, size_max), fmt::format("{}", size));
    return {};
  }
  return *text;
}

std::uint64_t Form::integer(const json::Value& value, std::uint64_t max, std::uint64_t min) {
  const std::int64_t* number = value.integer();
  if (number == nullptr) {
    wrong_type("an integer", value);
    return min;
  }
  if (*number < 0 || static_cast<std::uint64_t>(*number) < min || static_cast<std::uint64_t>(*number) > max) {
    wrong(fmt::format("{} to {}", min, max), fmt::format("{}", *number));
    return min;
  }
  return static_cast<std::uint64_t>(*number);
}

std::int64_t Form::difference(const json::Value& value) {
  constexpr auto kMax = static_cast<std::int64_t>(json::kIntegerMax);
  const std::int64_t* number = value.integer();
  if (number == nullptr) {
    wrong_type("an integer", value);
    return 0;
  }
  if (*number < -kMax || *number > kMax) {
    wrong(fmt::format("{} to {}", -kMax, kMax), fmt::format("{}", *number));
    return 0;
  }
  return *number;
}

bool Form::boolean(const json::Value& value) {
  const bool* truth = value.boolean();
  if (truth == nullptr) wrong_type("a boolean", value);
  return truth != nullptr && *truth;
}

Digest Form::digest(const json::Value& value) {
  Digest digest;
  const std::string* text = value.string();
  if (text == nullptr) {
    wrong_type("a string", value);
    return digest;
  }
  const auto bytes = parse_hex(*text);
  if (!lower_hex(*text) || !bytes || bytes->size() != digest.bytes.size()) {
    wrong("64 lower-case hex digits", shown(*text));
    return digest;
  }
  std::ranges::copy(*bytes, digest.bytes.begin());
  return digest;
}

Digest Form::sha256_digest(const json::Value& value) {
  constexpr std::string_view kPrefix = "sha256:";
  const std::string* text = value.string();
  if (text == nullptr) {
    wrong_type("a string", value);
    return {};
  }
  if (!text->starts_with(kPrefix)) {
    wrong("\"sha256:\" and 64 lower-case hex digits", shown(*text));
    return {};
  }
  return digest(json::Value(text->substr(kPrefix.size())));
}

std::uint64_t Form::address(const json::Value& value) {
  const std::string* text = value.string();
  if (text == nullptr) {
    wrong_type("a string", value);
    return 0;
  }
  const std::string_view digits = std::string_view(*text).substr(std::min<std::size_t>(2, text->size()));
  const bool padded = digits.size() > 1 && digits.starts_with('0');
  std::uint64_t address = 0;
  if (!text->starts_with("0x") || digits.empty() || digits.size() > 16 || padded || !lower_hex(digits)) {
    wrong("\"0x\" and up to 16 lower-case hex digits", shown(*text));
    return 0;
  }
  (void)std::from_chars(digits.data(), digits.data() + digits.size(), address, 16);
  return address;
}

std::size_t Form::word(const json::Value& value, const std::string_view* words, std::size_t count) {
  const std::string* text = value.string();
  if (text == nullptr) {
    wrong_type("a string", value);
    return 0;
  }
  const std::string_view* found = std::find(words, words + count, *text);
  if (found == words + count) {
    wrong(fmt::format("one of: {}", fmt::join(words, words + count, ", ")), shown(*text));
    return 0;
  }
  return static_cast<std::size_t>(found - words);
}

}  // namespace stella::statement
