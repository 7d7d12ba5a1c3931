// By how much single bytes of a match differ. Two codings: the mixed one weighs four opinions on each bit,
// the plain one has a single counter for it, which takes a fraction of the time. Source:
// docs/format/delta.md, section 7.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model.h"

namespace stella::delta {

// Where in a match's part a byte stands.
struct ByteRun {
  const std::uint8_t* base = nullptr;
  std::uint8_t* target = nullptr;  // read by the writer, filled by the reader
  std::size_t size_bytes = 0;      // of the part
  std::uint64_t base_offset_bytes = 0;
  unsigned kind = 0;
};

inline constexpr std::uint64_t kHashFactor = 0x9e3779b97f4a7c15U;
[[nodiscard]] inline std::size_t context_hash(std::uint64_t context, unsigned bits) {
  return static_cast<std::size_t>((context + 1) * kHashFactor >> (64 - bits));
}

template <typename Coder>
class ByteCoder {
 public:
  ByteCoder(Coder& coder, bool mixes)
      : coder_(coder),
        mixes_(mixes),
        flags_(mixes ? kInputs << kFlagBits : kPlainFlags),
        values_(mixes ? kInputs << kLineBits << 4 : kPlainValues) {}

  // The bytes [from, end) of the part, one by one.
  void code(const ByteRun& run, std::size_t from, std::size_t end) {
    mixes_ ? code_mixed(run, from, end) : code_plain(run, from, end);
  }

 private:
  static constexpr std::size_t kInputs = 4;
  static constexpr unsigned kFlagBits = 14;
  static constexpr unsigned kLineBits = 11;
  static constexpr std::size_t kPlainFlags = std::size_t{1} << 13;
  static constexpr std::size_t kPlainValues = std::size_t{1} << 17;

  Counter* flag(std::size_t table, std::uint64_t context) {
    return &flags_[(table << kFlagBits) + context_hash(context, kFlagBits)];
  }
  // Sixteen counters side by side, for the nodes of half a byte.
  Counter* line(std::size_t table, std::uint64_t context) {
    return &values_[((table << kLineBits) + context_hash(context, kLineBits)) << 4];
  }
  static unsigned changed(const ByteRun& run, std::size_t i, std::size_t back) {
    return i >= back && run.base[i - back] != run.target[i - back] ? 1 : 0;
  }
  static unsigned difference(const ByteRun& run, std::size_t i, std::size_t back) {
    return i >= back ? static_cast<std::uint8_t>(run.target[i - back] - run.base[i - back]) : 0;
  }
  static unsigned columns(const ByteRun& run, std::size_t i) {
    return changed(run, i, 1) | changed(run, i, 2) << 1 | changed(run, i, 3) << 2 | changed(run, i, 4) << 3 |
           changed(run, i, 8) << 4 | changed(run, i, 12) << 5 | changed(run, i, 16) << 6 |
           changed(run, i, 24) << 7;
  }

  void code_plain(const ByteRun& run, std::size_t from, std::size_t end) {
    for (std::size_t i = from; i < end; ++i) {
      const unsigned around = columns(run, i);
      const auto phase = static_cast<unsigned>(run.base_offset_bytes + i) & 3;
      const unsigned differs = code_bit(coder_, run.base[i] != run.target[i] ? 1 : 0,
                                        flags_[run.kind | around << 3 | phase << 11]);
      ++since_change_;
      if (differs == 0) continue;
      const unsigned actual = static_cast<std::uint8_t>(run.target[i] - run.base[i]);
      // What the byte before differs by, or the change before this one.
      const std::size_t context = (around & 1) != 0 ? 256 + difference(run, i, 1) : last_difference_;
      Counter* const tree = &values_[context << 8];
      unsigned node = 1;
      for (unsigned bit = 8; bit-- > 0;) node = node << 1 | code_bit(coder_, actual >> bit & 1, tree[node]);
      take(run, i, node);
    }
  }

  void code_mixed(const ByteRun& run, std::size_t from, std::size_t end) {
    const std::uint8_t* const b = run.base;
    const std::uint8_t* const t = run.target;
    const auto base_at = [&](std::size_t i) -> std::uint64_t { return i < run.size_bytes ? b[i] : 0; };
    for (std::size_t i = from; i < end; ++i) {
      const unsigned around = columns(run, i);
      const std::uint64_t recent = around & 15;
      const std::uint64_t next4 = i + 4 <= run.size_bytes ? load_le<std::uint32_t>(b + i)
                                                          : base_at(i) | base_at(i + 1) << 8 |
                                                                base_at(i + 2) << 16 | base_at(i + 3) << 24;
      const std::uint64_t here2 = base_at(i) | (i > 0 ? base_at(i - 1) << 8 : 0);
      const std::uint64_t before = difference(run, i, 1);
      // Whether adding that difference to the byte before overflowed.
      const std::uint64_t carry = i > 0 && t[i - 1] < b[i - 1] ? 1 : 0;
      const std::uint64_t phase = (run.base_offset_bytes + i) & 3;
      const std::array<Counter*, kInputs> counters = {
          flag(0, run.kind | around << 3 | phase << 11),
          flag(1, here2 | (recent & 3) << 16 | std::uint64_t{run.kind} << 18),
          flag(2, next4 | (recent & 1) << 32),
          flag(3, before | carry << 8 | (here2 & 0xff) << 9 | (recent & 7) << 17)};
      const unsigned differs = flag_mixer_.code(coder_, b[i] != t[i] ? 1 : 0, counters,
                                                static_cast<std::size_t>((recent & 3) << 3 | run.kind));
      ++since_change_;
      if (differs == 0) continue;
      const std::uint64_t since = std::min<std::uint64_t>(since_change_, 4);
      code_value(
          run, i,
          {before | carry << 8 | std::uint64_t{run.kind} << 9, std::uint64_t{last_difference_} | since << 8,
           next4, std::uint64_t{difference(run, i, 4)} | std::uint64_t{difference(run, i, 8)} << 8});
    }
  }

  // By how much a byte differs, modulo 256: two halves, the upper one first.
  void code_value(const ByteRun& run, std::size_t i, const std::array<std::uint64_t, kInputs>& contexts) {
    const unsigned actual = static_cast<std::uint8_t>(run.target[i] - run.base[i]);
    unsigned node = 1;
    std::array<Counter*, kInputs> lines{};
    for (unsigned bit = 8; bit-- > 0;) {
      if (bit % 4 == 3) {
        for (std::size_t k = 0; k < kInputs; ++k) lines[k] = line(k, contexts[k] << 9 | node);
      }
      // 1 to 15: a one, and the bits of this half so far.
      const unsigned place = bit >= 4 ? node : (node & ((1U << (3 - bit)) - 1)) | 1U << (3 - bit);
      std::array<Counter*, kInputs> counters{};
      for (std::size_t k = 0; k < kInputs; ++k) counters[k] = lines[k] + place;
      node = node << 1 | value_mixer_.code(coder_, actual >> bit & 1, counters, node);
    }
    take(run, i, node);
  }

  void take(const ByteRun& run, std::size_t i, unsigned node) {
    run.target[i] = static_cast<std::uint8_t>(run.base[i] + node);
    if (since_change_ > 3) last_difference_ = node & 0xff;
    since_change_ = 0;
  }

  Coder& coder_;
  bool mixes_;
  std::vector<Counter> flags_;
  std::vector<Counter> values_;
  Mixer<kInputs> flag_mixer_{32};
  Mixer<kInputs> value_mixer_{256};
  std::uint32_t since_change_ = 0;
  unsigned last_difference_ = 0;
};

}  // namespace stella::delta
