#include "match_sides.h"

#include <algorithm>
#include <bit>

#include "match_costs.h"

namespace stella::delta {
namespace {

constexpr auto kEqualGain = static_cast<std::int64_t>(kLiteralByteCost);
constexpr auto kDifferenceLoss = static_cast<std::int64_t>(kMismatchCost - kLiteralByteCost);

}  // namespace

Alignment clip(const Sides& sides, std::uint32_t begin, std::uint32_t end, std::int32_t shift) {
  const std::int64_t low = std::max<std::int64_t>(begin, -std::int64_t{shift});
  const std::int64_t high = std::min<std::int64_t>(end, static_cast<std::int64_t>(sides.base.size()) - shift);
  if (low >= high) return {begin, begin, shift};
  return {static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(high), shift};
}

std::size_t equal_bytes(const std::uint8_t* a, const std::uint8_t* b, std::size_t limit) {
  std::size_t count = 0;
  while (count + 8 <= limit) {
    const std::uint64_t difference = load_le<std::uint64_t>(a + count) ^ load_le<std::uint64_t>(b + count);
    if (difference != 0) return count + static_cast<std::size_t>(std::countr_zero(difference)) / 8;
    count += 8;
  }
  while (count < limit && a[count] == b[count]) ++count;
  return count;
}

std::uint32_t first_difference(const Sides& sides, const Alignment& alignment, std::uint32_t from) {
  std::uint32_t at = from;
  while (at < alignment.end) {
    const std::size_t in_base = alignment.base_of(at);
    at += static_cast<std::uint32_t>(
        equal_bytes(sides.target.data() + at, sides.base.data() + in_base, alignment.end - at));
    if (at == alignment.end || !sides.operand(alignment.base_of(at), at)) break;
    ++at;
  }
  return at;
}

std::int64_t extend(const Sides& sides, Alignment& seed, std::uint32_t begin_min, std::uint32_t end_max,
                    std::int64_t drop) {
  const Alignment room = clip(sides, begin_min, end_max, seed.shift);
  const std::uint8_t* target = sides.target.data();
  const std::uint8_t* base = sides.base.data();
  std::int64_t gain = 0;
  std::int64_t best = 0;
  std::uint32_t at = seed.begin;
  std::uint32_t end = at;
  while (at < room.end && gain > best - drop) {
    const std::size_t in_base = seed.base_of(at);
    if (const std::size_t equal = equal_bytes(target + at, base + in_base, room.end - at); equal > 0) {
      gain += static_cast<std::int64_t>(equal) * kEqualGain;
      at += static_cast<std::uint32_t>(equal);
      if (gain > best) {
        best = gain;
        end = at;
      }
      continue;
    }
    if (!sides.operand(in_base, at)) gain -= kDifferenceLoss;
    ++at;
  }
  const std::int64_t forward = best;
  gain = best = 0;
  at = seed.begin;
  std::uint32_t begin = at;
  while (at > room.begin && gain > best - drop) {
    const std::size_t in_base = seed.base_of(at);
    if (at - room.begin >= 8 &&
        load_le<std::uint64_t>(target + at - 8) == load_le<std::uint64_t>(base + in_base - 8)) {
      gain += 8 * kEqualGain;
      at -= 8;
    } else {
      --at;
      if (target[at] == base[in_base - 1]) {
        gain += kEqualGain;
      } else if (!sides.operand(in_base - 1, at)) {
        gain -= kDifferenceLoss;
      }
    }
    if (gain > best) {
      best = gain;
      begin = at;
    }
  }
  seed.begin = begin;
  seed.end = end;
  return forward + best;
}

}  // namespace stella::delta
