// The segment table of a window, coded with the alignment that is to be expected.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "range_coder.h"
#include "stella/base/error.h"
#include "stella/delta/plan.h"

namespace stella::delta {

[[nodiscard]] Bytes encode_segments(std::span<const Segment> segments, std::uint64_t target_offset_bytes);

// The segments cover target_size_bytes exactly, and copies and matches lie within the base.
// Errors: kCorrupt, kLimitExceeded.
[[nodiscard]] Result<std::vector<Segment>> decode_segments(StreamReader& input, std::uint64_t count,
                                                           std::uint64_t target_offset_bytes,
                                                           std::uint64_t target_size_bytes,
                                                           std::uint64_t base_size_bytes);

}  // namespace stella::delta
