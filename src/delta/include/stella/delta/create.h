// Makes one delta.bin: one direction, base to target.
#pragma once

#include <cstdint>

#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/base/file.h"
#include "stella/base/progress.h"
#include "stella/base/source.h"
#include "stella/chunk/chunk_map.h"
#include "stella/delta/format.h"

namespace stella::delta {

struct CreateOptions {
  Level level = Level::kDefault;
  unsigned threads = 1;  // never changes a byte of the output
  std::uint64_t add_max_bytes = kAddMaxBytesDefault;
};

struct Created {
  Digest base_sha256;
  Digest target_sha256;
  Digest operations_sha256;
  Digest delta_sha256;  // of the whole delta.bin
  std::uint64_t delta_size_bytes = 0;
  std::uint64_t copy_bytes = 0;  // target bytes in whole chunks of the base
  std::uint64_t add_bytes = 0;   // all other target bytes, unpacked
  std::uint64_t copy_count = 0;  // operations, runs of chunks counted once
  std::uint64_t add_count = 0;
};

// Writes the delta that turns `base` into `target` and, before it returns, applies it to `base` and compares
// digests. `base_map` and `target_map` are the chunk maps of these very sources, cut with the same
// parameters. For the way back, call it again with both sides swapped.
// The sink gets the bytes in order; whoever owns it makes them visible only after success. The delta is kept
// in memory until the check is done.
// Errors: kInvalidArgument when the maps do not fit the sources or each other; kLimitExceeded when more than
// add_max_bytes are not whole chunks of the base, or the target is larger than kTargetMaxBytesDefault;
// kInternal when the self-check fails; those of reading and writing.
[[nodiscard]] Result<Created> create(const ByteSource& base, const chunk::ChunkMap& base_map,
                                     const ByteSource& target, const chunk::ChunkMap& target_map,
                                     const CreateOptions& options, ByteSink& delta_bin,
                                     const Progress& progress);

}  // namespace stella::delta
