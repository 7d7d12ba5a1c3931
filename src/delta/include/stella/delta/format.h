// What the head of a delta.bin says, and the limits that every reader keeps.
// Source: docs/format/delta.md, which is enough to write another reader.
#pragma once

#include <cstdint>
#include <string>

#include "stella/base/digest.h"
#include "stella/chunk/params.h"
#include "stella/delta/plan.h"

namespace stella::delta {

inline constexpr std::uint16_t kVersionMajor = 1;

// Limits on what a delta.bin may ask of its reader.
inline constexpr std::uint64_t kAddMaxBytesDefault = std::uint64_t{16} << 30;
inline constexpr std::uint64_t kFileSizeMaxBytes = std::uint64_t{1} << 62;
inline constexpr std::uint64_t kWindowSizeMaxBytes = std::uint64_t{1} << 30;
inline constexpr std::uint64_t kSegmentsMax = std::uint64_t{1} << 23;  // in one window
inline constexpr std::uint64_t kParametersMaxBytes = 4096;
inline constexpr std::uint64_t kAddressMapMaxBytes = std::uint64_t{4} << 20;

struct Header {
  std::uint16_t version_major = kVersionMajor;
  std::uint64_t base_size_bytes = 0;
  std::uint64_t target_size_bytes = 0;
  Digest base_sha256;
  Digest target_sha256;
  // Over the COPY and ADD operations, unpacked; equal for every build that finds the same operations.
  Digest operations_sha256;
  Level level = Level::kDefault;
  chunk::Params chunk_params;
  std::string tool;  // who wrote it: program and packing libraries with their versions, in ASCII

  friend bool operator==(const Header&, const Header&) = default;
};

[[nodiscard]] std::string_view to_string(Level level);  // "fast", "default", "best"
// Errors: kInvalidArgument, naming the levels that there are.
[[nodiscard]] Result<Level> parse_level(std::string_view name);

// The tool name that this build writes into deltas, such as "stella 0.1.0 liblzma 5.4.1 libzstd 1.5.4".
[[nodiscard]] const std::string& tool_name();

}  // namespace stella::delta
