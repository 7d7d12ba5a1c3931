// The gear hash: h ← 2h + G[byte] modulo 2^32, so that a byte is shifted out after 32 steps and the hash is a
// function of the last 32 bytes alone. A position is a candidate for a cut when the hash of the 32 bytes
// before it is small. G[b] = low[b & 15] + high[b >> 4]: two tables of 16 fit into one vector register each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "hit.h"

namespace stella::chunk {

// SHA-256("stella gear 1 0"), …, SHA-256("stella gear 1 3") as 32 little-endian integers. The label "stella
// gear 0" was passed over: a run of one byte value would have been a candidate everywhere.
inline constexpr std::array<std::uint32_t, 16> kGearLow = {
    0x87d4e7b6, 0x5ca90e51, 0xfde47bdc, 0x787e8f38, 0x5e5fb01b, 0x7481964d, 0x24aff829, 0x5020c4c0,
    0xd58b2c69, 0x82c9a55e, 0x57a3f47c, 0x93ab91aa, 0x415a17f9, 0x074813cb, 0xd76370a0, 0xddf89700};
inline constexpr std::array<std::uint32_t, 16> kGearHigh = {
    0x1e21e7e8, 0xc9ea988c, 0x06f6b7e3, 0x49b3631f, 0x9fcc8db6, 0x491f8043, 0xf75cd8a9, 0x5285a07e,
    0x3e557586, 0x04f0f564, 0xbcd3ee07, 0xf022b1a2, 0x825a85bd, 0xa5ff7dee, 0x1859ffd9, 0xbabbc042};

inline constexpr std::array<std::uint32_t, 256> kGearTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = kGearLow[i & 15] + kGearHigh[i >> 4];
  return table;
}();

// A rolling hash as cutter.cc wants it; RabinHash is the other one.
class GearHash {
 public:
  static constexpr std::uint32_t kWindowBytes = 32;
  // One position in so many is a candidate; powers of two from 2 on.
  GearHash(std::uint32_t period_strict, std::uint32_t period_loose)
      : below_strict_(static_cast<std::uint32_t>((std::uint64_t{1} << 32) / period_strict)),
        below_loose_(static_cast<std::uint32_t>((std::uint64_t{1} << 32) / period_loose)) {}

  void roll(const std::uint8_t* bytes, std::size_t count);
  [[nodiscard]] Hit find(const std::uint8_t* bytes, std::size_t count, bool strict);

  [[nodiscard]] std::uint32_t below_strict() const { return below_strict_; }
  [[nodiscard]] std::uint32_t below_loose() const { return below_loose_; }
  [[nodiscard]] std::uint32_t value() const { return value_; }
  void set_value(std::uint32_t value) { value_ = value; }

 private:
  std::uint32_t below_strict_;
  std::uint32_t below_loose_;
  std::uint32_t value_ = 0;
};

// The candidates of 16 adjoining segments, found side by side, one a vector lane.
struct LaneCandidates {
  static constexpr std::size_t kLanes = 16;
  static constexpr std::uint32_t kStrict = std::uint32_t{1} << 31;
  // Ends of candidates, counted from the segment's beginning, in order; kStrict marks those that are strict
  // ones, too.
  std::array<std::vector<std::uint32_t>, kLanes> ends;
};

// Whether this processor can run gear_candidates_avx512().
[[nodiscard]] bool has_avx512();

// Finds all candidates in 16 segments of `segment_bytes` (a multiple of 64, from 64 to 2^30) that lie one
// after the other from `bytes` on, and leaves `hash` as if it had rolled over all of them.
void gear_candidates_avx512(const std::uint8_t* bytes, std::size_t segment_bytes, GearHash& hash,
                            LaneCandidates& candidates);

}  // namespace stella::chunk
