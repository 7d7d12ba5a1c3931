#include "plan_large.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "match.h"

namespace stella::delta {
namespace {

constexpr std::uint64_t kWindowBytes = std::uint64_t{32} << 20;
constexpr std::uint64_t kGatheredMaxBytes = std::uint64_t{96} << 20;  // of the base, for one window
constexpr std::uint64_t kSlackBytes = std::uint64_t{64} << 10;        // around the expected place

struct Range {
  std::uint64_t begin;
  std::uint64_t end;
};

std::int64_t shift_of(const ChunkRun& run) {
  return static_cast<std::int64_t>(*run.base_offset_bytes) -
         static_cast<std::int64_t>(run.target_offset_bytes);
}

// Disjoint ranges of a source, laid one after the other in memory.
class Gathered {
 public:
  // Joins those of `wanted` that meet; takes them in order as long as there is room.
  Gathered(std::vector<Range> wanted, std::uint64_t size_max_bytes) {
    std::sort(wanted.begin(), wanted.end(), [](const Range& a, const Range& b) {
      return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
    });
    for (Range range : wanted) {
      if (!ranges_.empty()) range.begin = std::max(range.begin, ranges_.back().end);
      if (range.begin >= range.end) continue;
      range.end = std::min(range.end, range.begin + (size_max_bytes - size_));
      if (range.begin == range.end) break;
      const std::uint64_t length = range.end - range.begin;
      if (!ranges_.empty() && ranges_.back().end == range.begin) {
        ranges_.back().end = range.end;
      } else {
        ranges_.push_back(range);
        starts_.push_back(size_);
      }
      size_ += length;
    }
  }

  [[nodiscard]] Result<Bytes> read(const ByteSource& source) const {
    Bytes bytes(size_);
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
      STELLA_CHECK(source.read_at(
          ranges_[i].begin, MutableByteView(bytes).subspan(starts_[i], ranges_[i].end - ranges_[i].begin)));
    }
    return bytes;
  }

  // Where an offset of the source lies in memory; its end counts as inside.
  [[nodiscard]] std::optional<std::uint64_t> place_of(std::uint64_t offset) const {
    const auto after =
        std::upper_bound(ranges_.begin(), ranges_.end(), offset,
                         [](std::uint64_t at, const Range& range) { return at < range.begin; });
    if (after == ranges_.begin()) return std::nullopt;
    const auto i = static_cast<std::size_t>(std::prev(after) - ranges_.begin());
    if (offset > ranges_[i].end) return std::nullopt;
    return starts_[i] + (offset - ranges_[i].begin);
  }

  // The offset in the source of a place in memory, and how many bytes follow it there.
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> origin_of(std::uint64_t place) const {
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), place);
    const auto i = static_cast<std::size_t>(std::prev(after) - starts_.begin());
    const std::uint64_t offset = ranges_[i].begin + (place - starts_[i]);
    return {offset, ranges_[i].end - offset};
  }

 private:
  std::vector<Range> ranges_;
  std::vector<std::uint64_t> starts_;
  std::uint64_t size_ = 0;
};

void append(std::vector<Segment>& segments, const Segment& segment) {
  if (!segments.empty() && segments.back().kind == segment.kind) {
    Segment& last = segments.back();
    if (segment.kind == SegmentKind::kLiteral ||
        last.base_offset_bytes + last.length_bytes == segment.base_offset_bytes) {
      last.length_bytes += segment.length_bytes;
      return;
    }
  }
  segments.push_back(segment);
}

class LargePlan {
 public:
  LargePlan(const ByteSource& base, const ByteSource& target, std::span<const ChunkRun> runs, Level level,
            unsigned threads)
      : base_(base), target_(target), runs_(runs), level_(level), threads_(threads) {}

  // Plans the runs [begin, end).
  Result<Window> plan(std::size_t begin, std::size_t end) {
    std::vector<Range> in_base;
    std::vector<Range> in_target;
    for (std::size_t i = begin; i < end; ++i) {
      if (runs_[i].base_offset_bytes) {
        last_shift_ = shift_of(runs_[i]);
        continue;
      }
      in_target.push_back({runs_[i].target_offset_bytes, runs_[i].target_offset_bytes + runs_[i].size_bytes});
      want(in_base, in_target.back(), last_shift_);
      if (i + 1 < runs_.size() && runs_[i + 1].base_offset_bytes) {
        want(in_base, in_target.back(), shift_of(runs_[i + 1]));
      }
    }
    const Gathered from_base(std::move(in_base), kGatheredMaxBytes);
    const Gathered from_target(std::move(in_target), kWindowBytes + kLargeRunMaxBytes);
    std::vector<Step> steps;
    if (const std::vector<Stretch> stretches = stretches_of(begin, end, from_base, from_target);
        !stretches.empty()) {
      STELLA_TRY(Bytes base_bytes, from_base.read(base_));
      STELLA_TRY(Bytes target_bytes, from_target.read(target_));
      STELLA_TRY(steps,
                 match_stretches({base_bytes, target_bytes, stretches, {}, {}, {}}, level_, threads_, {}));
    }
    const ChunkRun& last = runs_[end - 1];
    Window window{
        .target_offset_bytes = runs_[begin].target_offset_bytes,
        .target_size_bytes = last.target_offset_bytes + last.size_bytes - runs_[begin].target_offset_bytes,
        .segments = {}};
    auto step = steps.begin();
    for (std::size_t i = begin; i < end; ++i) {
      if (runs_[i].base_offset_bytes) {
        append(window.segments, {SegmentKind::kCopy, runs_[i].size_bytes, *runs_[i].base_offset_bytes});
        continue;
      }
      for (std::uint64_t left = runs_[i].size_bytes; left > 0; ++step) {
        append_step(window.segments, *step, from_base);
        left -= step->end - step->begin;
      }
    }
    return window;
  }

 private:
  void want(std::vector<Range>& ranges, const Range& stretch, std::int64_t shift) const {
    const auto size = static_cast<std::int64_t>(base_.size());
    const auto slack = static_cast<std::int64_t>(kSlackBytes);
    const std::int64_t begin =
        std::clamp(static_cast<std::int64_t>(stretch.begin) + shift - slack, std::int64_t{0}, size);
    const std::int64_t end = std::clamp(static_cast<std::int64_t>(stretch.end) + shift + slack, begin, size);
    if (begin < end) ranges.push_back({static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(end)});
  }

  // The runs that are not copied, in the coordinates of the gathered bytes.
  [[nodiscard]] std::vector<Stretch> stretches_of(std::size_t begin, std::size_t end,
                                                  const Gathered& from_base,
                                                  const Gathered& from_target) const {
    std::vector<Stretch> stretches;
    for (std::size_t i = begin; i < end; ++i) {
      if (runs_[i].base_offset_bytes) continue;
      const std::uint64_t at = *from_target.place_of(runs_[i].target_offset_bytes);
      const std::uint64_t stop = at + runs_[i].size_bytes;
      Stretch stretch{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(stop), std::nullopt,
                      std::nullopt};
      const auto shift_at = [&](std::uint64_t place,
                                std::uint64_t base_offset) -> std::optional<std::int32_t> {
        const auto in_base = from_base.place_of(base_offset);
        if (!in_base) return std::nullopt;
        return static_cast<std::int32_t>(static_cast<std::int64_t>(*in_base) -
                                         static_cast<std::int64_t>(place));
      };
      if (i > begin && runs_[i - 1].base_offset_bytes) {
        stretch.shift_before = shift_at(at, *runs_[i - 1].base_offset_bytes + runs_[i - 1].size_bytes);
      }
      if (i + 1 < end && runs_[i + 1].base_offset_bytes) {
        stretch.shift_after = shift_at(stop, *runs_[i + 1].base_offset_bytes);
      }
      stretches.push_back(stretch);
    }
    return stretches;
  }

  static void append_step(std::vector<Segment>& segments, const Step& step, const Gathered& from_base) {
    std::uint64_t left = step.end - step.begin;
    if (!step.shift) return append(segments, {SegmentKind::kLiteral, left, 0});
    auto place = static_cast<std::uint64_t>(std::int64_t{step.begin} + *step.shift);
    while (left > 0) {
      const auto [offset, room] = from_base.origin_of(place);
      const std::uint64_t length = std::min(left, room);
      append(segments, {SegmentKind::kMatch, length, offset});
      place += length;
      left -= length;
    }
  }

  const ByteSource& base_;
  const ByteSource& target_;
  std::span<const ChunkRun> runs_;
  Level level_;
  unsigned threads_;
  std::int64_t last_shift_ = 0;  // of the copy seen last
};

}  // namespace

Status plan_large(const ByteSource& base, const ByteSource& target, std::span<const ChunkRun> runs,
                  Level level, unsigned threads, const Progress& progress,
                  const std::function<Status(const Window&)>& take) {
  LargePlan plan(base, target, runs, level, threads);
  for (std::size_t begin = 0; begin < runs.size();) {
    std::size_t end = begin;
    std::uint64_t size = 0;
    while (end < runs.size() && size < kWindowBytes) size += runs[end++].size_bytes;
    STELLA_TRY(const Window window, plan.plan(begin, end));
    STELLA_CHECK(take(window));
    begin = end;
    report_progress(progress, "matching", window.target_offset_bytes + window.target_size_bytes,
                    target.size());
  }
  return {};
}

}  // namespace stella::delta
