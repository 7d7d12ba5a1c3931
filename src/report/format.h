// Numbers, tables and colours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stella/operations/share.h"
#include "stella/report/report.h"

namespace stella::report {

using operations::share;

[[nodiscard]] std::string grouped(std::uint64_t number);                       // "1,234,567"
[[nodiscard]] std::string printable(std::string_view text);                    // control characters as "?"
[[nodiscard]] std::string plural(std::uint64_t count, std::string_view noun);  // "1 member", "2 members"

// Whether the artifact is no container, so that its only member is itself.
[[nodiscard]] bool only_itself(const delta::Manifest& manifest);

// "12 modified, 3 added in 2 of 5 programs".
[[nodiscard]] std::string functions_text(const delta::FunctionsChanged& functions);

enum class Colour { kRed, kGreen, kYellow, kBlue, kBold, kDim };
[[nodiscard]] std::string coloured(std::string_view text, Colour colour, Style style);

// Lines of cells, aligned: `right` says for each column whether its cells stand at the right.
class Table {
 public:
  explicit Table(std::vector<bool> right) : right_(std::move(right)) {}
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] std::string text(std::string_view indent = "  ") const;

 private:
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace stella::report
