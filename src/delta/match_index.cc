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

Places Places::nearest(std::int64_t offset, std::size_t count) const {
  const auto above = std::lower_bound(entries_.begin(), entries_.end(), offset,
                                      [this](std::uint32_t entry, std::int64_t to) {
                                        return std::int64_t{entry & mask_} * step_bytes_ < to;
                                      });
  std::size_t last = static_cast<std::size_t>(above - entries_.begin());
  std::size_t first = last;
  while (last - first < count) {
    const bool down = last == size() || (first > 0 && offset - this->offset(first - 1) <=
                                                          std::int64_t{this->offset(last)} - offset);
    if (down) {
      --first;
    } else {
      ++last;
    }
  }
  return {entries_.subspan(first, count), mask_, step_bytes_};
}

Places SeedIndex::find(std::uint64_t hash) const {
  if (hash == 0) return {{}, number_mask_, step_bytes_};
  const std::uint64_t bucket = hash >> bucket_shift_;
  const auto begin = entries_.begin() + begins_[bucket];
  const auto end = entries_.begin() + begins_[bucket + 1];
  const std::uint32_t tag = tag_of(hash);
  constexpr std::ptrdiff_t kFew = 8;
  auto first = begin;
  auto last = begin;
  if (end - begin <= kFew) {
    while (first != end && *first < tag) ++first;
    for (last = first; last != end && (*last & ~number_mask_) == tag;) ++last;
  } else {
    first = std::lower_bound(begin, end, tag);
    last = std::upper_bound(first, end, tag | number_mask_);
  }
  return {{first, last}, number_mask_, step_bytes_};
}

Result<SeedIndex> SeedIndex::build(ByteView base, const Operands& operands, SeedBytes length,
                                   std::uint32_t step_bytes, unsigned threads) {
  SeedIndex index;
  index.step_bytes_ = step_bytes;
  const std::size_t windows = base.size() / step_bytes + 1;
  index.number_bits_ = static_cast<unsigned>(std::bit_width(windows));
  index.number_mask_ = (std::uint32_t{1} << index.number_bits_) - 1;
  const unsigned bucket_bits = std::clamp(index.number_bits_ - 1, 4U, 28U);
  index.bucket_shift_ = 64 - bucket_bits;
  index.begins_.resize((std::size_t{1} << bucket_bits) + 1);
  const std::size_t blocks = (base.size() + kBlockBytes - 1) / kBlockBytes;
  const auto scan = [&](const auto& take) {
    return parallel_for(blocks, threads, [&](std::size_t block) -> Status {
      for_each_window(base, operands, length, step_bytes, block * kBlockBytes, (block + 1) * kBlockBytes,
                      take);
      return {};
    });
  };
  STELLA_CHECK(scan([&](std::uint32_t, std::uint64_t hash) {
    std::atomic_ref(index.begins_[hash >> index.bucket_shift_]).fetch_add(1, std::memory_order_relaxed);
  }));
  std::uint32_t total = 0;
  for (std::uint32_t& begin : index.begins_)
    begin = total += begin;  // each bucket's end, from which it is filled
  index.entries_.resize(total);
  STELLA_CHECK(scan([&](std::uint32_t offset, std::uint64_t hash) {
    std::uint32_t& end = index.begins_[hash >> index.bucket_shift_];
    index.entries_[std::atomic_ref(end).fetch_sub(1, std::memory_order_relaxed) - 1] =
        index.tag_of(hash) | offset / step_bytes;
  }));
  // Threads filled the buckets in any order.
  const std::size_t buckets = index.begins_.size() - 1;
  constexpr std::size_t kSortParts = 64;
  STELLA_CHECK(parallel_for(kSortParts, threads, [&](std::size_t part) -> Status {
    for (std::size_t i = buckets * part / kSortParts; i < buckets * (part + 1) / kSortParts; ++i) {
      if (index.begins_[i + 1] - index.begins_[i] > 1) {
        std::sort(index.entries_.begin() + index.begins_[i], index.entries_.begin() + index.begins_[i + 1]);
      }
    }
    return {};
  }));
  return index;
}

}  // namespace stella::delta
