#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "stella/base/json_stream.h"

namespace stella::json {
namespace {

constexpr std::size_t kShownBytesMax = 40;  // of the text found, in messages

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

}  // namespace

std::string Reader::place() const {
  std::string path = "$";
  for (const Step& step : path_) {
    if (step.name.empty()) {
      path += fmt::format("[{}]", step.index);
    } else {
      path += '.';
      path += step.name;
    }
  }
  return path;
}

std::string Reader::next_text() const {
  if (at_ >= text_.size()) return "the end of the text";
  std::string shown(text_.substr(at_, kShownBytesMax));
  // Foreign bytes must not steer a terminal.
  std::replace_if(shown.begin(), shown.end(), [](char c) { return c < 0x20 || c >= 0x7f; }, '?');
  return shown;
}

void Reader::fail(std::string message, std::string expected, std::string found, ErrorCode code) {
  if (error_) return;
  error_ = Error{.code = code,
                 .message = std::move(message),
                 .where = place(),
                 .expected = std::move(expected),
                 .found = std::move(found)};
  at_ = text_.size();
}

void Reader::skip_space() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
}

bool Reader::take(char c) {
  skip_space();
  if (at_ >= text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool Reader::expect(char c, std::string_view what) {
  if (failed()) return false;
  if (take(c)) return true;
  fail("unexpected JSON", std::string(what), next_text());
  return false;
}

void Reader::object(std::initializer_list<Field> fields) {
  if (!expect('{', "an object")) return;
  std::vector<bool> seen(fields.size(), false);
  if (!take('}')) {
    do {
      const std::string name = string(256);
      if (failed()) return;
      const auto* field =
          std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; });
      if (field == fields.end()) return fail("unknown member", {}, name);
      const auto index = static_cast<std::size_t>(field - fields.begin());
      if (seen[index]) return fail("member given twice", {}, name);
      seen[index] = true;
      path_.push_back({.name = field->name});
      if (!expect(':', "a colon after the member's name")) return;
      field->read();
      if (failed()) return;
      path_.pop_back();
    } while (take(','));
    if (!expect('}', "a comma or the end of the object")) return;
  }
  std::string missing;
  for (const Field& field : fields) {
    if (!field.required || seen[static_cast<std::size_t>(&field - fields.begin())]) continue;
    missing += fmt::format("{}{}", missing.empty() ? "" : ", ", field.name);
  }
  if (!missing.empty()) fail("members are missing", missing);
}

void Reader::array(std::size_t count_max, const std::function<void()>& read_element) {
  if (!expect('[', "an array") || take(']')) return;
  std::size_t count = 0;
  do {
    if (count == count_max) {
      return fail("array is too long", fmt::format("at most {} elements", count_max), "more",
                  ErrorCode::kLimitExceeded);
    }
    path_.push_back({.name = {}, .index = count++});
    read_element();
    if (failed()) return;
    path_.pop_back();
  } while (take(','));
  (void)expect(']', "a comma or the end of the array");
}

std::string Reader::string(std::size_t size_max_bytes) {
  if (!expect('"', "a string")) return {};
  const std::size_t start = at_;
  while (at_ < text_.size() && is_plain(text_[at_])) ++at_;
  std::string result;
  if (at_ < text_.size() && text_[at_] == '"') {
    result = text_.substr(start, at_++ - start);
  } else {
    // Escapes and other alphabets: the strict parser knows what is valid.
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) {
      at_ = text_.size();
      fail("unexpected JSON", "the end of the string", "the end of the text");
      return {};
    }
    ++at_;
    auto parsed = parse(text_.substr(start - 1, at_ - start + 1));
    if (!parsed) {
      fail("malformed string", {}, parsed.error().found);
      return {};
    }
    result = *parsed->string();
  }
  if (result.size() > size_max_bytes) {
    fail("string is too long", fmt::format("at most {} bytes", size_max_bytes),
         fmt::format("{}", result.size()), ErrorCode::kLimitExceeded);
    return {};
  }
  return result;
}

std::uint64_t Reader::integer(std::uint64_t value_max) {
  if (failed()) return 0;
  skip_space();
  std::uint64_t value = 0;
  const char* const start = text_.data() + at_;
  const char* const text_end = text_.data() + text_.size();
  const auto [end, error] = std::from_chars(start, text_end, value);
  const bool leading_zero = end - start > 1 && *start == '0';
  const bool goes_on = end != text_end && (*end == '.' || *end == 'e' || *end == 'E');
  if (end == start || error != std::errc() || leading_zero || goes_on || value > value_max) {
    fail("unexpected JSON", fmt::format("an integer from 0 to {}", value_max), next_text());
    return 0;
  }
  at_ += static_cast<std::size_t>(end - start);
  return value;
}

bool Reader::boolean() {
  if (failed()) return false;
  skip_space();
  for (const bool value : {true, false}) {
    const std::string_view name = value ? "true" : "false";
    if (!text_.substr(at_).starts_with(name)) continue;
    at_ += name.size();
    return value;
  }
  fail("unexpected JSON", "true or false", next_text());
  return false;
}

Digest Reader::digest() {
  const std::string text = string(256);
  if (failed()) return {};
  const auto is_hex = [](char c) { return ('0' <= c && c <= '9') || ('a' <= c && c <= 'f'); };
  Digest result;
  if (text.size() != 2 * result.bytes.size() || !std::all_of(text.begin(), text.end(), is_hex)) {
    fail("not a digest", "64 lower-case hexadecimal digits", text.substr(0, 2 * kShownBytesMax));
    return {};
  }
  const auto bytes = parse_hex(text);
  std::copy(bytes->begin(), bytes->end(), result.bytes.begin());
  return result;
}

bool Reader::null() {
  if (failed()) return false;
  skip_space();
  if (!text_.substr(at_).starts_with("null")) return false;
  at_ += 4;
  return true;
}

std::string_view Reader::raw_value() {
  skip_space();
  const std::size_t start = at_;
  std::size_t depth = 0;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) at_ += text_[at_] == '\\' ? 1 : 0;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']' || c == ',') {
      if (depth == 0) break;
      if (c != ',') --depth;
    }
  }
  at_ = std::min(at_, text_.size());
  return text_.substr(start, at_ - start);
}

Value Reader::value(ParseLimits limits) {
  if (failed()) return {};
  auto parsed = parse(raw_value(), limits);
  if (parsed) return *std::move(parsed);
  fail(parsed.error().message, parsed.error().expected, parsed.error().found, parsed.error().code);
  return {};
}

Status Reader::finish() {
  if (!failed()) {
    skip_space();
    if (at_ < text_.size()) fail("text after the JSON value", "the end of the text", next_text());
  }
  if (failed()) return stella::fail(*error_);
  return {};
}

}  // namespace stella::json
