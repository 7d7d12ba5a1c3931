#include "match_gaps.h"

#include <algorithm>

#include "match_costs.h"

namespace stella::delta {
namespace {

constexpr std::uint32_t kSeedBytes = 6;
constexpr std::uint32_t kGapMin = 4;
constexpr std::uint32_t kReachBytes = 16 << 10;  // how far from a neighbour one looks
constexpr std::uint32_t kOverlapBytes = 64;      // how far what is found may reach into its neighbours
constexpr std::int64_t kSlackBytes = 256;
constexpr std::uint64_t kComparedMax = 64;  // bytes compared per byte of a gap
constexpr unsigned kTableBits = 15;
constexpr std::int64_t kGainMin = static_cast<std::int64_t>(kAlignmentCost) * 3 / 2;

std::uint64_t seed_at(const std::uint8_t* at) {
  return load_le<std::uint32_t>(at) | std::uint64_t{load_le<std::uint16_t>(at + 4)} << 32;
}
std::size_t slot_of(std::uint64_t seed) {
  return static_cast<std::size_t>((seed * 0x9E3779B97F4A7C15) >> (64 - kTableBits));
}

class GapSeeker {
 public:
  GapSeeker(const Sides& sides, const Stretch& stretch, std::int64_t drop)
      : sides_(sides), stretch_(stretch), drop_(drop), last_(std::size_t{1} << kTableBits) {}

  // Looks at the target's [begin, end) beside the base near `shift`.
  void look(std::uint32_t begin, std::uint32_t end, std::int32_t low_shift, std::int32_t high_shift) {
    const auto size = static_cast<std::int64_t>(sides_.base.size());
    const std::int64_t low = std::clamp(std::int64_t{begin} + low_shift - kSlackBytes, std::int64_t{0}, size);
    const std::int64_t high =
        std::clamp(std::min(std::int64_t{end} + high_shift + kSlackBytes, low + 4 * kReachBytes), low, size);
    if (high - low < kSeedBytes || end - begin < kSeedBytes) return;
    ++round_;
    for (std::int64_t place = high - kSeedBytes; place >= low; --place) {
      Slot& slot = last_[slot_of(seed_at(sides_.base.data() + place))];
      slot = {round_, static_cast<std::uint32_t>(place)};
    }
    const std::uint32_t low_end = begin - std::min(begin - stretch_.begin, kOverlapBytes);
    const std::uint32_t high_end = end + std::min(stretch_.end - end, kOverlapBytes);
    std::uint32_t known_until = begin;
    std::int32_t known_shift = 0;
    std::uint64_t compared = 0;  // bounded, as data that repeats itself has a match at each place
    for (std::uint32_t at = begin; at + kSeedBytes <= end && compared / kComparedMax < end - begin; ++at) {
      const std::uint64_t seed = seed_at(sides_.target.data() + at);
      const Slot slot = last_[slot_of(seed)];
      if (slot.round != round_ || seed_at(sides_.base.data() + slot.place) != seed) continue;
      const auto shift = static_cast<std::int32_t>(std::int64_t{slot.place} - at);
      if (shift == known_shift && at < known_until) continue;
      Alignment alignment{at, at, shift};
      const std::int64_t gain = extend(sides_, alignment, low_end, high_end, drop_);
      compared += alignment.end - alignment.begin;
      if (gain < kGainMin) continue;
      known_shift = shift;
      known_until = alignment.end;
      found_.push_back(alignment);
    }
  }

  void carry_on(std::uint32_t begin, std::uint32_t end, std::int32_t shift) {
    const Alignment alignment = clip(sides_, begin, end, shift);
    if (alignment.begin < alignment.end) found_.push_back(alignment);
  }

  std::vector<Alignment> take() { return std::move(found_); }

 private:
  struct Slot {
    std::uint32_t round = 0;
    std::uint32_t place = 0;
  };

  const Sides& sides_;
  const Stretch& stretch_;
  std::int64_t drop_;
  std::vector<Slot> last_;  // the first place of each seed in this round
  std::uint32_t round_ = 0;
  std::vector<Alignment> found_;
};

}  // namespace

std::vector<Alignment> seek_gaps(const Sides& sides, const Stretch& stretch, std::span<const Step> path,
                                 std::int64_t drop) {
  GapSeeker seeker(sides, stretch, drop);
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto left = i > 0 ? path[i - 1].shift : stretch.shift_before;
    const auto right = i + 1 < path.size() ? path[i + 1].shift : stretch.shift_after;
    const Step& step = path[i];
    if (step.shift) {
      // A boundary between two alignments may hide a third one; carrying both on lets the path move the
      // boundary.
      if (left) seeker.carry_on(step.begin, std::min(step.end, step.begin + kOverlapBytes), *left);
      if (right) seeker.carry_on(step.end - std::min(step.end - step.begin, kOverlapBytes), step.end, *right);
      continue;
    }
    const std::uint32_t length = step.end - step.begin;
    if (length < kGapMin) continue;
    const std::uint32_t near_left = step.begin + std::min(length, kReachBytes);
    const std::uint32_t near_right = step.end - std::min(length, kReachBytes);
    if (left) seeker.carry_on(step.begin, near_left, *left);
    if (right) seeker.carry_on(near_right, step.end, *right);
    if (left && right && length <= kReachBytes &&
        std::abs(std::int64_t{*left} - *right) <= std::int64_t{2} * kReachBytes) {
      seeker.look(step.begin, step.end, std::min(*left, *right), std::max(*left, *right));
    } else {
      if (left) seeker.look(step.begin, near_left, *left, *left);
      if (right) seeker.look(near_right, step.end, *right, *right);
    }
  }
  return seeker.take();
}

}  // namespace stella::delta
