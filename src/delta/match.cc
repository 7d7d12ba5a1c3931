#include "match.h"

#include <algorithm>
#include <atomic>

#include "match_costs.h"
#include "match_gaps.h"
#include "match_seek.h"
#include "stella/base/parallel.h"

namespace stella::delta {
namespace {

constexpr std::uint32_t kPartBytes = std::uint32_t{1} << 20;

constexpr Effort effort_of(Level level) {
  constexpr auto kByte = static_cast<std::int64_t>(kMismatchCost - kLiteralByteCost);
  switch (level) {
    case Level::kFast:
      return {SeedBytes::k32, 16, 2, 2, 12 * kByte};
    case Level::kDefault:
      return {SeedBytes::k16, 4, 1, 4, 20 * kByte};
    case Level::kBest:
      break;
  }
  return {SeedBytes::k16, 1, 1, 16, 40 * kByte};
}

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

}  // namespace

Result<std::vector<Step>> match_stretches(ByteView base, ByteView target, std::span<const Stretch> stretches,
                                          Level level, unsigned threads, const Progress& progress) {
  const Effort effort = effort_of(level);
  STELLA_TRY(const Operands base_operands, find_operands(base, threads));
  STELLA_TRY(const Operands target_operands, find_operands(target, threads));
  const Sides sides{base, target, base_operands, target_operands};
  std::vector<std::vector<Alignment>> found(stretches.size());
  {
    STELLA_TRY(const SeedIndex index,
               SeedIndex::build(base, base_operands, effort.seed, effort.base_step_bytes, threads));
    const std::vector<Part> parts = parts_of(stretches);
    std::vector<std::vector<Alignment>> by_part(parts.size());
    std::atomic<std::uint64_t> done = 0;
    STELLA_CHECK(parallel_for(parts.size(), threads, [&](std::size_t i) -> Status {
      const Stretch& stretch = stretches[parts[i].stretch];
      by_part[i] = seek(sides, index, effort, parts[i].begin, parts[i].end, stretch.begin, stretch.end);
      report(progress, "matching", done += parts[i].end - parts[i].begin, target.size());
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
    paths[i] = cheapest_path(sides, found[i], stretches[i]);
    if (level == Level::kFast) return {};
    for (int round = 0; round < 2; ++round) {
      const std::vector<Alignment> more = seek_gaps(sides, stretches[i], paths[i], effort.drop);
      found[i].insert(found[i].end(), more.begin(), more.end());
      tidy(found[i]);
      paths[i] = cheapest_path(sides, found[i], stretches[i]);
    }
    return {};
  }));
  std::vector<Step> steps;
  for (const std::vector<Step>& path : paths) steps.insert(steps.end(), path.begin(), path.end());
  return steps;
}

}  // namespace stella::delta
