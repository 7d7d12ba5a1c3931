#include "stella/base/error.h"

#include <fmt/format.h>

namespace stella {
namespace {

struct CodeInfo {
  std::string_view name;
  int exit_status;
};

CodeInfo info(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUntrusted:
      return {"untrusted", 1};
    case ErrorCode::kInvalidArgument:
      return {"invalid_argument", 2};
    case ErrorCode::kUnsupported:
      return {"unsupported", 2};
    case ErrorCode::kLimitExceeded:
      return {"limit_exceeded", 2};
    case ErrorCode::kCorrupt:
      return {"corrupt", 2};
    case ErrorCode::kUnauthorised:
      return {"unauthorised", 3};
    case ErrorCode::kNotFound:
      return {"not_found", 4};
    case ErrorCode::kOffline:
      return {"offline", 5};
    case ErrorCode::kUnavailable:
      return {"unavailable", 10};
    case ErrorCode::kInternal:
      return {"internal", 70};
    case ErrorCode::kIo:
      return {"io", 74};
  }
  return {"internal", 70};
}

}  // namespace

std::string_view to_string(ErrorCode code) { return info(code).name; }
int exit_status(ErrorCode code) { return info(code).exit_status; }

Error Error::at(std::string_view outer) && {
  where = where.empty() ? std::string(outer) : fmt::format("{}: {}", outer, where);
  return std::move(*this);
}

std::string to_string(const Error& error) {
  std::string details;
  const auto add = [&details](std::string_view name, std::string_view value) {
    if (!value.empty()) details += fmt::format("{}{} {}", details.empty() ? "" : ", ", name, value);
  };
  add("at", error.where);
  add("expected", error.expected);
  add("found", error.found);
  std::string text = error.message;
  if (!details.empty()) text += fmt::format(" ({})", details);
  if (!error.next.empty()) text += fmt::format(". {}", error.next);
  return text;
}

}  // namespace stella
