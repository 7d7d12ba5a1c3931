// What every verb takes besides its own options.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "stella/base/parallel.h"
#include "stella/base/progress.h"

namespace stella::operations {

struct Context {
  unsigned threads = available_threads();  // never changes a byte of any result
  Progress progress{};
  // What goes on, for people who look for a mistake. May be called from any thread.
  std::function<void(std::string_view message)> debug{};
};

}  // namespace stella::operations
