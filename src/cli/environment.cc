#include "environment.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace stella::cli {
namespace {

constexpr unsigned kThreadsMax = 1024;
constexpr std::string_view kLevels[] = {"off", "error", "warn", "info", "debug", "trace"};

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::unexpected<Error> wrong_variable(const char* name, const char* expected, std::string_view found) {
  return fail({.code = ErrorCode::kInvalidArgument,
               .message = "an environment variable makes no sense",
               .where = name,
               .expected = expected,
               .found = std::string(found),
               .next = "correct it or unset it"});
}

}  // namespace

Result<Environment> read_environment(const Command& command) {
  Environment environment{.threads = available_threads(), .debug = command.verbose};
  if (const std::string_view text = variable("STELLAOPS_THREADS"); !text.empty()) {
    unsigned threads = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
    if (error != std::errc() || end != text.data() + text.size() || threads < 1 || threads > kThreadsMax) {
      return wrong_variable("STELLAOPS_THREADS", "a number from 1 to 1024", text);
    }
    environment.threads = threads;
  }
  if (command.threads) environment.threads = *command.threads;
  if (const std::string_view level = variable("STELLAOPS_LOG_LEVEL"); !level.empty()) {
    if (std::ranges::find(kLevels, level) == std::end(kLevels)) {
      return wrong_variable("STELLAOPS_LOG_LEVEL", "off, error, warn, info, debug or trace", level);
    }
    environment.debug = environment.debug || level == "debug" || level == "trace";
  }
  return environment;
}

bool is_terminal(int descriptor) { return ::isatty(descriptor) == 1; }

report::Style style_for(int descriptor) {
  return {.colour = is_terminal(descriptor) && variable("NO_COLOR").empty() && variable("TERM") != "dumb"};
}

}  // namespace stella::cli
