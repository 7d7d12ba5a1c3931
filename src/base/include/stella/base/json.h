// JSON values, a strict parser, and the canonical form of RFC 8785 (JCS).
// The parser refuses what makes two readers disagree: duplicate keys, invalid UTF-8, lone surrogates, deep
// nesting, text after the value. Objects keep their keys sorted by UTF-16 code units, as RFC 8785 orders
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/error.h"

namespace stella::json {

class Value;

// Orders UTF-8 strings by their UTF-16 code units.
struct KeyLess {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const;
};

using Array = std::vector<Value>;
using Object = std::map<std::string, Value, KeyLess>;

// Integers are kept exact within int64; larger or fractional numbers are doubles.
class Value {
 public:
  Value() = default;  // null
  // Defined in json.cc: inlined everywhere, g++ 12 sees uninitialised bytes in moves of the variant.
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();
  Value(std::nullptr_t) {}
  Value(bool value) : data_(value) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Value(T value) : data_(static_cast<std::int64_t>(value)) {}
  Value(double value) : data_(value) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(std::string_view value) : data_(std::string(value)) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(Array value) : data_(std::move(value)) {}
  Value(Object value) : data_(std::move(value)) {}

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  // Pointers to what the value holds, or null when it holds something else.
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&data_); }
  [[nodiscard]] const std::int64_t* integer() const { return std::get_if<std::int64_t>(&data_); }
  [[nodiscard]] const double* number() const { return std::get_if<double>(&data_); }
  [[nodiscard]] const std::string* string() const { return std::get_if<std::string>(&data_); }
  [[nodiscard]] const Array* array() const { return std::get_if<Array>(&data_); }
  [[nodiscard]] const Object* object() const { return std::get_if<Object>(&data_); }
  [[nodiscard]] Array* array() { return std::get_if<Array>(&data_); }
  [[nodiscard]] Object* object() { return std::get_if<Object>(&data_); }

  // The member `key` of an object; null when this is no object or has no such member.
  [[nodiscard]] const Value* find(std::string_view key) const;

  friend bool operator==(const Value&, const Value&) = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
};

struct ParseLimits {
  std::size_t depth_max = 64;
  std::size_t size_max_bytes = std::size_t{64} << 20;
};

// Errors: kCorrupt with line and column, kLimitExceeded.
[[nodiscard]] Result<Value> parse(std::string_view text, const ParseLimits& limits = {});

// RFC 8785. Values must not hold NaN or infinities; integers outside ±2^53 are written as the double nearest
// to them, as the RFC demands, so large sizes and ids belong in strings.
[[nodiscard]] std::string canonical(const Value& value);
void append_canonical_string(std::string& to, std::string_view text);

// Two spaces of indentation, keys in canonical order, a newline at the end: for people.
[[nodiscard]] std::string pretty(const Value& value);

}  // namespace stella::json
