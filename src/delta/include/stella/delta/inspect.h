// What is inside a delta.bin, told without base and target.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "stella/base/error.h"
#include "stella/base/source.h"
#include "stella/delta/format.h"

namespace stella::delta {

// Target bytes made in one way, and how many segments they came in.
struct SegmentTotal {
  std::uint64_t count = 0;
  std::uint64_t target_bytes = 0;
};

// Where the bytes of the file are: these add up to size_bytes.
struct PackedSizes {
  std::uint64_t framing_bytes = 0;      // header, digests, section and stream heads, parameters
  std::uint64_t address_map_bytes = 0;  // load segments and tables of executables
  std::uint64_t segment_bytes = 0;      // which part of the target comes from where
  std::uint64_t correction_bytes = 0;   // what differs inside approximate matches
  std::uint64_t literal_bytes = 0;      // bytes that the base does not have, packed
};

struct Anatomy {
  Header header;
  Digest delta_sha256{};  // of the whole file
  std::uint64_t size_bytes = 0;
  std::uint64_t window_count = 0;
  PackedSizes packed{};
  SegmentTotal copy{};
  SegmentTotal match{};
  SegmentTotal literal{};
};

// Only the header and the parameters; reads a few hundred bytes and checks no digest.
// Errors: kUnsupported, kLimitExceeded, kCorrupt as apply().
[[nodiscard]] Result<Header> read_header(const ByteSource& delta_bin);

// Checks the digest of the delta itself and takes it apart. Errors: as apply().
[[nodiscard]] Result<Anatomy> inspect(const ByteSource& delta_bin);

// Calls `take` with each segment and its offset in the target, in order. Errors: as apply(); those of `take`.
[[nodiscard]] Status for_each_segment(
    const ByteSource& delta_bin,
    const std::function<Status(std::uint64_t target_offset_bytes, const Segment&)>& take);

}  // namespace stella::delta
