#include "stella/base/isolate.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <new>

#include <fmt/format.h>

#include "stella/base/file.h"
#include "stella/base/reader.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STELLA_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define STELLA_SANITIZED 1
#endif
#endif

namespace stella {
namespace {

constexpr std::uint8_t kValue = 1, kError = 2;
constexpr std::uint64_t kAttributeMaxBytes = 64 << 10;  // of each text of an error

Bytes encode_error(const Error& error) {
  Bytes bytes{kError, static_cast<std::uint8_t>(error.code)};
  for (const std::string* text : {&error.message, &error.where, &error.expected, &error.found, &error.next}) {
    const std::string_view kept = std::string_view(*text).substr(0, kAttributeMaxBytes);
    append_varint(bytes, kept.size());
    append(bytes, as_bytes(kept));
  }
  return bytes;
}

Result<Error> decode_error(ByteView bytes) {
  ByteReader in(bytes, "the error of a child process");
  STELLA_TRY(const auto code, in.le<std::uint8_t>());
  if (code > static_cast<std::uint8_t>(ErrorCode::kIo))
    return fail(ErrorCode::kInternal, "a child process sent an unknown error");
  Error error{.code = static_cast<ErrorCode>(code)};
  for (std::string* text : {&error.message, &error.where, &error.expected, &error.found, &error.next}) {
    STELLA_TRY(const std::uint64_t size, in.varint());
    STELLA_TRY(const ByteView view, in.bytes(size));
    *text = as_text(view);
  }
  return error;
}

[[maybe_unused]] std::uint64_t address_space_bytes() {
  unsigned long pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r"); file != nullptr) {
    if (std::fscanf(file, "%lu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void limit(__rlimit_resource resource, std::uint64_t value) {
  rlimit now{};
  if (::getrlimit(resource, &now) != 0) return;
  now.rlim_cur = std::min<rlim_t>(now.rlim_max, value);
  ::setrlimit(resource, &now);
}

void confine(const IsolationLimits& limits) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Handlers of this process, such as those that remove its temporary files, are not the child's to run.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGXCPU, SIGABRT, SIGSEGV, SIGBUS})
    std::signal(signal, SIG_DFL);
  std::signal(SIGPIPE, SIG_IGN);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, limits.time_max_s);
#ifndef STELLA_SANITIZED
  limit(RLIMIT_AS, address_space_bytes() + limits.memory_max_bytes);
#endif
}

bool write_all(int descriptor, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

[[noreturn]] void run_child(int descriptor, const IsolationLimits& limits,
                            const std::function<Result<Bytes>()>& work) {
  confine(limits);
  const Error out_of_memory{.code = ErrorCode::kLimitExceeded,
                            .message = "the analysis needs more memory than it may have",
                            .expected = fmt::format("at most {} bytes", limits.memory_max_bytes),
                            .next = "Allow more, or leave this file out"};
  const Bytes no_memory = encode_error(out_of_memory);  // made while there is memory
  bool sent = false;
  try {
    const Result<Bytes> result = work();
    if (result) {
      sent = write_all(descriptor, ByteView(&kValue, 1)) && write_all(descriptor, *result);
    } else {
      const bool memory =
          result.error().code == ErrorCode::kLimitExceeded && result.error().message == "out of memory";
      sent = write_all(descriptor, memory ? no_memory : encode_error(result.error()));
    }
  } catch (const std::bad_alloc&) {
    sent = write_all(descriptor, no_memory);
  } catch (const std::exception&) {
    sent = false;
  }
  ::_exit(sent ? 0 : 1);
}

std::unexpected<Error> time_exceeded(const IsolationLimits& limits) {
  return fail({.code = ErrorCode::kLimitExceeded,
               .message = "the analysis takes more time than it may",
               .expected = fmt::format("at most {} s", limits.time_max_s),
               .next = "Allow more, or leave this file out"});
}

// Reads until the other end is closed. Errors leave the child to be killed by the caller.
Status collect(int descriptor, const IsolationLimits& limits, Bytes& output) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::seconds(limits.time_max_s);
  std::array<std::uint8_t, 65536> buffer{};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return time_exceeded(limits);
    pollfd waiting{descriptor, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::min<long long>(left, 60'000)));
    if (ready < 0 && errno != EINTR) return fail(os_error(errno, "cannot wait for a child process", "pipe"));
    if (ready <= 0) continue;
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(os_error(errno, "cannot read from a child process", "pipe"));
    if (count == 0) return {};
    if (static_cast<std::uint64_t>(count) >
        limits.output_max_bytes + 1 - std::min<std::uint64_t>(output.size(), limits.output_max_bytes + 1)) {
      return fail(ErrorCode::kLimitExceeded,
                  fmt::format("the result of the analysis is larger than {} bytes", limits.output_max_bytes));
    }
    output.insert(output.end(), buffer.begin(), buffer.begin() + count);
  }
}

}  // namespace

Result<Bytes> run_isolated(const IsolationLimits& limits, const std::function<Result<Bytes>()>& work) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(os_error(errno, "cannot make a pipe", "pipe"));
  const pid_t child = ::fork();
  if (child < 0) {
    const int error = errno;
    ::close(ends[0]), ::close(ends[1]);
    return fail(os_error(error, "cannot start a process", "fork"));
  }
  if (child == 0) {
    ::close(ends[0]);
    run_child(ends[1], limits, work);
  }
  ::close(ends[1]);
  Bytes output;
  const Status collected = collect(ends[0], limits, output);
  ::close(ends[0]);
  if (!collected) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  STELLA_CHECK(collected);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) return time_exceeded(limits);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
    return fail(
        {.code = ErrorCode::kLimitExceeded,
         .message =
             "the process that analyses was killed from outside, as a system does that has no memory left",
         .next = "Try again with fewer threads, or on a machine with more memory"});
  }
  if (WIFSIGNALED(status) || WEXITSTATUS(status) != 0 || output.empty()) {
    return fail({.code = ErrorCode::kInternal,
                 .message = "the process that analyses died",
                 .found = WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                              : fmt::format("status {}", WEXITSTATUS(status)),
                 .next = "Please report this, with the file if you may"});
  }
  if (output.front() == kError) {
    STELLA_TRY(Error error, decode_error(ByteView(output).subspan(1)));
    return fail(std::move(error));
  }
  output.erase(output.begin());
  return output;
}

}  // namespace stella
