#include "match_seek.h"

#include <algorithm>
#include <cstdlib>
#include <span>
#include <tuple>
#include <utility>

#include "match_costs.h"

namespace stella::delta {
namespace {

constexpr std::uint32_t kBlockBytes = std::uint32_t{1} << 16;
constexpr std::uint32_t kAhead = 4;        // places for which memory is fetched early
constexpr std::uint32_t kNearBytes = 64;   // what near_equal() looks at
constexpr std::uint32_t kHurryBytes = 61;  // the step once the budget is spent
constexpr std::size_t kLiveMax = 16;
constexpr std::int64_t kGainMin = 2 * static_cast<std::int64_t>(kAlignmentCost);
constexpr std::uint32_t kReachBytes = 4096;  // how far an alignment is grown at a time
constexpr std::uint32_t kOpenBytes = 64;     // an alignment that ends so near to where we stopped may go on
constexpr std::uint32_t kJoinBytes = 256;

// The number of equal bytes in a little neighbourhood of the target's place `at` under `shift`.
std::uint32_t near_equal(const Sides& sides, std::uint32_t at, std::int32_t shift) {
  constexpr std::uint32_t kBefore = 16;
  const std::int64_t begin = std::int64_t{at} - kBefore;
  const std::int64_t in_base = begin + shift;
  const bool whole = begin >= 0 && in_base >= 0 &&
                     begin + kNearBytes <= static_cast<std::int64_t>(sides.target.size()) &&
                     in_base + kNearBytes <= static_cast<std::int64_t>(sides.base.size());
  std::uint32_t equal = 0;
  if (whole) {
    // Eight bytes at a time: the high bit of each byte of `set` says that the sides differ there.
    constexpr std::uint64_t kLow7 = 0x7F7F'7F7F'7F7F'7F7F;
    constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
    const std::uint8_t* a = sides.target.data() + begin;
    const std::uint8_t* b = sides.base.data() + in_base;
    std::uint64_t different = 0;
    for (std::uint32_t i = 0; i < kNearBytes; i += 8) {
      const std::uint64_t x = load_le<std::uint64_t>(a + i) ^ load_le<std::uint64_t>(b + i);
      const std::uint64_t set = ((x & kLow7) + kLow7) | x;
      different += set >> 7 & kOnes;
    }
    equal = kNearBytes - static_cast<std::uint32_t>(different * kOnes >> 56);
  } else {
    const Alignment room = clip(
        sides, at - std::min(at, kBefore),
        static_cast<std::uint32_t>(std::min<std::size_t>(at + kNearBytes - kBefore, sides.target.size())),
        shift);
    for (std::uint32_t i = room.begin; i < room.end; ++i)
      equal += sides.target[i] == sides.base[room.base_of(i)] ? 1 : 0;
  }
  return equal;
}

class Seeker {
 public:
  Seeker(const Sides& sides, const SeedIndex& index, const Effort& effort, std::uint32_t begin_min,
         std::uint32_t end_max)
      : sides_(sides), index_(index), effort_(effort), begin_min_(begin_min), end_max_(end_max) {}

  void run(std::uint32_t begin, std::uint32_t end) {
    const auto window = static_cast<std::uint32_t>(effort_.seed);
    if (end_max_ < window) return;
    end = std::min(end, end_max_ - window + 1);
    Bytes shape;
    for (std::uint32_t block = begin; block < end; block += kBlockBytes) {
      const std::uint32_t block_end = std::min(end, block + kBlockBytes);
      std::uint32_t at = std::max(block, clean_end(block, block_end));
      if (at >= block_end) continue;
      shape.resize(block_end - block + window - 1);
      sides_.target_operands.copy_shape(sides_.target, block, shape);
      // Data that repeats itself in many ways would take quadratic time: past the budget, the rest is
      // skimmed.
      const std::uint64_t budget = compared_bytes_ + std::uint64_t{effort_.compared_max} * kBlockBytes;
      while (at < block_end) {
        const std::uint32_t clean = clean_end(at, block_end);
        if (clean > at) {
          at = clean;
          continue;
        }
        const auto hash_at = [&](std::uint32_t place) {
          return seed_hash(shape.data() + (place - block), effort_.seed);
        };
        if (const std::uint32_t soon = at + 2 * kAhead * effort_.target_step_bytes; soon < block_end) {
          index_.prefetch_bucket(hash_at(soon));
          index_.prefetch_entries(hash_at(soon - kAhead * effort_.target_step_bytes));
        }
        look(at, hash_at(at));
        at += compared_bytes_ < budget ? effort_.target_step_bytes : kHurryBytes;
      }
    }
  }

  std::vector<Alignment> take() { return std::move(found_); }

 private:
  // An alignment that goes on at the present place.
  struct Live {
    Alignment alignment;
    std::uint32_t difference;  // the first one at or after the place looked at last
    std::size_t index;         // in found_
    bool open;                 // it ends where we stopped to grow it, and may go on
  };
  struct Candidate {
    std::uint32_t equal;
    std::int32_t shift;
  };

  // The first place from `at` on whose window no live alignment matches in shape; `end` if there is none
  // before.
  std::uint32_t clean_end(std::uint32_t at, std::uint32_t end) {
    const auto window = static_cast<std::uint32_t>(effort_.seed);
    for (Live& live : live_) {
      if (live.alignment.end <= at && live.open) go_on(live, at);
    }
    std::erase_if(live_, [at](const Live& live) { return live.alignment.end <= at; });
    std::uint32_t clean = at;
    for (Live& live : live_) {
      if (live.difference < at) live.difference = first_difference(sides_, live.alignment, at);
      if (live.difference >= at + window) clean = std::max(clean, live.difference - window + 1);
    }
    return std::min(clean, end);
  }

  // Grows an alignment further unless another one fits better where it stopped.
  void go_on(Live& live, std::uint32_t at) {
    const std::uint32_t equal = near_equal(sides_, at, live.alignment.shift);
    for (const Live& other : live_) {
      if (other.alignment.end > at && near_equal(sides_, at, other.alignment.shift) >= equal) return;
    }
    Alignment more{at, at, live.alignment.shift};
    const std::uint32_t reach = at + std::min(kReachBytes, end_max_ - at);
    if (extend(sides_, more, at, reach, effort_.drop) <= 0) return;
    compared_bytes_ += more.end - at;
    live.alignment.end = found_[live.index].end = more.end;
    live.open = more.end + kOpenBytes > reach;
    live.difference = first_difference(sides_, live.alignment, at);
  }

  [[nodiscard]] bool known(std::uint32_t at, std::int32_t shift) const {
    return std::any_of(live_.begin(), live_.end(), [=](const Live& live) {
      return live.alignment.shift == shift && live.alignment.begin <= at;
    });
  }

  void look(std::uint32_t at, std::uint64_t hash) {
    Places places = index_.find(hash);
    if (places.size() == 0) return;
    if (places.size() > effort_.candidates_max) {
      places = places.nearest(std::int64_t{at} + last_shift_, effort_.candidates_max);
    }
    candidates_.clear();
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto shift = static_cast<std::int32_t>(std::int64_t{places.offset(i)} - at);
      compared_bytes_ += kNearBytes;
      if (!known(at, shift)) candidates_.push_back({near_equal(sides_, at, shift), shift});
    }
    if (candidates_.empty()) return;
    std::uint32_t equal_min = 0;
    for (const Live& live : live_) {
      if (live.alignment.begin <= at)
        equal_min = std::max(equal_min, near_equal(sides_, at, live.alignment.shift) + 1);
    }
    std::erase_if(candidates_, [=](const Candidate& candidate) { return candidate.equal < equal_min; });
    const auto worth = [this](const Candidate& candidate) {
      return std::tuple(-std::int64_t{candidate.equal}, std::abs(std::int64_t{candidate.shift} - last_shift_),
                        candidate.shift);
    };
    std::sort(candidates_.begin(), candidates_.end(),
              [&](const Candidate& a, const Candidate& b) { return worth(a) < worth(b); });
    if (candidates_.size() > effort_.grown_max) candidates_.resize(effort_.grown_max);
    // The best one last, so that it is the one that later choices are near to.
    for (auto candidate = candidates_.rbegin(); candidate != candidates_.rend(); ++candidate)
      grow(at, candidate->shift);
  }

  void grow(std::uint32_t at, std::int32_t shift) {
    Alignment alignment{at, at, shift};
    const std::uint32_t reach = at + std::min(kReachBytes, end_max_ - at);
    const std::int64_t gain =
        extend(sides_, alignment, at - std::min(kReachBytes, at - begin_min_), reach, effort_.drop);
    compared_bytes_ += alignment.end - alignment.begin + kNearBytes;
    if (gain < kGainMin) return;
    found_.push_back(alignment);
    if (alignment.end <= at) return;
    if (live_.size() == kLiveMax) {
      live_.erase(std::min_element(live_.begin(), live_.end(), [](const Live& a, const Live& b) {
        return a.alignment.end < b.alignment.end;
      }));
    }
    live_.push_back({alignment, first_difference(sides_, alignment, at), found_.size() - 1,
                     alignment.end + kOpenBytes > reach});
    last_shift_ = shift;
  }

  const Sides& sides_;
  const SeedIndex& index_;
  const Effort& effort_;
  std::uint32_t begin_min_;
  std::uint32_t end_max_;
  std::vector<Live> live_;
  std::vector<Candidate> candidates_;
  std::vector<Alignment> found_;
  std::int32_t last_shift_ = 0;
  std::uint64_t compared_bytes_ = 0;
};

}  // namespace

std::vector<Alignment> seek(const Sides& sides, const SeedIndex& index, const Effort& effort,
                            std::uint32_t begin, std::uint32_t end, std::uint32_t begin_min,
                            std::uint32_t end_max) {
  Seeker seeker(sides, index, effort, begin_min, end_max);
  seeker.run(begin, end);
  return seeker.take();
}

void tidy(std::vector<Alignment>& alignments) {
  std::sort(alignments.begin(), alignments.end(), [](const Alignment& a, const Alignment& b) {
    return std::tie(a.shift, a.begin, a.end) < std::tie(b.shift, b.begin, b.end);
  });
  std::size_t kept = 0;
  for (const Alignment& alignment : alignments) {
    if (kept > 0 && alignments[kept - 1].shift == alignment.shift &&
        alignment.begin <= alignments[kept - 1].end + kJoinBytes) {
      alignments[kept - 1].end = std::max(alignments[kept - 1].end, alignment.end);
    } else {
      alignments[kept++] = alignment;
    }
  }
  alignments.resize(kept);
  std::sort(alignments.begin(), alignments.end(), [](const Alignment& a, const Alignment& b) {
    return std::tie(a.begin, a.shift, a.end) < std::tie(b.begin, b.shift, b.end);
  });
}

}  // namespace stella::delta
