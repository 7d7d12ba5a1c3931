#include "match_path.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <tuple>

#include "match_costs.h"

namespace stella::delta {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kPauseBytes = 256;

// A finished step of some way, from which others go on.
struct Node {
  std::uint32_t before;  // the node that it goes on from, or kNone
  std::uint32_t begin;
  std::optional<std::int32_t> shift;
};

// The cheapest way known that ends at the present place in one alignment, or in a literal.
struct State {
  Alignment alignment{};  // of literals: the shift of the last alignment before
  Cost cost = 0;
  std::uint32_t before = kNone;
  std::uint32_t begin = 0;
  std::uint32_t failures = 0;  // how often another one was so much cheaper that this one went on from it
  bool literal = false;
  bool differs = false;  // at the last byte
  bool has_shift = true;
};

class Path {
 public:
  Path(const Sides& sides, std::span<const Alignment> alignments, const Stretch& stretch,
       std::size_t active_max)
      : sides_(sides), alignments_(alignments), stretch_(stretch), active_max_(active_max) {}

  std::vector<Step> run() {
    start();
    std::uint32_t at = stretch_.begin;
    while (at < stretch_.end) {
      admit(at);
      retire(at);
      at = advance(at);
      relax(at);
    }
    return trace();
  }

 private:
  [[nodiscard]] static Cost switch_cost(const State& from, const State& to) {
    if (to.literal) return kLiteralStartCost;
    if (from.has_shift && from.alignment.shift == to.alignment.shift) return kReturnCost;
    return kAlignmentCost;
  }

  void start() {
    State literal;
    literal.literal = true;
    literal.begin = stretch_.begin;
    literal.has_shift = stretch_.shift_before.has_value();
    literal.alignment.shift = stretch_.shift_before.value_or(0);
    literal.cost = kLiteralStartCost;
    states_.push_back(literal);
  }

  // Lets in the alignments that begin here or have waited long enough, each by the cheapest way to it.
  void admit(std::uint32_t at) {
    while (next_ < alignments_.size() && alignments_[next_].begin <= at) admit(alignments_[next_++], at);
    while (!waiting_.empty() && waiting_.front().begin <= at) {
      std::pop_heap(waiting_.begin(), waiting_.end(), std::greater<>());
      const Alignment alignment = waiting_.back();
      waiting_.pop_back();
      admit(alignment, at);
    }
  }

  void admit(const Alignment& alignment, std::uint32_t at) {
    if (alignment.end <= at) return;
    if (states_.size() > active_max_) {
      const auto worst =
          std::max_element(states_.begin() + 1, states_.end(), [](const State& a, const State& b) {
            return std::tie(a.failures, a.cost) < std::tie(b.failures, b.cost);
          });
      defer(*worst, at);
      states_.erase(worst);
      node_at_ = kNone;
    }
    State state;
    state.alignment = alignment;
    if (at == stretch_.begin) {
      state.begin = at;
      state.cost = stretch_.shift_before == alignment.shift ? 0 : kAlignmentCost;
    } else {
      enter(state, cheapest(), at);
    }
    states_.push_back(state);
  }

  // Puts a state aside that only costs time here; further on it may be the best.
  void defer(const State& state, std::uint32_t at) {
    if (state.alignment.end - at <= kPauseBytes) return;
    waiting_.push_back({at + kPauseBytes, state.alignment.end, state.alignment.shift});
    std::push_heap(waiting_.begin(), waiting_.end(), std::greater<>());
  }

  [[nodiscard]] std::size_t cheapest() const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < states_.size(); ++i) {
      if (states_[i].cost < states_[best].cost) best = i;
    }
    return best;
  }

  // Makes `state` go on from state `from` at this place.
  void enter(State& state, std::size_t from, std::uint32_t at) {
    const State& source = states_[from];
    state.cost = source.cost + switch_cost(source, state);
    state.before = node_of(from, at);
    state.begin = at;
    state.differs = false;
    if (state.literal) {
      state.has_shift = source.has_shift;
      state.alignment.shift = source.alignment.shift;
    }
  }

  std::uint32_t node_of(std::size_t from, std::uint32_t at) {
    const State& source = states_[from];
    if (source.begin == at) return source.before;  // nothing of it yet
    if (!nodes_.empty() && node_from_ == from && node_at_ == at)
      return static_cast<std::uint32_t>(nodes_.size() - 1);
    nodes_.push_back(
        {source.before, source.begin, source.literal ? std::nullopt : std::optional(source.alignment.shift)});
    node_from_ = from;
    node_at_ = at;
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }

  // Goes on while all alignments agree with the target, or else over one byte.
  std::uint32_t advance(std::uint32_t at) {
    std::uint32_t end = stretch_.end;
    if (next_ < alignments_.size()) end = std::min(end, alignments_[next_].begin);
    if (!waiting_.empty()) end = std::min(end, waiting_.front().begin);
    for (const State& state : states_) {
      if (!state.literal) end = std::min(end, state.alignment.end);
    }
    const std::uint8_t* target = sides_.target.data();
    const std::uint8_t* base = sides_.base.data();
    std::size_t equal = end - at;
    if (states_.size() > 1) {
      for (std::size_t i = 1; i < states_.size() && equal > 0; ++i) {
        equal = equal_bytes(target + at, base + states_[i].alignment.base_of(at), equal);
      }
    }
    if (equal > 0) {
      states_[0].cost += equal * kLiteralByteCost;
      for (std::size_t i = 1; i < states_.size(); ++i) states_[i].differs = false;
      return at + static_cast<std::uint32_t>(equal);
    }
    states_[0].cost += kLiteralByteCost;
    for (std::size_t i = 1; i < states_.size(); ++i) {
      State& state = states_[i];
      const std::size_t in_base = state.alignment.base_of(at);
      if (target[at] == base[in_base]) {
        state.differs = false;
        continue;
      }
      if (sides_.operand(in_base, at)) {
        state.cost += kOperandByteCost;
      } else {
        state.cost += state.differs ? kMismatchRunCost : kMismatchCost;
        state.differs = true;
      }
    }
    return at + 1;
  }

  // Drops the alignments that end here; the others have had their chance to go on from them.
  void retire(std::uint32_t at) {
    std::erase_if(states_, [at](const State& state) { return !state.literal && state.alignment.end == at; });
    node_at_ = kNone;
  }

  // Lets every state go on from the cheapest one where that pays.
  void relax(std::uint32_t at) {
    const std::size_t best = cheapest();
    states_[best].failures = 0;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      if (i == best || states_[i].cost <= states_[best].cost + switch_cost(states_[best], states_[i]))
        continue;
      enter(states_[i], best, at);
      ++states_[i].failures;
    }
  }

  std::vector<Step> trace() {
    std::size_t last = 0;
    Cost least = std::numeric_limits<Cost>::max();
    for (std::size_t i = 0; i < states_.size(); ++i) {
      const bool joins =
          stretch_.shift_after && !states_[i].literal && states_[i].alignment.shift == *stretch_.shift_after;
      const Cost cost = states_[i].cost + (stretch_.shift_after && !joins ? kAlignmentCost : 0);
      if (cost < least) {
        least = cost;
        last = i;
      }
    }
    std::vector<Step> steps;
    std::uint32_t end = stretch_.end;
    for (std::uint32_t node = node_of(last, end); node != kNone; node = nodes_[node].before) {
      if (nodes_[node].begin < end) steps.push_back({nodes_[node].begin, end, nodes_[node].shift});
      end = nodes_[node].begin;
    }
    std::reverse(steps.begin(), steps.end());
    std::size_t kept = 0;
    for (const Step& step : steps) {
      if (kept > 0 && steps[kept - 1].shift == step.shift) {
        steps[kept - 1].end = step.end;
      } else {
        steps[kept++] = step;
      }
    }
    steps.resize(kept);
    return steps;
  }

  const Sides& sides_;
  std::span<const Alignment> alignments_;
  const Stretch& stretch_;
  std::size_t active_max_;
  std::size_t next_ = 0;
  std::vector<Alignment> waiting_;  // a heap, those that begin first on top
  std::vector<State> states_;       // the first is the literal
  std::vector<Node> nodes_;
  std::size_t node_from_ = 0;
  std::uint32_t node_at_ = kNone;
};

}  // namespace

std::vector<Step> cheapest_path(const Sides& sides, std::span<const Alignment> alignments,
                                const Stretch& stretch, std::size_t active_max) {
  if (stretch.begin == stretch.end) return {};
  return Path(sides, alignments, stretch, active_max).run();
}

}  // namespace stella::delta
