// What the head of a delta.bin says, and the limits that every reader keeps.
// Source: docs/format/delta.md, which is enough to write another reader.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/chunk/params.h"
#include "stella/delta/plan.h"

namespace stella::delta {

inline constexpr std::uint16_t kVersionMajor = 1;

// Limits on what a delta.bin may ask of its reader.
inline constexpr std::uint64_t kAddMaxBytesDefault = std::uint64_t{16} << 30;
// A few bytes of delta can copy a base over and over; no artifact is as large as this.
inline constexpr std::uint64_t kTargetMaxBytesDefault = std::uint64_t{1} << 40;
inline constexpr std::uint64_t kFileSizeMaxBytes = std::uint64_t{1} << 62;
inline constexpr std::uint64_t kWindowSizeMaxBytes = std::uint64_t{1} << 30;
// Of all windows but the last: each costs its reader tables of a few MiB, however little it makes.
inline constexpr std::uint64_t kWindowSizeMinBytes = std::uint64_t{64} << 10;
inline constexpr std::uint64_t kSegmentsMax = std::uint64_t{1} << 23;  // in one window
inline constexpr std::uint64_t kParametersMaxBytes = 4096;
inline constexpr std::uint64_t kAddressMapMaxBytes = std::uint64_t{4} << 20;

// Who wrote a delta: the program and the libraries that packed it, as numbers.
struct ToolVersion {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t patch = 0;
  std::uint32_t liblzma = 0;  // as LZMA_VERSION counts: 50040012 is 5.4.1 stable
  std::uint32_t libzstd = 0;  // as ZSTD_VERSION_NUMBER counts: 10504 is 1.5.4

  friend bool operator==(const ToolVersion&, const ToolVersion&) = default;
};

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
  ToolVersion tool;

  friend bool operator==(const Header&, const Header&) = default;
};

[[nodiscard]] std::string_view to_string(Level level);  // "fast", "default", "best"
// Errors: kInvalidArgument, naming the levels that there are.
[[nodiscard]] Result<Level> parse_level(std::string_view name);

// This build's own, and one as text: "stella 0.1.0, liblzma 5.4.1, libzstd 1.5.4".
[[nodiscard]] ToolVersion tool_version();
[[nodiscard]] std::string to_string(const ToolVersion& tool);

}  // namespace stella::delta
