// Turns a base into the target that a delta.bin was made for.
#pragma once

#include <cstdint>

#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/base/file.h"
#include "stella/base/progress.h"
#include "stella/base/source.h"
#include "stella/delta/format.h"

namespace stella::delta {

struct ApplyOptions {
  unsigned threads = 2;  // with more than one, digests are computed beside the work
  std::uint64_t add_max_bytes = kAddMaxBytesDefault;  // literals and corrected matches together
  std::uint64_t target_max_bytes = kTargetMaxBytesDefault;
};

struct Applied {
  Digest base_sha256;
  Digest target_sha256;
  std::uint64_t target_size_bytes = 0;
};

// Writes the target to `target`, in order, in bounded memory. Success means that the digests of the base and
// of all that was written are those that the delta names; until then the sink's owner must not show the bytes
// to anybody. Errors: kUntrusted when `base` is not the base of this delta (nothing was written if already
// its size differs); kUnsupported for a version, section or coding that this build does not know;
// kLimitExceeded; kCorrupt for a delta that is damaged or cut off; those of reading and writing.
[[nodiscard]] Result<Applied> apply(const ByteSource& base, const ByteSource& delta_bin, ByteSink& target,
                                    const ApplyOptions& options, const Progress& progress);

}  // namespace stella::delta
