#include "cutter.h"

#include <algorithm>
#include <cassert>

namespace stella::chunk {
namespace {

// Long segments suit the processor's prefetching: 16 KiB cost 7 %, 4 KiB a third of the speed. 64 bytes less
// than a power of two, because streams so far apart compete for the same cache lines.
constexpr std::size_t kSegmentMaxBytes = 65536 - 64;
// Below this, warming up the lanes costs more than they save.
constexpr std::size_t kSegmentMinBytes = 256;

// Normalised chunking: four times rarer candidates before the average, four times more frequent ones from
// there on.
std::variant<GearHash, RabinHash> make_hash(const Params& params) {
  const std::uint32_t period_strict = params.size_avg_bytes * 4;
  const std::uint32_t period_loose = params.size_avg_bytes / 4;
  if (params.algorithm == Algorithm::kRabin) return RabinHash(period_strict, period_loose);
  return GearHash(period_strict, period_loose);
}

}  // namespace

Kernel best_kernel() {
  static const Kernel kernel = has_avx512() ? Kernel::kAvx512 : Kernel::kScalar;
  return kernel;
}

Cutter::Cutter(const Params& params, Kernel kernel)
    : params_(params), kernel_(kernel), hash_(make_hash(params)) {
  assert(validate(params).has_value());
}

void Cutter::feed(ByteView block, std::vector<std::uint32_t>& sizes) {
  if (auto* rabin = std::get_if<RabinHash>(&hash_)) return scan(*rabin, block, sizes);
  auto& gear = std::get<GearHash>(hash_);
  // The hash may be stale here, after a skip or from another region. It is true again after 32 bytes, and
  // until then no chunk has its minimum.
  while (kernel_ == Kernel::kAvx512 && block.size() >= LaneCandidates::kLanes * kSegmentMinBytes) {
    const std::size_t share = std::min(block.size() / LaneCandidates::kLanes, kSegmentMaxBytes);
    const std::size_t segment_bytes = share & ~std::size_t{63};
    scan_lanes(gear, block.data(), segment_bytes, sizes);
    block = block.subspan(LaneCandidates::kLanes * segment_bytes);
  }
  scan(gear, block, sizes);
}

void Cutter::finish(std::vector<std::uint32_t>& sizes) {
  if (length_ > 0) sizes.push_back(length_);
  length_ = 0;
}

// The hash at a chunk's first possible end covers the window before it, so that nothing has to be hashed
// before.
template <typename Hash>
void Cutter::scan(Hash& hash, ByteView block, std::vector<std::uint32_t>& sizes) {
  static_assert(Hash::kWindowBytes < kChunkSizeMinBytes);
  const std::uint32_t warm_up = params_.size_min_bytes - Hash::kWindowBytes;
  const std::uint8_t* at = block.data();
  std::size_t left = block.size();
  while (left > 0) {
    // How far the chunk goes on in the same manner.
    const std::uint32_t until = length_ < warm_up                      ? warm_up
                                : length_ + 1 < params_.size_min_bytes ? params_.size_min_bytes - 1
                                : length_ + 1 < params_.size_avg_bytes ? params_.size_avg_bytes - 1
                                                                       : params_.size_max_bytes;
    std::size_t count = std::min<std::size_t>(until - length_, left);
    bool cut = false;
    if (length_ < warm_up) {
      // Skipped. Whatever the hash holds is gone after one window.
    } else if (length_ + 1 < params_.size_min_bytes) {
      hash.roll(at, count);
    } else {
      const Hit hit = hash.find(at, count, /*strict=*/length_ + 1 < params_.size_avg_bytes);
      count = hit.consumed;
      cut = hit.found;
    }
    at += count;
    left -= count;
    length_ += static_cast<std::uint32_t>(count);
    if (cut || length_ == params_.size_max_bytes) finish(sizes);
  }
}

void Cutter::scan_lanes(GearHash& hash, const std::uint8_t* bytes, std::size_t segment_bytes,
                        std::vector<std::uint32_t>& sizes) {
  gear_candidates_avx512(bytes, segment_bytes, hash, candidates_);
  // Positions are counted from the beginning of the current chunk's part in front of the segments.
  const std::size_t base = length_;
  std::size_t start = 0;
  const auto cut_to_maximum = [&](std::size_t end) {
    for (; end - start >= params_.size_max_bytes; start += params_.size_max_bytes) {
      sizes.push_back(params_.size_max_bytes);
    }
  };
  for (std::size_t lane = 0; lane < LaneCandidates::kLanes; ++lane) {
    for (const std::uint32_t mark : candidates_.ends[lane]) {
      const std::size_t end = base + lane * segment_bytes + (mark & ~LaneCandidates::kStrict);
      cut_to_maximum(end);
      const std::size_t length = end - start;
      const bool strict = (mark & LaneCandidates::kStrict) != 0;
      if (length < params_.size_min_bytes || (length < params_.size_avg_bytes && !strict)) continue;
      sizes.push_back(static_cast<std::uint32_t>(length));
      start = end;
    }
  }
  const std::size_t end = base + LaneCandidates::kLanes * segment_bytes;
  cut_to_maximum(end);
  length_ = static_cast<std::uint32_t>(end - start);
}

}  // namespace stella::chunk
