// Approximate matches of stretches of a target against a whole base.
#pragma once

#include <span>
#include <vector>

#include "match_path.h"
#include "stella/base/error.h"
#include "stella/base/progress.h"
#include "stella/delta/plan.h"

namespace stella::delta {

// The steps through each of `stretches`, which are in order and apart, in order. The result does not depend
// on `threads`. Errors: those of parallel_for.
[[nodiscard]] Result<std::vector<Step>> match_stretches(ByteView base, ByteView target,
                                                        std::span<const Stretch> stretches, Level level,
                                                        unsigned threads, const Progress& progress);

}  // namespace stella::delta
