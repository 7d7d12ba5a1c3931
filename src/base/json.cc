#include "stella/base/json.h"

#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <string>

#include <fmt/format.h>

namespace stella::json {
namespace {

// The next code point of valid UTF-8; of invalid UTF-8, some value, so that the order stays total.
char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0U; };
  const std::uint32_t first = byte(at);
  const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  char32_t value = length == 1 ? first : first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) value = (value << 6) | (byte(at + i) & 0x3f);
  at += length;
  return value;
}

// The first UTF-16 unit decides unless both are the same surrogate, and then the code points do.
std::uint32_t first_utf16_unit(char32_t c) { return c < 0x10000 ? c : 0xd800 + ((c - 0x10000) >> 10); }

// ECMAScript's Number::toString (ECMA-262, 6.1.6.1.20) from the shortest digits that read back the same.
std::string number_text(double value) {
  assert(std::isfinite(value));
  if (value == 0) return "0";
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value),
                                 std::chars_format::scientific)
                       .ptr;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t e = text.find('e');
  std::string digits(1, text[0]);
  if (e > 2) digits += text.substr(2, e - 2);
  int exponent = 0;
  const std::string_view exponent_text = text.substr(text[e + 1] == '+' ? e + 2 : e + 1);
  std::from_chars(exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);

  const int point = exponent + 1;  // the value is 0.digits × 10^point
  const int count = static_cast<int>(digits.size());
  std::string result = value < 0 ? "-" : "";
  if (count <= point && point <= 21)
    return result + digits + std::string(static_cast<std::size_t>(point - count), '0');
  if (0 < point && point <= 21) {
    return result + digits.substr(0, static_cast<std::size_t>(point)) + "." +
           digits.substr(static_cast<std::size_t>(point));
  }
  if (-6 < point && point <= 0)
    return result + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  result += digits[0];
  if (count > 1) result += "." + digits.substr(1);
  return result + fmt::format("e{:+}", exponent);
}

constexpr std::int64_t kExactIntegerMax = std::int64_t{1} << 53;

struct Writer {
  std::string out;
  bool pretty = false;

  void newline(std::size_t depth) {
    if (!pretty) return;
    out += '\n';
    out.append(depth * 2, ' ');
  }

  void write(const Value& value, std::size_t depth) {
    if (value.is_null()) {
      out += "null";
    } else if (const bool* boolean = value.boolean()) {
      out += *boolean ? "true" : "false";
    } else if (const std::int64_t* integer = value.integer()) {
      const bool exact = -kExactIntegerMax <= *integer && *integer <= kExactIntegerMax;
      out += exact ? std::to_string(*integer) : number_text(static_cast<double>(*integer));
    } else if (const double* number = value.number()) {
      out += number_text(*number);
    } else if (const std::string* string = value.string()) {
      append_canonical_string(out, *string);
    } else if (const Array* array = value.array()) {
      out += '[';
      for (std::size_t i = 0; i < array->size(); ++i) {
        if (i != 0) out += ',';
        newline(depth + 1);
        write((*array)[i], depth + 1);
      }
      if (!array->empty()) newline(depth);
      out += ']';
    } else {
      const Object& object = *value.object();
      out += '{';
      bool first = true;
      for (const auto& [key, member] : object) {
        if (!first) out += ',';
        first = false;
        newline(depth + 1);
        append_canonical_string(out, key);
        out += pretty ? ": " : ":";
        write(member, depth + 1);
      }
      if (!object.empty()) newline(depth);
      out += '}';
    }
  }
};

}  // namespace

Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

bool KeyLess::operator()(std::string_view a, std::string_view b) const {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() && j < b.size()) {
    const char32_t left = next_code_point(a, i);
    const char32_t right = next_code_point(b, j);
    if (left == right) continue;
    const std::uint32_t left_unit = first_utf16_unit(left);
    const std::uint32_t right_unit = first_utf16_unit(right);
    return left_unit != right_unit ? left_unit < right_unit : left < right;
  }
  return i >= a.size() && j < b.size();
}

const Value* Value::find(std::string_view key) const {
  const Object* members = object();
  if (members == nullptr) return nullptr;
  const auto member = members->find(key);
  return member == members->end() ? nullptr : &member->second;
}

void append_canonical_string(std::string& to, std::string_view text) {
  to += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        to += "\\\"";
        break;
      case '\\':
        to += "\\\\";
        break;
      case '\b':
        to += "\\b";
        break;
      case '\f':
        to += "\\f";
        break;
      case '\n':
        to += "\\n";
        break;
      case '\r':
        to += "\\r";
        break;
      case '\t':
        to += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          to += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          to += c;
        }
    }
  }
  to += '"';
}

std::string canonical(const Value& value) {
  Writer writer;
  writer.write(value, 0);
  return std::move(writer.out);
}

std::string pretty(const Value& value) {
  Writer writer{.out = {}, .pretty = true};
  writer.write(value, 0);
  return std::move(writer.out) + "\n";
}

}  // namespace stella::json
