// Errors are values: Result<T> carries either a T or an Error that says what happened, where, what was
// expected, what was found, and what to do next. A code says what the caller can do; each maps to one exit
// status.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace stella {

enum class ErrorCode {
  kUntrusted,        // checked, and the answer is no: wrong base, bad signature, policy says stop
  kInvalidArgument,  // the caller asked for something that makes no sense
  kUnsupported,      // a kind or version that this build does not know
  kLimitExceeded,    // a named limit on size, depth or number
  kCorrupt,          // bytes that contradict themselves or their digest
  kUnauthorised,
  kNotFound,
  kOffline,      // the network was needed and is forbidden
  kUnavailable,  // try again later
  kInternal,     // our own fault
  kIo,           // reading or writing failed
};

// The name of a code as it stands in JSON output, e.g. "corrupt".
[[nodiscard]] std::string_view to_string(ErrorCode code);

// The exit status of a process that ends with this error (docs/exit-status.md).
[[nodiscard]] int exit_status(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message{};   // what happened, one sentence without a full stop
  std::string where{};     // file, path inside an artifact, field, byte offset; empty if there is none
  std::string expected{};  // empty if there is none
  std::string found{};     // empty if there is none
  std::string next{};      // what the user can do; empty if there is nothing to say

  // Puts `outer` before where the error happened: "image.tar" + "layer/usr/bin/x" = "image.tar:
  // layer/usr/bin/x".
  [[nodiscard]] Error at(std::string_view outer) &&;
};

// "message (where: …; expected …, found …). next": one line for logs and for tests.
[[nodiscard]] std::string to_string(const Error& error);

template <typename T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message,
                                                 std::string where = {}) {
  return std::unexpected(Error{.code = code, .message = std::move(message), .where = std::move(where)});
}

#define STELLA_CONCAT_(a, b) a##b
#define STELLA_CONCAT(a, b) STELLA_CONCAT_(a, b)
#define STELLA_TRY_(result, declaration, expression)              \
  auto result = (expression);                                     \
  if (!result) return std::unexpected(std::move(result).error()); \
  declaration = *std::move(result)

// STELLA_TRY(auto x, f()): x is f's value, or the enclosing function returns f's error.
#define STELLA_TRY(declaration, expression) \
  STELLA_TRY_(STELLA_CONCAT(stella_result_, __LINE__), declaration, expression)

// STELLA_CHECK(f()): the enclosing function returns f's error, if there is one.
#define STELLA_CHECK(expression)                         \
  if (auto stella_status = (expression); !stella_status) \
  return std::unexpected(std::move(stella_status).error())

}  // namespace stella
