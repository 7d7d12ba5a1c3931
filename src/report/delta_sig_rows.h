// What tables, listings and the page have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stella/operations/delta_sig.h"

namespace stella::report {

// One line of two listings side by side.
struct ListingRow {
  std::optional<std::uint32_t> base{};
  std::optional<std::uint32_t> target{};
  bool equal = false;
};
[[nodiscard]] std::vector<ListingRow> side_by_side(const operations::FunctionListings& listings);

[[nodiscard]] std::string signed_number(std::int64_t number);              // "+1,234", "-5", "0"
[[nodiscard]] std::string percent(std::uint64_t per_mille);                // "97.3 %"
[[nodiscard]] std::string name_of(const statement::FunctionDelta& delta);  // "old → new" when renamed
[[nodiscard]] std::int64_t size_delta(const statement::FunctionDelta& delta);
// The program that a function belongs to, by the path inside of the artifact; empty for the artifact itself.
[[nodiscard]] const std::string& program_of(const statement::DeltaSig& predicate,
                                            const statement::FunctionDelta& delta);
// "12 modified, 3 added", "none".
[[nodiscard]] std::string counts_text(const statement::FunctionCounts& counts);
// What a reader should know before trusting the numbers: missing symbols, functions not analysed …
[[nodiscard]] std::vector<std::string> remarks(const statement::DeltaSig& predicate);

}  // namespace stella::report
