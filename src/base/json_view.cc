#include "stella/base/json_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "stella/base/base64.h"

namespace stella::json {

std::string_view type_name(const Value& value) {
  if (value.is_null()) return "null";
  if (value.boolean() != nullptr) return "a boolean";
  if (value.integer() != nullptr) return "an integer";
  if (value.number() != nullptr) return "a fractional or very large number";
  if (value.string() != nullptr) return "a string";
  return value.array() != nullptr ? "an array" : "an object";
}

std::unexpected<Error> View::fail(std::string message, std::string expected, std::string found,
                                  ErrorCode code) const {
  return std::unexpected(Error{.code = code,
                               .message = std::move(message),
                               .where = path_,
                               .expected = std::move(expected),
                               .found = std::move(found)});
}

Result<std::optional<View>> View::find(std::string_view key) const {
  if (value_->object() == nullptr) {
    return fail("a JSON value has another type", "an object", std::string(type_name(*value_)));
  }
  const Value* member = value_->find(key);
  if (member == nullptr || member->is_null()) return std::optional<View>();
  return View(*member, fmt::format("{}.{}", path_, key));
}

Result<View> View::at(std::string_view key) const {
  STELLA_TRY(std::optional<View> member, find(key));
  if (!member) return fail("a field is missing", std::string(key));
  return *std::move(member);
}

Result<std::vector<std::pair<std::string, View>>> View::members(std::size_t count_max) const {
  const Object* object = value_->object();
  if (object == nullptr) {
    return fail("a JSON value has another type", "an object", std::string(type_name(*value_)));
  }
  if (object->size() > count_max) {
    return fail("a JSON object has too many members", fmt::format("at most {}", count_max),
                fmt::format("{}", object->size()), ErrorCode::kLimitExceeded);
  }
  std::vector<std::pair<std::string, View>> members;
  members.reserve(object->size());
  for (const auto& [key, member] : *object) {
    members.emplace_back(key, View(member, fmt::format("{}.{}", path_, key)));
  }
  return members;
}

Status View::closed(std::initializer_list<std::string_view> names) const {
  const Object* object = value_->object();
  if (object == nullptr) {
    return fail("a JSON value has another type", "an object", std::string(type_name(*value_)));
  }
  for (const auto& [key, member] : *object) {
    if (std::ranges::find(names, key) == names.end()) return fail("a field is not known here", {}, key);
  }
  return {};
}

Result<std::vector<View>> View::elements(std::size_t count_max) const {
  const Array* array = value_->array();
  if (array == nullptr) {
    return fail("a JSON value has another type", "an array", std::string(type_name(*value_)));
  }
  if (array->size() > count_max) {
    return fail("a JSON array has too many elements", fmt::format("at most {}", count_max),
                fmt::format("{}", array->size()), ErrorCode::kLimitExceeded);
  }
  std::vector<View> elements;
  elements.reserve(array->size());
  for (std::size_t i = 0; i < array->size(); ++i) {
    elements.emplace_back((*array)[i], fmt::format("{}[{}]", path_, i));
  }
  return elements;
}

Result<std::string> View::string(std::size_t size_max_bytes) const {
  const std::string* text = value_->string();
  if (text == nullptr)
    return fail("a JSON value has another type", "a string", std::string(type_name(*value_)));
  if (text->size() > size_max_bytes) {
    return fail("a JSON string is too long", fmt::format("at most {} bytes", size_max_bytes),
                fmt::format("{}", text->size()), ErrorCode::kLimitExceeded);
  }
  return *text;
}

Result<std::string> View::text() const {
  STELLA_TRY(std::string text, string(std::size_t{64} << 10));
  if (text.empty()) return fail("a field is empty", "some text");
  return text;
}

Result<std::int64_t> View::integer(std::int64_t min, std::int64_t max) const {
  const std::int64_t* number = value_->integer();
  if (number == nullptr) {
    return fail("a JSON value has another type", "an integer", std::string(type_name(*value_)));
  }
  if (*number < min || *number > max) {
    return fail("a number is out of range", fmt::format("{} to {}", min, max), fmt::format("{}", *number));
  }
  return *number;
}

Result<bool> View::boolean() const {
  const bool* truth = value_->boolean();
  if (truth == nullptr)
    return fail("a JSON value has another type", "a boolean", std::string(type_name(*value_)));
  return *truth;
}

Result<Bytes> View::base64() const {
  const std::string* text = value_->string();
  if (text == nullptr)
    return fail("a JSON value has another type", "a string", std::string(type_name(*value_)));
  auto bytes = parse_base64(*text);
  if (!bytes) return std::unexpected(std::move(bytes).error().at(path_));
  return bytes;
}

Result<Digest> View::hex_digest() const {
  STELLA_TRY(const std::string text, string());
  const bool lower = std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'F'; });
  const auto bytes = parse_hex(text);
  Digest digest;
  if (!lower || !bytes || bytes->size() != digest.bytes.size()) {
    return fail("not a SHA-256 digest", "64 hex digits in lower case", text.substr(0, 80));
  }
  std::ranges::copy(*bytes, digest.bytes.begin());
  return digest;
}

}  // namespace stella::json
