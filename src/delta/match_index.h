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
  return hash | std::uint64_t{1} << 32;  // above all tags, below all buckets
}

// Places of the base, ascending: the low bits of an entry are the place's number, the high ones the same for
// all.
class Places {
 public:
  Places(std::span<const std::uint32_t> entries, std::uint32_t mask, std::uint32_t step_bytes)
      : entries_(entries), mask_(mask), step_bytes_(step_bytes) {}

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::uint32_t offset(std::size_t i) const { return (entries_[i] & mask_) * step_bytes_; }
  // Those `count` of more than `count` places that are nearest to `offset`.
  [[nodiscard]] Places nearest(std::int64_t offset, std::size_t count) const;

 private:
  std::span<const std::uint32_t> entries_;
  std::uint32_t mask_;
  std::uint32_t step_bytes_;
};

class SeedIndex {
 public:
  // Indexes the windows of `base` at multiples of `step_bytes`. `base` is at most kInMemoryMaxBytes long.
  // Errors: those of parallel_for.
  [[nodiscard]] static Result<SeedIndex> build(ByteView base, const Operands& operands, SeedBytes length,
                                               std::uint32_t step_bytes, unsigned threads);

  // Windows with this hash, and now and then one of another. Valid as long as the index.
  [[nodiscard]] Places find(std::uint64_t hash) const;

  // Two steps that make a find() soon after cheap.
  void prefetch_bucket(std::uint64_t hash) const {
    __builtin_prefetch(begins_.data() + (hash >> bucket_shift_));
  }
  void prefetch_entries(std::uint64_t hash) const {
    __builtin_prefetch(entries_.data() + begins_[hash >> bucket_shift_]);
  }

 private:
  [[nodiscard]] std::uint32_t tag_of(std::uint64_t hash) const {
    return static_cast<std::uint32_t>(hash) << number_bits_ & ~number_mask_;
  }

  std::uint32_t step_bytes_ = 1;
  unsigned bucket_shift_ = 63;
  unsigned number_bits_ = 1;
  std::uint32_t number_mask_ = 1;
  std::vector<std::uint32_t> begins_;  // of each bucket, in entries_; one more than buckets
  std::vector<std::uint32_t>
      entries_;  // by bucket, ascending: a tag of the hash, then the number of the window
};

}  // namespace stella::delta
