#include "stella/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <limits>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace stella {
namespace {

Status call(const std::function<Status(std::size_t)>& work, std::size_t index) {
  try {
    return work(index);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kLimitExceeded, "out of memory");
  } catch (const std::exception& exception) {
    return fail(ErrorCode::kInternal, std::string("unexpected exception: ") + exception.what());
  }
}

}  // namespace

Status parallel_for(std::size_t count, unsigned threads, const std::function<Status(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> first_failure = std::numeric_limits<std::size_t>::max();
  std::mutex mutex;
  std::optional<Error> error;

  const auto run = [&] {
    for (std::size_t i = next++; i < count && i < first_failure; i = next++) {
      Status status = call(work, i);
      if (status) continue;
      const std::scoped_lock lock(mutex);
      if (i < first_failure) {
        first_failure = i;
        error = std::move(status).error();
      }
    }
  };

  {
    std::vector<std::jthread> others;
    const std::size_t workers = std::min<std::size_t>(std::max(threads, 1U), count);
    try {
      while (others.size() + 1 < workers) others.emplace_back(run);
    } catch (const std::exception&) {
      // No more threads or no memory for them: those that run do all the work.
    }
    run();
  }
  if (error) return fail(*std::move(error));
  return {};
}

unsigned available_threads() { return std::max(1U, std::thread::hardware_concurrency()); }

}  // namespace stella
