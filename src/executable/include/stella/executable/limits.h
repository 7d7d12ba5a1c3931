// How much work a foreign program may cost. What goes beyond the limits on functions and code is
// listed as not analysed; these limits count work and not time, so that every machine gives the same answer.
// What goes beyond memory or time ends the analysis with an error.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stella::executable {

struct AnalysisLimits {
  std::uint64_t memory_max_bytes = std::uint64_t{4}
                                   << 30;  // of the process that analyses, above what it starts with
  std::uint64_t time_max_s = 600;          // of CPU time, and of clock time
  std::uint64_t code_and_data_max_bytes = std::uint64_t{2} << 30;  // of one program
  std::uint64_t function_size_max_bytes = std::uint64_t{2} << 20;
  std::uint64_t code_max_bytes = std::uint64_t{1} << 30;  // of all functions of one program
  std::size_t functions_max = std::size_t{1} << 21;       // of one program
};

inline constexpr std::size_t kStringSizeMinBytes = 6;  // shorter ones are found in any data
inline constexpr std::size_t kStringSizeMaxBytes = 1024;
inline constexpr std::size_t kStringsMax = std::size_t{1} << 20;        // of one program
inline constexpr std::size_t kStringChangesMax = std::size_t{1} << 16;  // listed; all are counted

}  // namespace stella::executable
