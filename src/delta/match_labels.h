// Both sides with addresses made comparable: in the base, what an address operand should become according to
// a first plan; in the target, what its operands say. Code and tables that only moved are then equal byte for
// byte, and a second search over these bytes finds even those alignments that no literal byte shows, such as
// those of relocation tables.
#pragma once

#include <span>

#include "images.h"
#include "stella/base/bytes.h"
#include "stella/base/error.h"
#include "stella/delta/plan.h"

namespace stella::delta {

// Overwrites the operands in `base` and `target` (whole artifacts) by addresses of the target. `segments` are
// the first plan, of one window. Errors: those of parallel_for.
[[nodiscard]] Status write_labels(MutableByteView base, MutableByteView target,
                                  std::span<const FoundImage> base_images,
                                  std::span<const FoundImage> target_images,
                                  std::span<const Segment> segments, unsigned threads);

}  // namespace stella::delta
