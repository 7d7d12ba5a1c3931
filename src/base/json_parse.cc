// The strict parser: nlohmann's tokens, our rules.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "stella/base/json.h"

namespace stella::json {
namespace {

std::string position(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return fmt::format("line {}, column {}", lines + 1, before.size() - line_start + 1);
}

// Builds a Value from nlohmann's events; stops at the first violation and remembers it.
class Builder {
 public:
  explicit Builder(const ParseLimits& limits) : limits_(limits) {}

  bool null() { return add(Value()); }
  bool boolean(bool value) { return add(Value(value)); }
  bool number_integer(std::int64_t value) { return add(Value(value)); }
  bool number_unsigned(std::uint64_t value) {
    if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return add(Value(static_cast<std::int64_t>(value)));
    }
    return add(Value(static_cast<double>(value)));
  }
  bool number_float(double value, const std::string&) { return add(Value(value)); }
  bool string(std::string& value) { return add(Value(std::move(value))); }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(std::size_t) { return open(Value(Object{})); }
  bool start_array(std::size_t) { return open(Value(Array{})); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& key) {
    if (open_.back().value.object()->contains(key)) {
      error_ = Error{.code = ErrorCode::kCorrupt, .message = "duplicate key in JSON object", .found = key};
      return false;
    }
    open_.back().key = std::move(key);
    return true;
  }
  bool parse_error(std::size_t offset, const std::string&, const nlohmann::json::exception& exception) {
    error_ = Error{.code = ErrorCode::kCorrupt, .message = "malformed JSON", .found = exception.what()};
    // nlohmann's text repeats the position; what follows the last "; " or ": " is the reason.
    const std::size_t reason = error_->found.find("syntax error");
    if (reason != std::string::npos) error_->found.erase(0, reason);
    error_offset_ = offset == 0 ? 0 : offset - 1;
    return false;
  }

  std::optional<Error> error_;
  std::optional<std::size_t> error_offset_;
  Value root_;

 private:
  struct Open {
    Value value;
    std::string key;
  };

  bool add(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (Array* array = open_.back().value.array()) {
      array->push_back(std::move(value));
    } else {
      open_.back().value.object()->emplace(std::move(open_.back().key), std::move(value));
    }
    return true;
  }
  bool open(Value container) {
    if (open_.size() >= limits_.depth_max) {
      error_ = Error{.code = ErrorCode::kLimitExceeded,
                     .message = "JSON is nested too deeply",
                     .expected = fmt::format("at most {} levels", limits_.depth_max)};
      return false;
    }
    open_.push_back({std::move(container), {}});
    return true;
  }
  bool close() {
    Value value = std::move(open_.back().value);
    open_.pop_back();
    return add(std::move(value));
  }

  ParseLimits limits_;
  std::vector<Open> open_;
};

}  // namespace

Result<Value> parse(std::string_view text, const ParseLimits& limits) {
  if (text.size() > limits.size_max_bytes) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "JSON text is too large",
                 .expected = fmt::format("at most {} bytes", limits.size_max_bytes),
                 .found = fmt::format("{}", text.size())});
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    return fail(ErrorCode::kCorrupt, "JSON text begins with a byte order mark", "line 1, column 1");
  }
  // nlohmann takes a NUL for the end of its input, and would leave unread what follows.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return fail(ErrorCode::kCorrupt, "JSON text holds a NUL", position(text, nul));
  }
  Builder builder(limits);
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return std::move(builder.root_);
  Error error = builder.error_.value_or(Error{.code = ErrorCode::kCorrupt, .message = "malformed JSON"});
  if (builder.error_offset_) error.where = position(text, *builder.error_offset_);
  return fail(std::move(error));
}

}  // namespace stella::json
