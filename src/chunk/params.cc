#include "stella/chunk/params.h"

#include <fmt/format.h>

#include <bit>

namespace stella::chunk {

std::string_view to_string(Algorithm algorithm) { return algorithm == Algorithm::kRabin ? "rabin" : "gear"; }

Result<Algorithm> parse_algorithm(std::string_view name) {
  for (const Algorithm algorithm : {Algorithm::kGear, Algorithm::kRabin}) {
    if (name == to_string(algorithm)) return algorithm;
  }
  return fail({.code = ErrorCode::kUnsupported,
               .message = "unknown chunking algorithm",
               .expected = "gear or rabin",
               .found = std::string(name.substr(0, 64))});
}

Result<Params> params_for_average(Algorithm algorithm, std::uint32_t size_avg_bytes) {
  // Checked before the multiplication below, which could wrap around.
  if (size_avg_bytes > kAverageMaxBytes) {
    Params refused;
    refused.size_avg_bytes = size_avg_bytes;
    STELLA_CHECK(validate(refused));
  }
  const Params params{.algorithm = algorithm,
                      .size_min_bytes = size_avg_bytes / 4,
                      .size_avg_bytes = size_avg_bytes,
                      .size_max_bytes = size_avg_bytes * 8};
  STELLA_CHECK(validate(params));
  return params;
}

Status validate(const Params& params) {
  if (params.algorithm != Algorithm::kGear && params.algorithm != Algorithm::kRabin) {
    return fail({.code = ErrorCode::kInvalidArgument,
                 .message = "unknown chunking algorithm",
                 .expected = "gear or rabin",
                 .found = fmt::format("number {}", static_cast<int>(params.algorithm))});
  }
  if (!std::has_single_bit(params.size_avg_bytes) || params.size_avg_bytes < kAverageMinBytes ||
      params.size_avg_bytes > kAverageMaxBytes) {
    return fail(
        {.code = ErrorCode::kInvalidArgument,
         .message = "the average chunk size is out of range",
         .expected = fmt::format("a power of two from {} to {} bytes", kAverageMinBytes, kAverageMaxBytes),
         .found = fmt::format("{} bytes", params.size_avg_bytes)});
  }
  if (params.size_min_bytes < kChunkSizeMinBytes || params.size_min_bytes > params.size_avg_bytes ||
      params.size_max_bytes < params.size_avg_bytes || params.size_max_bytes > kChunkSizeMaxBytes) {
    return fail({.code = ErrorCode::kInvalidArgument,
                 .message = "the chunk sizes are out of order",
                 .expected = fmt::format("{} <= minimum <= average <= maximum <= {} bytes",
                                         kChunkSizeMinBytes, kChunkSizeMaxBytes),
                 .found = fmt::format("minimum {}, average {}, maximum {} bytes", params.size_min_bytes,
                                      params.size_avg_bytes, params.size_max_bytes)});
  }
  return {};
}

}  // namespace stella::chunk
