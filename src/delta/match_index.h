// Where in the base the same shape occurs: an index of hashes of short windows in which operands count as
// zeros.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "match_operands.h"

namespace stella::delta {

// The length of an indexed window. A multiple of 8.
enum class SeedBytes : std::uint8_t { k8 = 8, k16 = 16, k24 = 24, k32 = 32 };

// The hash of the window at `shape`; 0 for windows that repeat themselves every 8 bytes (fill, runs of
// zeros), which occur everywhere and say nothing.
[[nodiscard]] std::uint64_t seed_hash(const std::uint8_t* shape, SeedBytes length);

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
