// How content is cut into chunks: algorithm and sizes. They stand in every output that holds chunk ids,
// because only chunks cut alike can be compared.
#pragma once

#include <cstdint>
#include <string_view>

#include "stella/base/error.h"

namespace stella::chunk {

enum class Algorithm {
  kGear,   // 32-bit gear hash over the last 32 bytes: the default, several GB/s
  kRabin,  // Rabin fingerprint over the last 48 bytes
};

[[nodiscard]] std::string_view to_string(Algorithm algorithm);  // "gear", "rabin"
// Errors: kUnsupported, naming the algorithms that there are.
[[nodiscard]] Result<Algorithm> parse_algorithm(std::string_view name);

inline constexpr std::uint32_t kAverageMinBytes = 4096;
inline constexpr std::uint32_t kAverageMaxBytes = 16384;
inline constexpr std::uint32_t kChunkSizeMinBytes = 64;  // no window is longer
inline constexpr std::uint32_t kChunkSizeMaxBytes = std::uint32_t{1}
                                                    << 20;  // what one chunk may take in memory

struct Params {
  Algorithm algorithm = Algorithm::kGear;
  std::uint32_t size_min_bytes = 2048;
  std::uint32_t size_avg_bytes = 8192;
  std::uint32_t size_max_bytes = 65536;

  friend bool operator==(const Params&, const Params&) = default;
};

// The sizes usual for an average: a quarter of it and eight times it. Errors: those of validate().
[[nodiscard]] Result<Params> params_for_average(Algorithm algorithm, std::uint32_t size_avg_bytes);

// The average must be a power of two from kAverageMinBytes to kAverageMaxBytes, and
// kChunkSizeMinBytes <= min <= average <= max <= kChunkSizeMaxBytes. Errors: kInvalidArgument.
[[nodiscard]] Status validate(const Params& params);

}  // namespace stella::chunk
