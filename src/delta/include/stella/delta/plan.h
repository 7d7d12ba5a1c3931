// What a target takes from a base: whole chunks, approximate matches, and the rest.
// The plan depends on the bytes and the level alone, never on the number of threads.
// Sources: chunk-level COPY/ADD as content-defined chunking gives it; approximate matches after bsdiff
// (Percival, "Naive differences of executable code", 2003), found by hashes of the code's shape rather than
// by a suffix array.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "stella/base/error.h"
#include "stella/base/progress.h"
#include "stella/base/source.h"

namespace stella::chunk {
struct ChunkMap;
}

namespace stella::delta {

enum class Level : std::uint8_t { kFast, kDefault, kBest };

enum class SegmentKind : std::uint8_t {
  kCopy,     // whole chunks of the base, byte for byte
  kMatch,    // target[i] usually equals base[base_offset + i]; the rest is corrections
  kLiteral,  // bytes that the base does not have
};

struct Segment {
  SegmentKind kind;
  std::uint64_t length_bytes;       // at least 1
  std::uint64_t base_offset_bytes;  // 0 for literals

  auto operator<=>(const Segment&) const = default;
};

// A part of the target. The segments cover it exactly, in order; two literals never follow each other, and
// neither do two copies or two matches in one alignment (base offset minus target offset).
struct Window {
  std::uint64_t target_offset_bytes = 0;
  std::uint64_t target_size_bytes = 0;
  std::vector<Segment> segments;
};

// A base and a target up to this size are matched as a whole, in one window; above it, each window is matched
// against those parts of the base that the chunks around it came from.
inline constexpr std::uint64_t kInMemoryMaxBytes = std::uint64_t{512} << 20;

// Calls `take` for each window of the target, in order; an empty target has none. `base_map` and `target_map`
// are the chunk maps of these very sources. Errors: those of reading, and those of `take`; kInvalidArgument
// when a map does not cover its source, or when one chunk id stands for two sizes.
[[nodiscard]] Status plan_windows(const ByteSource& base, const chunk::ChunkMap& base_map,
                                  const ByteSource& target, const chunk::ChunkMap& target_map, Level level,
                                  unsigned threads, const Progress& progress,
                                  const std::function<Status(const Window&)>& take);

}  // namespace stella::delta
