// Work on several threads whose result does not depend on their number.
#pragma once

#include <cstddef>
#include <functional>

#include "stella/base/error.h"

namespace stella {

// Calls `work(i)` for each i in [0, count) on up to `threads` threads (at least one; fewer when the system
// gives no more). When calls fail, the
// error of the lowest failing index is returned; indexes above it may or may not have run. An exception
// counts as kInternal (std::bad_alloc as kLimitExceeded).
[[nodiscard]] Status parallel_for(std::size_t count, unsigned threads,
                                  const std::function<Status(std::size_t)>& work);

// Number of usable cores, at least one.
[[nodiscard]] unsigned available_threads();

}  // namespace stella
