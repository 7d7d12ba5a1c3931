// The cheapest way through a stretch of the target: which alignment to follow where, and what to leave
// literal.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "match_sides.h"
#include "stella/delta/plan.h"

namespace stella::delta {

// A stretch between whole-chunk copies, whose shifts cost nothing to go on with.
struct Stretch {
  std::uint32_t begin;
  std::uint32_t end;
  std::optional<std::int32_t> shift_before;
  std::optional<std::int32_t> shift_after;
};

// One step of the way; no shift means literal bytes.
struct Step {
  std::uint32_t begin;
  std::uint32_t end;
  std::optional<std::int32_t> shift;

  auto operator<=>(const Step&) const = default;
};

// The segment that a step of a path stands for.
[[nodiscard]] inline Segment segment_of(const Step& step) {
  const std::uint64_t length = step.end - step.begin;
  if (!step.shift) return {SegmentKind::kLiteral, length, 0};
  return {SegmentKind::kMatch, length, static_cast<std::uint64_t>(std::int64_t{step.begin} + *step.shift)};
}

// Dynamic programming over `alignments` (as tidy() leaves them; parts outside of the stretch are ignored)
// under the prices of match_costs.h. The steps cover the stretch in order; neighbours have different shifts.
[[nodiscard]] std::vector<Step> cheapest_path(const Sides& sides, std::span<const Alignment> alignments,
                                              const Stretch& stretch, std::size_t active_max);

}  // namespace stella::delta
