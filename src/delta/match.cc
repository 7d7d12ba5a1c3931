#include "match.h"

#include <algorithm>
#include <atomic>

#include "match_costs.h"
#include "match_gaps.h"
#include "match_labels.h"
#include "match_seek.h"
#include "stella/base/parallel.h"

namespace stella::delta {
namespace {

constexpr std::uint32_t kPartBytes = std::uint32_t{1} << 20;

constexpr auto kByteLoss = static_cast<std::int64_t>(kMismatchCost - kLiteralByteCost);
constexpr Effort kLow{SeedBytes::k32, 15, 2, 2, 1, 12 * kByteLoss, 16, 6, 0};
constexpr Effort kLowest{SeedBytes::k32, 31, 4, 1, 1, 12 * kByteLoss, 8, 4, 0};
constexpr Effort kMiddle{SeedBytes::k16, 4, 1, 8, 2, 20 * kByteLoss, 64, 12, 1};
constexpr Effort kHigh{SeedBytes::k16, 2, 1, 32, 3, 40 * kByteLoss, 256, 24, 2};

// A piece of a stretch that one thread looks at.
struct Part {
  std::size_t stretch;
  std::uint32_t begin;
  std::uint32_t end;
};

std::vector<Part> parts_of(std::span<const Stretch> stretches) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < stretches.size(); ++i) {
    for (std::uint32_t begin = stretches[i].begin; begin < stretches[i].end;) {
      const std::uint32_t end = begin + std::min(kPartBytes, stretches[i].end - begin);
      parts.push_back({i, begin, end});
      begin = end;
    }
  }
  return parts;
}

// The alignments of the copies around a stretch, as far as they carry into it.
void carry_in(const Sides& sides, const Stretch& stretch, std::int64_t drop, std::vector<Alignment>& to) {
  const auto add = [&](std::uint32_t at, std::optional<std::int32_t> shift) {
    if (!shift) return;
    Alignment alignment{at, at, *shift};
    if (extend(sides, alignment, stretch.begin, stretch.end, drop) > 0) to.push_back(alignment);
  };
  add(stretch.begin, stretch.shift_before);
  add(stretch.end, stretch.shift_after);
}

// One search: seeds, paths, gaps.
Result<std::vector<Step>> search(const Sides& sides, std::span<const Stretch> stretches, const Effort& effort,
                                 unsigned threads, const Progress& progress) {
  std::vector<std::vector<Alignment>> found(stretches.size());
  {
    STELLA_TRY(const SeedIndex index, SeedIndex::build(sides.base, sides.base_operands, effort.seed,
                                                       effort.base_step_bytes, threads));
    const std::vector<Part> parts = parts_of(stretches);
    std::vector<std::vector<Alignment>> by_part(parts.size());
    std::atomic<std::uint64_t> done = 0;
    STELLA_CHECK(parallel_for(parts.size(), threads, [&](std::size_t i) -> Status {
      const Stretch& stretch = stretches[parts[i].stretch];
      by_part[i] = seek(sides, index, effort, parts[i].begin, parts[i].end, stretch.begin, stretch.end);
      report_progress(progress, "matching", done += parts[i].end - parts[i].begin, sides.target.size());
      return {};
    }));
    for (std::size_t i = 0; i < parts.size(); ++i) {
      std::vector<Alignment>& all = found[parts[i].stretch];
      all.insert(all.end(), by_part[i].begin(), by_part[i].end());
    }
  }
  std::vector<std::vector<Step>> paths(stretches.size());
  STELLA_CHECK(parallel_for(stretches.size(), threads, [&](std::size_t i) -> Status {
    carry_in(sides, stretches[i], effort.drop, found[i]);
    tidy(found[i]);
    paths[i] = cheapest_path(sides, found[i], stretches[i], effort.active_max);
    for (std::uint32_t round = 0; round < effort.gap_rounds; ++round) {
      const std::vector<Alignment> more = seek_gaps(sides, stretches[i], paths[i], effort.drop);
      found[i].insert(found[i].end(), more.begin(), more.end());
      tidy(found[i]);
      paths[i] = cheapest_path(sides, found[i], stretches[i], effort.active_max);
    }
    return {};
  }));
  std::vector<Step> steps;
  for (const std::vector<Step>& path : paths) steps.insert(steps.end(), path.begin(), path.end());
  return steps;
}

// Copies and steps as one plan of the whole target.
std::vector<Segment> segments_of(std::span<const Step> copies, std::span<const Step> steps) {
  std::vector<Segment> segments;
  segments.reserve(copies.size() + steps.size());
  auto copy = copies.begin();
  auto step = steps.begin();
  while (copy != copies.end() || step != steps.end()) {
    const bool copied = step == steps.end() || (copy != copies.end() && copy->begin < step->begin);
    segments.push_back(segment_of(copied ? *copy++ : *step++));
  }
  return segments;
}

// Whether most of the stretches found nothing like them: packed data, where only short matches are left.
bool mostly_new(std::span<const Stretch> stretches, std::span<const Step> steps) {
  std::uint64_t all = 0;
  for (const Stretch& stretch : stretches) all += stretch.end - stretch.begin;
  std::uint64_t fresh = 0;
  for (const Step& step : steps) {
    if (!step.shift) fresh += step.end - step.begin;
  }
  return fresh > all / 2;
}

}  // namespace

Result<std::vector<Step>> match_stretches(const MatchInput& input, Level level, unsigned threads,
                                          const Progress& progress) {
  const Effort& effort = level == Level::kBest ? kHigh : level == Level::kDefault ? kMiddle : kLowest;
  const bool labels = level != Level::kFast && !input.base_images.empty() && !input.target_images.empty();
  std::vector<Step> steps;
  {
    STELLA_TRY(const Operands base_operands, find_operands(input.base, threads));
    STELLA_TRY(const Operands target_operands, find_operands(input.target, threads));
    const Sides sides{input.base, input.target, base_operands, target_operands};
    const Effort& first = !labels ? effort : level == Level::kBest ? kMiddle : kLow;
    STELLA_TRY(steps, search(sides, input.stretches, first, threads, progress));
    // Long strides over packed data find less than zstd does; there is time to look again.
    if (level == Level::kFast && mostly_new(input.stretches, steps)) {
      STELLA_TRY(steps, search(sides, input.stretches, kMiddle, threads, progress));
    }
  }
  if (!labels) return steps;
  STELLA_CHECK(write_labels(input.base, input.target, input.base_images, input.target_images,
                            segments_of(input.copies, steps), threads));
  const Operands none;
  return search({input.base, input.target, none, none}, input.stretches, effort, threads, progress);
}

}  // namespace stella::delta
