// Approximate matches of stretches of a target against a whole base.
#pragma once

#include <span>
#include <vector>

#include "images.h"
#include "match_path.h"
#include "stella/base/error.h"
#include "stella/base/progress.h"
#include "stella/delta/plan.h"

namespace stella::delta {

// What is to be matched: the stretches of the target, in order and apart, and the copies of whole chunks
// between them. The bytes are overwritten.
struct MatchInput {
  MutableByteView base;
  MutableByteView target;
  std::span<const Stretch> stretches;
  std::span<const Step> copies;
  std::span<const FoundImage> base_images;
  std::span<const FoundImage> target_images;
};

// The steps through all stretches, in order. The result does not depend on `threads`. Errors: those of
// parallel_for.
[[nodiscard]] Result<std::vector<Step>> match_stretches(const MatchInput& input, Level level,
                                                        unsigned threads, const Progress& progress);

}  // namespace stella::delta
