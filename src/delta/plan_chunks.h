// Which chunks of the target the base has, and where.
#pragma once

#include <optional>
#include <vector>

#include "stella/base/error.h"
#include "stella/chunk/chunk_map.h"

namespace stella::delta {

// A run of bytes of the target: whole chunks that stand one after the other in the base too, or what lies
// between.
struct ChunkRun {
  std::uint64_t target_offset_bytes;
  std::uint64_t size_bytes;
  std::optional<std::uint64_t> base_offset_bytes;  // none: the base has no such chunks
};

// Covers the target, in order; runs are cut, between chunks, before they exceed `run_max_bytes`. Among
// several equal chunks of the base, the one that goes on from the copy before is taken, else the one nearest
// to where that copy's alignment leads. Errors: kInvalidArgument when one id stands for two sizes.
[[nodiscard]] Result<std::vector<ChunkRun>> chunk_runs(const chunk::ChunkMap& base,
                                                       const chunk::ChunkMap& target,
                                                       std::uint64_t run_max_bytes);

}  // namespace stella::delta
