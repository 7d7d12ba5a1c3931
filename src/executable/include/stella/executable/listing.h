// Functions as text, for side-by-side listings.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stella/base/source.h"
#include "stella/executable/limits.h"

namespace stella::executable {

struct ListingLine {
  std::uint64_t address = 0;
  std::string text{};  // mnemonic and operands, and behind them in <> what they refer to, where it has a name
  std::uint64_t key =
      0;  // equal for instructions that are equal but for addresses: what a comparison shows as unchanged
};

struct Listing {
  std::vector<ListingLine> lines{};
};

inline constexpr std::size_t kListingLinesMax = 100'000;

// Disassembles [address, address + size_bytes), a function as found by diff_functions(). Errors: kNotFound
// when the program has no code there; kLimitExceeded for more than kListingLinesMax lines; and those of
// diff_functions().
[[nodiscard]] Result<Listing> disassemble_function(const ByteSource& file, std::uint64_t address,
                                                   std::uint64_t size_bytes,
                                                   const AnalysisLimits& limits = {});

// Which lines two listings have in common: pairs of indexes, ascending in both.
[[nodiscard]] std::vector<std::pair<std::uint32_t, std::uint32_t>> common_lines(const Listing& base,
                                                                                const Listing& target);

}  // namespace stella::executable
