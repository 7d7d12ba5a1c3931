// The two sides of a match, and stretches of the target laid beside the base.
#pragma once

#include <compare>
#include <cstdint>

#include "match_operands.h"
#include "stella/base/bytes.h"

namespace stella::delta {

// Both at most kInMemoryMaxBytes long, so that 32 bits hold an offset. All are borrowed.
struct Sides {
  ByteView base;
  ByteView target;
  const Operands& base_operands;
  const Operands& target_operands;

  // Whether an address stands at the same place on both sides: then a difference is probably predictable.
  [[nodiscard]] bool operand(std::size_t base_offset, std::size_t target_offset) const {
    return base_operands.at(base_offset) && target_operands.at(target_offset);
  }
};

// The bytes [begin, end) of the target beside those of the base that lie `shift` further on.
struct Alignment {
  std::uint32_t begin;
  std::uint32_t end;
  std::int32_t shift;

  auto operator<=>(const Alignment&) const = default;
  [[nodiscard]] std::size_t base_of(std::size_t target_offset) const {
    return static_cast<std::size_t>(static_cast<std::int64_t>(target_offset) + shift);
  }
};

// The part of the target [begin, end) that has a counterpart in the base under `shift`; empty (begin == end)
// if none.
[[nodiscard]] Alignment clip(const Sides& sides, std::uint32_t begin, std::uint32_t end, std::int32_t shift);

// The number of equal bytes at the two places, at most `limit`, which must lie within both sides.
[[nodiscard]] std::size_t equal_bytes(const std::uint8_t* a, const std::uint8_t* b, std::size_t limit);

// The first offset in [from, alignment.end) where the sides differ in other than operands; alignment.end if
// none.
[[nodiscard]] std::uint32_t first_difference(const Sides& sides, const Alignment& alignment,
                                             std::uint32_t from);

// Grows `seed` within [begin_min, end_max) as long as it gains, looking across at most `drop` of loss (in the
// unit of match_costs.h). Returns the gain over literals in that unit.
[[nodiscard]] std::int64_t extend(const Sides& sides, Alignment& seed, std::uint32_t begin_min,
                                  std::uint32_t end_max, std::int64_t drop);

}  // namespace stella::delta
