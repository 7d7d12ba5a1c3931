// Pairs the functions of two analysed programs, from certain to likely.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis.h"
#include "stella/executable/diff.h"

namespace stella::executable {

struct Pair {
  std::uint32_t base = 0;
  std::uint32_t target = 0;
  MatchKind kind = MatchKind::kNameAndCode;
  std::uint16_t confidence_per_mille = 1000;
};

// Ordered by base index; each function at most once.
[[nodiscard]] std::vector<Pair> match_functions(const Analysis& base, const Analysis& target, bool use_names);

}  // namespace stella::executable
