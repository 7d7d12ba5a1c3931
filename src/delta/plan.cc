#include "stella/delta/plan.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "match.h"
#include "plan_chunks.h"
#include "plan_large.h"
#include "stella/chunk/chunk_map.h"

namespace stella::delta {
namespace {

Status check_map(const ByteSource& source, const chunk::ChunkMap& map) {
  std::uint64_t end = 0;
  for (const chunk::Chunk& chunk : map.chunks) {
    if (chunk.offset_bytes != end) break;
    end += chunk.size_bytes;
  }
  if (end == source.size() && map.size_bytes == end) return {};
  return fail({.code = ErrorCode::kInvalidArgument,
               .message = "the chunk map does not cover the file",
               .where = source.name(),
               .expected = std::to_string(source.size()) + " bytes",
               .found = std::to_string(end) + " bytes in chunks",
               .next = "make the chunk map again from the file"});
}

std::optional<std::int32_t> shift_of(const ChunkRun& run) {
  if (!run.base_offset_bytes) return std::nullopt;
  return static_cast<std::int32_t>(static_cast<std::int64_t>(*run.base_offset_bytes) -
                                   static_cast<std::int64_t>(run.target_offset_bytes));
}

Result<std::vector<Step>> match_rest(const ByteSource& base, const ByteSource& target,
                                     std::span<const ChunkRun> runs, Level level, unsigned threads,
                                     const Progress& progress) {
  std::vector<Stretch> stretches;
  std::vector<Step> copies;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto begin = static_cast<std::uint32_t>(runs[i].target_offset_bytes);
    const std::uint32_t end = begin + static_cast<std::uint32_t>(runs[i].size_bytes);
    if (const auto shift = shift_of(runs[i])) {
      copies.push_back({begin, end, shift});
      continue;
    }
    stretches.push_back({.begin = begin,
                         .end = end,
                         .shift_before = i > 0 ? shift_of(runs[i - 1]) : std::nullopt,
                         .shift_after = i + 1 < runs.size() ? shift_of(runs[i + 1]) : std::nullopt});
  }
  if (stretches.empty()) return std::vector<Step>();
  STELLA_TRY(const std::vector<FoundImage> base_images, find_images(base));
  STELLA_TRY(const std::vector<FoundImage> target_images, find_images(target));
  STELLA_TRY(Bytes base_bytes, read_all(base, kInMemoryMaxBytes));
  STELLA_TRY(Bytes target_bytes, read_all(target, kInMemoryMaxBytes));
  return match_stretches({base_bytes, target_bytes, stretches, copies, base_images, target_images}, level,
                         threads, progress);
}

Status plan_in_memory(const ByteSource& base, const ByteSource& target, std::span<const ChunkRun> runs,
                      Level level, unsigned threads, const Progress& progress,
                      const std::function<Status(const Window&)>& take) {
  STELLA_TRY(const std::vector<Step> steps, match_rest(base, target, runs, level, threads, progress));
  Window window{.target_offset_bytes = 0, .target_size_bytes = target.size(), .segments = {}};
  auto step = steps.begin();
  for (const ChunkRun& run : runs) {
    if (run.base_offset_bytes) {
      window.segments.push_back({SegmentKind::kCopy, run.size_bytes, *run.base_offset_bytes});
      continue;
    }
    const std::uint64_t end = run.target_offset_bytes + run.size_bytes;
    for (; step != steps.end() && step->begin < end; ++step) window.segments.push_back(segment_of(*step));
  }
  return take(window);
}

}  // namespace

Status plan_windows(const ByteSource& base, const chunk::ChunkMap& base_map, const ByteSource& target,
                    const chunk::ChunkMap& target_map, Level level, unsigned threads,
                    const Progress& progress, const std::function<Status(const Window&)>& take) {
  STELLA_CHECK(check_map(base, base_map));
  STELLA_CHECK(check_map(target, target_map));
  if (target.size() == 0) return {};
  const bool in_memory = base.size() <= kInMemoryMaxBytes && target.size() <= kInMemoryMaxBytes;
  STELLA_TRY(const std::vector<ChunkRun> runs,
             chunk_runs(base_map, target_map, in_memory ? target.size() : kLargeRunMaxBytes));
  if (in_memory) {
    return plan_in_memory(base, target, runs, level, threads, progress, take);
  }
  return plan_large(base, target, runs, level, threads, progress, take);
}

}  // namespace stella::delta
