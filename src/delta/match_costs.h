// What the packed delta pays for each kind of byte, in sixteenths of a bit, as measured on real programs. The
// matcher chooses the cheapest plan under these prices; they need to be right only on average.
#pragma once

#include <cstdint>

namespace stella::delta {

using Cost = std::uint64_t;  // 512 MiB of literals at 8 bits are 2^36

inline constexpr Cost kBit = 16;
inline constexpr Cost kLiteralByteCost = 9 * kBit / 2;
inline constexpr Cost kMismatchCost = 10 * kBit;    // a byte that differs after one that does not
inline constexpr Cost kMismatchRunCost = 6 * kBit;  // each further one
inline constexpr Cost kOperandByteCost =
    3 * kBit / 2;                                  // a byte of a changed address, most of which are predicted
inline constexpr Cost kAlignmentCost = 28 * kBit;  // a segment in an alignment of its own
inline constexpr Cost kReturnCost = 10 * kBit;     // a segment in the alignment before the last literal
inline constexpr Cost kLiteralStartCost = 8 * kBit;  // a literal's entry in the segment table

}  // namespace stella::delta
