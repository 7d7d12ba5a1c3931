// A second look at what no alignment covers, near where its neighbours say it should be.
#pragma once

#include <span>
#include <vector>

#include "match_path.h"

namespace stella::delta {

// More alignments for the literals of `path`: those of their neighbours carried on, and short exact matches
// in that part of the base that lies between the neighbours.
[[nodiscard]] std::vector<Alignment> seek_gaps(const Sides& sides, const Stretch& stretch,
                                               std::span<const Step> path, std::int64_t drop);

}  // namespace stella::delta
