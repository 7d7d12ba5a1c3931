#include "match_index.h"

#include <algorithm>
#include <atomic>
#include <bit>

#include "stella/base/parallel.h"

namespace stella::delta {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

// Calls take(offset, hash) for each indexed window that begins in [begin, end).
template <typename Take>
void for_each_window(ByteView base, const Operands& operands, SeedBytes length, std::uint32_t step_bytes,
                     std::size_t begin, std::size_t end, const Take& take) {
  const auto window = static_cast<std::size_t>(length);
  if (base.size() < window) return;
  end = std::min(end, base.size() - window + 1);
  if (begin >= end) return;
  Bytes shape(end - begin + window - 1);
  operands.copy_shape(base, begin, shape);
  const std::size_t first = (begin + step_bytes - 1) / step_bytes * step_bytes;
  for (std::size_t offset = first; offset < end; offset += step_bytes) {
    const std::uint64_t hash = seed_hash(shape.data() + (offset - begin), length);
    if (hash != 0) take(static_cast<std::uint32_t>(offset), hash);
  }
}

}  // namespace

Result<SeedIndex> SeedIndex::build(ByteView base, const Operands& operands, SeedBytes length,
                                   std::uint32_t step_bytes, unsigned threads) {
  SeedIndex index;
  const std::size_t windows = base.size() / step_bytes + 1;
  const auto bits = std::clamp(static_cast<unsigned>(std::bit_width(windows)), 4U, 28U);
  index.shift_ = 64 - bits;
  index.begins_.resize((std::size_t{1} << bits) + 1);
  const std::size_t blocks = (base.size() + kBlockBytes - 1) / kBlockBytes;
  const auto scan = [&](const auto& take) {
    return parallel_for(blocks, threads, [&](std::size_t block) -> Status {
      for_each_window(base, operands, length, step_bytes, block * kBlockBytes, (block + 1) * kBlockBytes,
                      take);
      return {};
    });
  };
  STELLA_CHECK(scan([&](std::uint32_t, std::uint64_t hash) {
    std::atomic_ref(index.begins_[hash >> index.shift_]).fetch_add(1, std::memory_order_relaxed);
  }));
  std::uint32_t total = 0;
  for (std::uint32_t& begin : index.begins_)
    begin = total += begin;  // each bucket's end, from which it is filled
  index.offsets_.resize(total);
  STELLA_CHECK(scan([&](std::uint32_t offset, std::uint64_t hash) {
    std::uint32_t& end = index.begins_[hash >> index.shift_];
    index.offsets_[std::atomic_ref(end).fetch_sub(1, std::memory_order_relaxed) - 1] = offset;
  }));
  // Threads filled the buckets in any order.
  const std::size_t buckets = index.begins_.size() - 1;
  STELLA_CHECK(parallel_for(64, threads, [&](std::size_t part) -> Status {
    for (std::size_t bucket = buckets * part / 64; bucket < buckets * (part + 1) / 64; ++bucket) {
      if (index.begins_[bucket + 1] - index.begins_[bucket] > 1) {
        std::sort(index.offsets_.begin() + index.begins_[bucket],
                  index.offsets_.begin() + index.begins_[bucket + 1]);
      }
    }
    return {};
  }));
  return index;
}

}  // namespace stella::delta
