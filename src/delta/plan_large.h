// Plans for files that do not fit into memory: window by window, each against the parts of the base near its
// copies.
#pragma once

#include <functional>
#include <span>

#include "match_path.h"
#include "plan_chunks.h"
#include "stella/base/progress.h"
#include "stella/base/source.h"
#include "stella/delta/plan.h"

namespace stella::delta {

// Runs longer than this are to be cut, so that a window is never much larger than it should be.
inline constexpr std::uint64_t kLargeRunMaxBytes = std::uint64_t{8} << 20;

// As plan_windows, for any size, in memory that does not grow with it (besides `runs`).
[[nodiscard]] Status plan_large(const ByteSource& base, const ByteSource& target,
                                std::span<const ChunkRun> runs, Level level, unsigned threads,
                                const Progress& progress, const std::function<Status(const Window&)>& take);

}  // namespace stella::delta
