// The state that all passes of matching share: which function is paired with which, and the graph of
// references.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "match.h"

namespace stella::executable {

inline constexpr std::uint32_t kNone = Analysis::kNoFunction;

// One program as matching sees it.
struct Side {
  explicit Side(const Analysis& analysis);

  [[nodiscard]] std::size_t size() const { return analysis.codes.size(); }
  [[nodiscard]] const Code& code(std::uint32_t function) const { return analysis.codes[function]; }
  [[nodiscard]] const Function& function(std::uint32_t index) const {
    return analysis.program.functions[index];
  }
  // The functions that `function` refers to, in the code's order; kNone for what is no function.
  [[nodiscard]] std::span<const std::uint32_t> references(std::uint32_t function) const {
    return std::span(targets).subspan(first_target[function],
                                      first_target[function + 1] - first_target[function]);
  }

  const Analysis& analysis;
  std::vector<std::uint32_t> targets;
  std::vector<std::size_t> first_target;
  std::vector<std::uint32_t> partner;  // on the other side, or kNone
};

class Pairing {
 public:
  Pairing(const Analysis& base_analysis, const Analysis& target_analysis)
      : base(base_analysis), target(target_analysis) {}

  void add(std::uint32_t b, std::uint32_t t, MatchKind kind, unsigned confidence_per_mille) {
    base.partner[b] = t;
    target.partner[t] = b;
    pairs.push_back({b, t, kind, static_cast<std::uint16_t>(confidence_per_mille)});
  }
  [[nodiscard]] bool free(std::uint32_t b, std::uint32_t t) const {
    return base.partner[b] == kNone && target.partner[t] == kNone;
  }
  [[nodiscard]] bool same_code(std::uint32_t b, std::uint32_t t) const {
    return base.code(b).strict == target.code(t).strict;
  }
  [[nodiscard]] bool same_instructions(std::uint32_t b, std::uint32_t t) const {
    return base.code(b).loose == target.code(t).loose;
  }
  // How alike two functions look by themselves, in per mille.
  [[nodiscard]] unsigned similarity(std::uint32_t b, std::uint32_t t) const;

  Side base;
  Side target;
  std::vector<Pair> pairs;
};

// The passes, in order.
void match_names(Pairing& pairing);
void match_digests(Pairing& pairing);
void match_neighbours(Pairing& pairing);

// A name without what compilers add to tell copies apart: Rust's hash, GCC's .part, .isra, .constprop, .cold
// and numbers.
[[nodiscard]] std::string plain_name(std::string_view name);

}  // namespace stella::executable
