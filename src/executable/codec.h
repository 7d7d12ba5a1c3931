// A function diff as bytes, for the pipe from the process that analyses. Both ends are of one build, but the
// sender has seen hostile input, so the receiver trusts nothing.
#pragma once

#include "stella/executable/diff.h"
#include "stella/executable/listing.h"

namespace stella::executable {

[[nodiscard]] Bytes encode(const FunctionDiff& diff);
// Errors: kCorrupt, also for indexes that lead nowhere.
[[nodiscard]] Result<FunctionDiff> decode_diff(ByteView bytes);

[[nodiscard]] Bytes encode(const Listing& listing);
[[nodiscard]] Result<Listing> decode_listing(ByteView bytes);

}  // namespace stella::executable
