#include "progress_bar.h"

#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>

#include "stella/base/file.h"

namespace stella::cli {
namespace {

constexpr std::uint64_t kCells = 24;
constexpr std::chrono::milliseconds kInterval{100};

void draw(std::string_view text) {
  // A terminal that takes nothing is no reason to stop.
  (void)write_descriptor(STDERR_FILENO, as_bytes(text), "standard error");
}

}  // namespace

std::string progress_line(std::string_view stage, std::uint64_t done, std::uint64_t total,
                          std::uint64_t elapsed_ms) {
  total = std::max<std::uint64_t>(total, 1);
  done = std::min(done, total);
  const auto scaled = [&](std::uint64_t to) {
    return static_cast<std::uint64_t>(static_cast<double>(done) / static_cast<double>(total) *
                                      static_cast<double>(to));
  };
  const std::uint64_t full = scaled(kCells);
  std::string bar;
  for (std::uint64_t i = 0; i < kCells; ++i) bar += i < full ? "█" : "░";
  std::string line = fmt::format("{:<22} {} {:>3} %", stage, bar, scaled(100));
  if (elapsed_ms > 500 && done > 0) {
    const double rate = static_cast<double>(done) / static_cast<double>(elapsed_ms) * 1000;
    const auto left_s = static_cast<std::uint64_t>(static_cast<double>(total - done) / rate);
    line += fmt::format("  {:.1f} MB/s  {}:{:02} left", rate / 1e6, left_s / 60, left_s % 60);
  }
  return line;
}

void ProgressBar::update(std::string_view stage, std::uint64_t done, std::uint64_t total) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;
  const auto now = Clock::now();
  if (stage != stage_) {
    stage_ = stage;
    stage_start_ = now;
  } else if (now - drawn_ < kInterval) {
    return;
  }
  drawn_ = now;
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - stage_start_).count();
  draw("\r\x1b[K" + progress_line(stage, done, total, static_cast<std::uint64_t>(elapsed)));
  visible_ = true;
}

void ProgressBar::clear() {
  const std::lock_guard lock(mutex_);
  if (visible_) draw("\r\x1b[K");
  visible_ = false;
}

}  // namespace stella::cli
