// Where in the base the same shape occurs: an index of hashes of short windows in which operands count as
// zeros.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "match_operands.h"

namespace stella::delta {

// The length of an indexed window. A multiple of 8.
enum class SeedBytes : std::uint8_t { k8 = 8, k16 = 16, k24 = 24, k32 = 32 };

// The hash of the window at `shape`; 0 for windows that repeat themselves every 8 bytes (fill, runs of
// zeros), which occur everywhere and say nothing.
[[nodiscard]] inline std::uint64_t seed_hash(const std::uint8_t* shape, SeedBytes length) {
  // Fractional parts of square roots of primes.
  constexpr std::uint64_t kMultipliers[] = {0x6A09E667F3BCC909, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B,
                                            0xA54FF53A5F1D36F1};
  const auto first = load_le<std::uint64_t>(shape);
  std::uint64_t hash = first * kMultipliers[0];
  bool repeats = length != SeedBytes::k8 || std::rotl(first, 8) == first;
  for (std::size_t i = 8; i < static_cast<std::size_t>(length); i += 8) {
    const auto word = load_le<std::uint64_t>(shape + i);
    repeats = repeats && word == first;
    hash = (std::rotl(hash, 29) ^ word) * kMultipliers[i / 8];
  }
  if (repeats) return 0;
  hash ^= hash >> 32;
  hash *= kMultipliers[1];
  return hash | 1;
}

class SeedIndex {
 public:
  // Indexes the windows of `base` at multiples of `step_bytes`. `base` is at most kInMemoryMaxBytes long.
  // Errors: those of parallel_for.
  [[nodiscard]] static Result<SeedIndex> build(ByteView base, const Operands& operands, SeedBytes length,
                                               std::uint32_t step_bytes, unsigned threads);

  // Offsets of windows with this hash and a few of other hashes, ascending. Valid as long as the index.
  [[nodiscard]] std::span<const std::uint32_t> find(std::uint64_t hash) const {
    if (hash == 0) return {};
    const std::uint64_t bucket = hash >> shift_;
    return {offsets_.data() + begins_[bucket], begins_[bucket + 1] - begins_[bucket]};
  }
  void prefetch(std::uint64_t hash) const { __builtin_prefetch(begins_.data() + (hash >> shift_)); }

 private:
  unsigned shift_ = 63;
  std::vector<std::uint32_t> begins_;   // of each bucket, in offsets_; one more than buckets
  std::vector<std::uint32_t> offsets_;  // by bucket, ascending
};

}  // namespace stella::delta
