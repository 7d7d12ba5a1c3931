// The longest common subsequence of two lists of keys.
// Source: E. W. Myers, "An O(ND) Difference Algorithm and Its Variations", 1986, the variant in linear space.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace stella::executable {

// Pairs of indexes, ascending in both. Where two parts differ in more than kDifferencesMax places the common
// subsequence found may not be the longest.
inline constexpr std::int64_t kDifferencesMax = 1024;
[[nodiscard]] std::vector<std::pair<std::uint32_t, std::uint32_t>> common_subsequence(
    std::span<const std::uint64_t> a, std::span<const std::uint64_t> b);

}  // namespace stella::executable
