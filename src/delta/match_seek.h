// Finds where stretches of the target may come from: seeds of equal shape, grown in both directions.
#pragma once

#include <cstdint>
#include <vector>

#include "match_index.h"
#include "match_sides.h"

namespace stella::delta {

// How hard to look.
struct Effort {
  SeedBytes seed;
  std::uint32_t base_step_bytes;
  std::uint32_t target_step_bytes;  // prime to the base's, or some shifts would never meet
  std::uint32_t candidates_max;     // places of the base that are tried for one place of the target
  std::uint32_t grown_max;          // those of them that are grown
  std::int64_t drop;                // loss across which an alignment is grown, in the unit of match_costs.h
  std::uint32_t compared_max;       // bytes compared per byte of the target
  std::uint32_t active_max;         // alignments that the path follows at one time
  std::uint32_t gap_rounds;         // looks at what is left literal
};

// Alignments for the target's [begin, end), any number for any byte, in no useful order. They may reach out
// of the stretch within [begin_min, end_max).
[[nodiscard]] std::vector<Alignment> seek(const Sides& sides, const SeedIndex& index, const Effort& effort,
                                          std::uint32_t begin, std::uint32_t end, std::uint32_t begin_min,
                                          std::uint32_t end_max);

// Sorts by begin and shift; overlapping or near alignments with one shift become one.
void tidy(std::vector<Alignment>& alignments);

}  // namespace stella::delta
