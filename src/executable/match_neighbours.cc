// Pairs found from pairs: what paired functions refer to, who refers to them, and what lies between them; at
// last what merely looks alike. Evidence is collected for each possible pair; the strongest pairs are taken
// first, and each round builds on those before it.
#include <algorithm>
#include <tuple>

#include "pairing.h"

namespace stella::executable {
namespace {

constexpr unsigned kRoundsMax = 64;
constexpr std::size_t kCrossProductMax = 4096;  // of two short lists that are compared each with each
constexpr std::size_t kCallersMax = 16;
constexpr std::size_t kRareMax = 6;        // a feature that more functions have says little
constexpr std::size_t kLookAlikesMax = 8;  // kept for each function

enum class Evidence : std::uint8_t { kCall, kPosition, kLooks };

struct Candidate {
  std::uint32_t base = 0;
  std::uint32_t target = 0;
  std::uint16_t calls = 0;  // votes
  std::uint16_t positions = 0;
  unsigned similarity = 0;
  unsigned score = 0;
};

// What a pair must reach in a round: on its own looks, and together with its neighbourhood.
struct Level {
  unsigned similarity_min;
  unsigned score_min;
  bool looks;  // also pairs that only look alike
};
constexpr std::array kLevels{Level{600, 1200, false}, Level{450, 1000, false}, Level{350, 850, true},
                             Level{300, 750, true}, Level{250, 650, true}};

class Neighbours {
 public:
  explicit Neighbours(Pairing& pairing) : pairing_(pairing) {}

  void run() {
    unsigned rounds = 0;
    for (const Level& level : kLevels) {
      while (rounds++ < kRoundsMax && round(level) != 0) {
      }
    }
    pair_equal_code();
  }

 private:
  void vote(std::uint32_t b, std::uint32_t t, Evidence evidence, unsigned weight) {
    if (b == kNone || t == kNone || !pairing_.free(b, t)) return;
    Candidate candidate{b, t, 0, 0, 0, 0};
    if (evidence == Evidence::kCall) candidate.calls = static_cast<std::uint16_t>(weight);
    if (evidence == Evidence::kPosition) candidate.positions = static_cast<std::uint16_t>(weight);
    candidates_.push_back(candidate);
  }

  std::size_t round(const Level& level) {
    candidates_.clear();
    for (const Pair& pair : pairing_.pairs) {
      vote_for_references(pair);
      vote_for_callers(pair);
    }
    vote_for_positions();
    if (level.looks) vote_for_looks();
    join_votes();
    return take(level);
  }

  void vote_for_references(const Pair& pair) {
    const auto in_base = pairing_.base.references(pair.base);
    const auto in_target = pairing_.target.references(pair.target);
    if (in_base.size() == in_target.size() && pairing_.same_instructions(pair.base, pair.target)) {
      for (std::size_t i = 0; i < in_base.size(); ++i) vote(in_base[i], in_target[i], Evidence::kCall, 3);
      return;
    }
    // Between references that are paired already, runs of equal length are paired in order.
    std::size_t b = 0, t = 0;
    while (b < in_base.size() && t < in_target.size()) {
      std::size_t b_end = b, t_end = t;
      next_anchor(in_base, in_target, b, t, b_end, t_end);
      const std::size_t count = b_end - b;
      if (count == t_end - t) {
        for (std::size_t i = 0; i < count; ++i) vote(in_base[b + i], in_target[t + i], Evidence::kCall, 2);
      }
      b = b_end + 1, t = t_end + 1;
    }
  }

  // The next reference at or after b and t that is paired on both sides; the ends when there is none.
  void next_anchor(std::span<const std::uint32_t> in_base, std::span<const std::uint32_t> in_target,
                   std::size_t b, std::size_t t, std::size_t& b_end, std::size_t& t_end) const {
    constexpr std::size_t kWindow = 32;
    for (b_end = b; b_end < std::min(in_base.size(), b + kWindow); ++b_end) {
      const std::uint32_t function = in_base[b_end];
      if (function == kNone || pairing_.base.partner[function] == kNone) continue;
      const std::uint32_t partner = pairing_.base.partner[function];
      for (t_end = t; t_end < std::min(in_target.size(), t + kWindow); ++t_end) {
        if (in_target[t_end] == partner) return;
      }
    }
    b_end = in_base.size(), t_end = in_target.size();
  }

  void vote_for_callers(const Pair& pair) {
    std::vector<std::uint32_t> in_base, in_target;
    for (const std::uint32_t caller : pairing_.base.function(pair.base).callers) {
      if (pairing_.base.partner[caller] == kNone) in_base.push_back(caller);
      if (in_base.size() > kCallersMax) return;
    }
    if (in_base.empty()) return;
    for (const std::uint32_t caller : pairing_.target.function(pair.target).callers) {
      if (pairing_.target.partner[caller] == kNone) in_target.push_back(caller);
      if (in_target.size() > kCallersMax) return;
    }
    const unsigned weight = in_base.size() == 1 && in_target.size() == 1 ? 2 : 1;
    for (const std::uint32_t b : in_base) {
      for (const std::uint32_t t : in_target) vote(b, t, Evidence::kCall, weight);
    }
  }

  // Linkers keep the order of functions within an object file.
  void vote_for_positions() {
    const auto count = static_cast<std::uint32_t>(pairing_.base.size());
    const auto target_count = static_cast<std::uint32_t>(pairing_.target.size());
    for (std::uint32_t begin = 0; begin < count;) {
      if (pairing_.base.partner[begin] != kNone) {
        ++begin;
        continue;
      }
      std::uint32_t end = begin;
      while (end < count && pairing_.base.partner[end] == kNone) ++end;
      const std::uint32_t before = begin == 0 ? kNone : pairing_.base.partner[begin - 1];
      const std::uint32_t after = end == count ? kNone : pairing_.base.partner[end];
      std::uint32_t first = before == kNone ? 0 : before + 1;
      std::uint32_t last = first;  // the run of free functions behind `before` in the target
      while (last < target_count && pairing_.target.partner[last] == kNone) ++last;
      if (before != kNone || begin == 0)
        vote_for_run(begin, end, first, last, after == (last == target_count ? kNone : last));
      if (after != kNone && after != last) {
        first = after;
        while (first > 0 && pairing_.target.partner[first - 1] == kNone) --first;
        vote_for_run(begin, end, first, after, false);
      }
      begin = end;
    }
  }

  void vote_for_run(std::uint32_t begin, std::uint32_t end, std::uint32_t first, std::uint32_t last,
                    bool closed) {
    const std::size_t in_base = end - begin, in_target = last - first;
    if (in_base == 0 || in_target == 0) return;
    if (closed && in_base == in_target) {
      for (std::uint32_t i = 0; i < in_base; ++i) vote(begin + i, first + i, Evidence::kPosition, 4);
      return;
    }
    vote(begin, first, Evidence::kPosition, 1);
    vote(end - 1, last - 1, Evidence::kPosition, 1);
    if (in_base * in_target > kCrossProductMax) return;
    for (std::uint32_t b = begin; b < end; ++b) {
      for (std::uint32_t t = first; t < last; ++t) vote(b, t, Evidence::kPosition, closed ? 2 : 1);
    }
  }

  // Features: three instructions in a row out of the sketch, and names referred to.
  struct Feature {
    std::uint64_t hash = 0;
    std::uint32_t function = 0;
  };

  static std::vector<Feature> features_of(const Side& side) {
    std::vector<Feature> features;
    for (std::uint32_t i = 0; i < side.size(); ++i) {
      if (side.partner[i] != kNone || side.code(i).instructions < 5) continue;
      for (const std::uint32_t gram : side.code(i).sketch) features.push_back({gram, i});
      for (const Reference& reference : side.code(i).references) {
        if (reference.name_hash != 0) features.push_back({reference.name_hash, i});
      }
    }
    std::ranges::sort(features, {}, [](const Feature& one) { return std::tuple(one.hash, one.function); });
    const auto same = [](const Feature& a, const Feature& b) {
      return a.hash == b.hash && a.function == b.function;
    };
    features.erase(std::unique(features.begin(), features.end(), same), features.end());
    return features;
  }

  void vote_for_looks() {
    const std::vector<Feature> base = features_of(pairing_.base), target = features_of(pairing_.target);
    struct Hit {
      std::uint32_t base = 0;
      std::uint32_t target = 0;
    };
    std::vector<Hit> hits;
    for (std::size_t b = 0, t = 0; b < base.size() && t < target.size();) {
      std::size_t b_end = b, t_end = t;
      while (b_end < base.size() && base[b_end].hash == base[b].hash) ++b_end;
      while (t_end < target.size() && target[t_end].hash == target[t].hash) ++t_end;
      const std::uint64_t left = base[b].hash, right = target[t].hash;
      if (left == right && b_end - b <= kRareMax && t_end - t <= kRareMax) {
        for (std::size_t i = b; i < b_end; ++i) {
          for (std::size_t k = t; k < t_end; ++k) hits.push_back({base[i].function, target[k].function});
        }
      }
      if (left <= right) b = b_end;
      if (right <= left) t = t_end;
    }
    std::ranges::sort(hits, {}, [](const Hit& hit) { return std::tuple(hit.base, hit.target); });
    struct Count {
      std::uint32_t target = 0;
      unsigned count = 0;
    };
    std::vector<Count> counts;
    for (std::size_t i = 0; i < hits.size();) {
      counts.clear();
      std::size_t end = i;
      for (; end < hits.size() && hits[end].base == hits[i].base; ++end) {
        if (counts.empty() || counts.back().target != hits[end].target)
          counts.push_back({hits[end].target, 0});
        ++counts.back().count;
      }
      std::ranges::sort(counts, {}, [](const Count& one) { return std::tuple(~one.count, one.target); });
      if (counts.size() > kLookAlikesMax) counts.resize(kLookAlikesMax);
      for (const Count& one : counts) vote(hits[i].base, one.target, Evidence::kLooks, 0);
      i = end;
    }
  }

  void join_votes() {
    std::ranges::sort(candidates_, {}, [](const Candidate& one) {
      return std::tuple(one.base, one.target, one.calls, one.positions);
    });
    std::size_t kept = 0;
    for (const Candidate& one : candidates_) {
      if (kept != 0 && candidates_[kept - 1].base == one.base && candidates_[kept - 1].target == one.target) {
        Candidate& sum = candidates_[kept - 1];
        sum.calls = static_cast<std::uint16_t>(std::min(1000, sum.calls + one.calls));
        sum.positions = static_cast<std::uint16_t>(std::min(1000, sum.positions + one.positions));
      } else {
        candidates_[kept++] = one;
      }
    }
    candidates_.resize(kept);
    for (Candidate& one : candidates_) {
      one.similarity = pairing_.similarity(one.base, one.target);
      one.score = one.similarity + std::min(500U, one.calls * 100U) + std::min(400U, one.positions * 100U);
    }
  }

  std::size_t take(const Level& level) {
    std::ranges::sort(candidates_, {},
                      [](const Candidate& one) { return std::tuple(~one.score, one.base, one.target); });
    blocked_base_.assign(pairing_.base.size(), false);
    blocked_target_.assign(pairing_.target.size(), false);
    std::size_t taken = 0;
    for (std::size_t i = 0; i < candidates_.size();) {
      std::size_t end = i;
      while (end < candidates_.size() && candidates_[end].score == candidates_[i].score) ++end;
      if (candidates_[i].score < level.score_min) break;
      taken += take_equals(std::span(candidates_).subspan(i, end - i), level);
      i = end;
    }
    return taken;
  }

  // Pairs of one score. Of two that share a function neither is taken, but when their code is the same; such
  // functions are lost to worse pairs, too.
  std::size_t take_equals(std::span<const Candidate> equals, const Level& level) {
    std::vector<std::uint32_t> bases, targets;
    for (const Candidate& one : equals) {
      if (!open(one, level)) continue;
      bases.push_back(one.base), targets.push_back(one.target);
    }
    std::ranges::sort(bases), std::ranges::sort(targets);
    const auto once = [](const std::vector<std::uint32_t>& list, std::uint32_t value) {
      const auto range = std::ranges::equal_range(list, value);
      return range.size() == 1;
    };
    std::size_t taken = 0;
    std::vector<const Candidate*> ambiguous;
    for (const Candidate& one : equals) {
      if (!open(one, level)) continue;
      const bool clear = once(bases, one.base) && once(targets, one.target);
      if (!clear && !pairing_.same_code(one.base, one.target)) {
        ambiguous.push_back(&one);
        continue;
      }
      pairing_.add(one.base, one.target, kind_of(one), confidence_of(one));
      ++taken;
    }
    for (const Candidate* one : ambiguous) blocked_base_[one->base] = blocked_target_[one->target] = true;
    return taken;
  }

  bool open(const Candidate& one, const Level& level) const {
    return pairing_.free(one.base, one.target) && !blocked_base_[one.base] && !blocked_target_[one.target] &&
           one.similarity >= level.similarity_min;
  }

  MatchKind kind_of(const Candidate& one) const {
    if (pairing_.same_code(one.base, one.target)) return MatchKind::kCode;
    if (one.calls != 0) return MatchKind::kCallGraph;
    return one.positions != 0 ? MatchKind::kPosition : MatchKind::kSimilarity;
  }

  static unsigned confidence_of(const Candidate& one) {
    const unsigned support = std::min(300U, one.calls * 50U + one.positions * 50U);
    return std::min(980U, one.similarity * 65 / 100 + support);
  }

  // What is left with the same code is paired in the order of addresses.
  void pair_equal_code() {
    std::vector<std::uint32_t> base, target;
    const auto collect = [](const Side& side, std::vector<std::uint32_t>& to) {
      for (std::uint32_t i = 0; i < side.size(); ++i) {
        if (side.partner[i] == kNone) to.push_back(i);
      }
      std::ranges::sort(to, {}, [&](std::uint32_t i) { return std::tuple(side.code(i).strict, i); });
    };
    collect(pairing_.base, base), collect(pairing_.target, target);
    for (std::size_t b = 0, t = 0; b < base.size() && t < target.size();) {
      const Digest& left = pairing_.base.code(base[b]).strict;
      const Digest& right = pairing_.target.code(target[t]).strict;
      const bool equal = left == right, less = left < right;
      if (equal) pairing_.add(base[b], target[t], MatchKind::kCode, 600);
      if (equal || less) ++b;
      if (equal || !less) ++t;
    }
  }

  Pairing& pairing_;
  std::vector<Candidate> candidates_;
  std::vector<bool> blocked_base_;  // in this round
  std::vector<bool> blocked_target_;
};

}  // namespace

void match_neighbours(Pairing& pairing) { Neighbours(pairing).run(); }

}  // namespace stella::executable
