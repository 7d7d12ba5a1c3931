// One stage of work whose parts run at once, shown as one bar.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "stella/base/progress.h"

namespace stella::operations {

class Stage {
 public:
  Stage(const Progress& to, std::string name, std::size_t parts)
      : to_(to), name_(std::move(name)), parts_(std::make_unique<Part[]>(parts)), count_(parts) {}

  // For part `index`; the stage must outlive it. A part may have stages of its own: only how far it is counts
  // here.
  [[nodiscard]] Progress part(std::size_t index) {
    if (!to_) return {};
    return [this, index](std::string_view, std::uint64_t done, std::uint64_t total) {
      parts_[index].done = done;
      parts_[index].total = total;
      std::uint64_t all_done = 0;
      std::uint64_t all_total = 0;
      for (std::size_t i = 0; i < count_; ++i) {
        all_done += parts_[i].done;
        all_total += parts_[i].total;
      }
      to_(name_, all_done, all_total);
    };
  }

 private:
  struct Part {
    std::atomic<std::uint64_t> done = 0;
    std::atomic<std::uint64_t> total = 0;
  };
  const Progress& to_;
  std::string name_;
  std::unique_ptr<Part[]> parts_;
  std::size_t count_;
};

}  // namespace stella::operations
