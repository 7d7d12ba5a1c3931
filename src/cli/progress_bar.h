// How far the work is, with rate and time left, on one line of a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace stella::cli {

class ProgressBar {
 public:
  ~ProgressBar() { clear(); }

  // From any thread; draws at most ten times a second and never waits.
  void update(std::string_view stage, std::uint64_t done, std::uint64_t total);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  std::mutex mutex_;
  std::string stage_;
  Clock::time_point stage_start_{};
  Clock::time_point drawn_{};
  bool visible_ = false;
};

// The line for a stage that has run for `elapsed_ms`.
[[nodiscard]] std::string progress_line(std::string_view stage, std::uint64_t done, std::uint64_t total,
                                        std::uint64_t elapsed_ms);

}  // namespace stella::cli
