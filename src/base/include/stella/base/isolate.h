// Work on foreign bytes in a process of its own, which may run out of memory or time, or die, without taking
// this one along.
#pragma once

#include <cstdint>
#include <functional>

#include "stella/base/bytes.h"
#include "stella/base/error.h"

namespace stella {

struct IsolationLimits {
  std::uint64_t memory_max_bytes =
      0;  // of address space, above what this process has; not enforced under sanitizers
  std::uint64_t time_max_s = 0;  // of CPU time, and of clock time
  std::uint64_t output_max_bytes = 0;
};

// Runs `work` in a child process and returns what it returns. The child sees this process's memory and open
// files as they are now; what it changes is lost. Errors: those of `work`; kLimitExceeded, which names the
// limit; kInternal when the child died of a signal; kIo.
[[nodiscard]] Result<Bytes> run_isolated(const IsolationLimits& limits,
                                         const std::function<Result<Bytes>()>& work);

}  // namespace stella
