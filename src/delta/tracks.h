// Columns of numbers that grow together (offsets into a table that was shifted): a word of the base is
// predicted to change by what the last word of about its value changed by.
#pragma once

#include <array>
#include <cstdint>

namespace stella::delta {

class Tracks {
 public:
  static constexpr std::uint32_t kValueMin = 256;  // smaller numbers are counts and flags

  // What to add to `word`, modulo 2^32; 0 when nothing is known of its neighbours.
  [[nodiscard]] std::uint32_t difference(std::uint32_t word) const {
    if (word < kValueMin) return 0;
    const std::uint32_t page = word >> kPageShift;
    const Entry& here = entries_[page % kEntries];
    if (here.page == page) return here.difference;
    const Entry& before = entries_[(page - 1) % kEntries];
    return before.page == page - 1 ? before.difference : 0;
  }

  void learn(std::uint32_t word, std::uint32_t difference) {
    if (word < kValueMin) return;
    const std::uint32_t page = word >> kPageShift;
    entries_[page % kEntries] = {page, difference};
  }

 private:
  static constexpr unsigned kPageShift = 8;
  static constexpr std::uint32_t kEntries = 8192;

  struct Entry {
    std::uint32_t page = 0;  // no word that is asked for has it
    std::uint32_t difference = 0;
  };
  std::array<Entry, kEntries> entries_{};
};

}  // namespace stella::delta
