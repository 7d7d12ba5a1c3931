#include "match.h"

#include <algorithm>

#include "pairing.h"

namespace stella::executable {

Side::Side(const Analysis& side) : analysis(side), partner(side.codes.size(), kNone) {
  first_target.reserve(side.codes.size() + 1);
  first_target.push_back(0);
  for (const Code& code : side.codes) {
    for (const Reference& reference : code.references) {
      targets.push_back(reference.import ? kNone : side.function_at(reference.target));
    }
    first_target.push_back(targets.size());
  }
}

namespace {

// Size of the intersection of two ascending lists, counted up to the end of the shorter one in value, as the
// sketch of the union has it.
unsigned sketch_similarity(const std::vector<std::uint32_t>& a, const std::vector<std::uint32_t>& b) {
  if (a.empty() || b.empty()) return a.size() == b.size() ? 1000 : 0;
  unsigned common = 0, seen = 0;
  std::size_t i = 0, k = 0;
  while (seen < kSketchSize && (i < a.size() || k < b.size())) {
    ++seen;
    if (k == b.size() || (i < a.size() && a[i] < b[k])) {
      ++i;
    } else if (i == a.size() || b[k] < a[i]) {
      ++k;
    } else {
      ++common, ++i, ++k;
    }
  }
  return common * 1000 / seen;
}

unsigned ratio(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t larger = std::max(a, b);
  return larger == 0 ? 1000 : static_cast<unsigned>(std::min(a, b) * 1000 / larger);
}

// Names of imports and texts that both refer to; a share in per mille, or -1 when neither has any.
int name_similarity(const Code& a, const Code& b) {
  const auto names = [](const Code& code) {
    std::vector<std::uint64_t> hashes;
    for (const Reference& reference : code.references) {
      if (reference.name_hash != 0) hashes.push_back(reference.name_hash);
    }
    std::ranges::sort(hashes);
    return hashes;
  };
  const std::vector<std::uint64_t> in_a = names(a), in_b = names(b);
  if (in_a.empty() && in_b.empty()) return -1;
  std::vector<std::uint64_t> common;
  std::ranges::set_intersection(in_a, in_b, std::back_inserter(common));
  return static_cast<int>(2 * common.size() * 1000 / (in_a.size() + in_b.size()));
}

}  // namespace

unsigned Pairing::similarity(std::uint32_t b, std::uint32_t t) const {
  const Code& one = base.code(b);
  const Code& other = target.code(t);
  if (one.strict == other.strict) return 1000;
  if (one.loose == other.loose) return one.instructions < 6 ? 900 : 980;
  const unsigned grams = sketch_similarity(one.sketch, other.sketch);
  const unsigned size = ratio(one.instructions, other.instructions);
  const unsigned calls = ratio(one.references.size(), other.references.size());
  const int names = name_similarity(one, other);
  if (names < 0) return (6 * grams + 2 * size + 2 * calls) / 10;
  return (5 * grams + 2 * size + calls + 2 * static_cast<unsigned>(names)) / 10;
}

std::vector<Pair> match_functions(const Analysis& base, const Analysis& target, bool use_names) {
  Pairing pairing(base, target);
  if (use_names) match_names(pairing);
  match_digests(pairing);
  match_neighbours(pairing);
  std::ranges::sort(pairing.pairs, {}, &Pair::base);
  return std::move(pairing.pairs);
}

}  // namespace stella::executable
