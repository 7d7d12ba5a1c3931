// JSON too long for one value in memory: a canonical writer (RFC 8785) and a reader that knows what it
// expects. Both keep their first error and do nothing after it, so that callers check once, at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/base/file.h"
#include "stella/base/json.h"

namespace stella::json {

// The largest integer that every JSON reader keeps exact (RFC 8785, appendix D).
inline constexpr std::uint64_t kIntegerMax = std::uint64_t{1} << 53;

// Writes one value. Members of an object must come in canonical key order; that is asserted.
class Writer {
 public:
  explicit Writer(ByteSink& to) : to_(to) {}

  void begin_object();
  void end_object();
  void begin_array();
  void end_array();
  void key(std::string_view key);
  void string(std::string_view value);
  void integer(std::uint64_t value);  // at most kIntegerMax
  void boolean(bool value);
  void null();
  void value(const Value& value);

  void member(std::string_view name, std::string_view text) { key(name), string(text); }
  void member(std::string_view name, std::uint64_t number) { key(name), integer(number); }

  // Hands on what is still buffered. Errors: those of the sink.
  [[nodiscard]] Status finish();

 private:
  void separate();
  void close(char bracket);
  void drain_if_full();

  struct Level {
    bool first = true;
    std::string last_key{};
  };
  ByteSink& to_;
  std::string buffer_;
  std::vector<Level> open_;
  bool after_key_ = false;
  Status status_;
};

// Reads one value from text in which the reader knows what comes. Objects are closed: an unknown, missing or
// repeated member is an error. Errors are kCorrupt (kLimitExceeded for limits) and name the place as a path,
// "$.ops[3].chunk".
class Reader {
 public:
  struct Field {
    std::string_view name;
    std::function<void()> read;  // consumes exactly one value
    bool required = true;
  };

  explicit Reader(std::string_view text) : text_(text) {}

  void object(std::initializer_list<Field> fields);
  void array(std::size_t count_max, const std::function<void()>& read_element);
  [[nodiscard]] std::string string(std::size_t size_max_bytes);
  [[nodiscard]] std::uint64_t integer(std::uint64_t value_max = kIntegerMax);
  [[nodiscard]] bool boolean();
  [[nodiscard]] Digest digest();                  // 64 lower-case hex digits
  [[nodiscard]] bool null();                      // consumes null if that is what comes
  [[nodiscard]] Value value(ParseLimits limits);  // any value

  // Records an error at the current place, unless there is one already.
  void fail(std::string message, std::string expected = {}, std::string found = {},
            ErrorCode code = ErrorCode::kCorrupt);
  [[nodiscard]] bool failed() const { return error_.has_value(); }
  // Errors: the first one; kCorrupt when text follows the value.
  [[nodiscard]] Status finish();

 private:
  void skip_space();
  [[nodiscard]] bool take(char c);
  [[nodiscard]] bool expect(char c, std::string_view what);
  [[nodiscard]] std::string next_text() const;
  [[nodiscard]] std::string place() const;
  [[nodiscard]] std::string_view raw_value();

  struct Step {
    std::string_view name;
    std::size_t index = 0;
  };
  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Step> path_;
  std::optional<Error> error_;
};

}  // namespace stella::json
