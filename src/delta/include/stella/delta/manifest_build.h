// The part of a manifest that follows from a finished delta.bin, the chunk maps and the target.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stella/base/source.h"
#include "stella/chunk/chunk_map.h"
#include "stella/delta/manifest.h"

namespace stella::delta {

struct Composed {
  std::vector<Operation> operations;
  std::vector<chunk::Chunk> changed_chunks;
  Composition composition;
};

// `parts` are disjoint parts of the target, in order; bytes in none of them count for no part. Reads only
// those bytes of the target that are added. Errors: kInternal when a COPY of the delta is not whole chunks of
// the base; those of for_each_segment() and of reading.
[[nodiscard]] Result<Composed> compose(const ByteSource& delta_bin, const chunk::ChunkMap& base_map,
                                       const ByteSource& target, const chunk::ChunkMap& target_map,
                                       std::span<const chunk::Region> parts);

// Order-0 entropy in thousandths of a bit per byte, rounded down; 0 for no bytes. `counts` has 256 elements.
// Integers only, so that it is the same on every machine.
[[nodiscard]] std::uint64_t entropy_millibits(std::span<const std::uint64_t> counts);

}  // namespace stella::delta
