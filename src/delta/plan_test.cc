#include "stella/delta/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <utility>

#include "plan_chunks.h"
#include "stella/chunk/chunk_map.h"

namespace stella::delta {
namespace {

constexpr std::uint32_t kSeed = 20261127;

Bytes random_bytes(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() >> 56);
  return bytes;
}

Bytes slice(const Bytes& bytes, std::size_t begin, std::size_t end) {
  return {bytes.begin() + static_cast<std::ptrdiff_t>(begin),
          bytes.begin() + static_cast<std::ptrdiff_t>(end)};
}

Bytes join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) append(all, part);
  return all;
}

chunk::ChunkMap map_of(const ByteSource& source) {
  return chunk::map_chunks(source, {}, chunk::Params{}, 1, {}).value();
}

struct Plan {
  std::vector<Window> windows;
  std::uint64_t copied_bytes = 0;
  std::uint64_t matched_bytes = 0;
  std::uint64_t literal_bytes = 0;
  std::uint64_t different_bytes = 0;  // within matches
  std::size_t segments = 0;
};

// Plans and checks what plan.h promises of every plan.
Plan plan_of(const Bytes& base, const Bytes& target, Level level = Level::kDefault, unsigned threads = 1) {
  const auto base_source = memory_source(base, "base");
  const auto target_source = memory_source(target, "target");
  Plan plan;
  const Status status =
      plan_windows(*base_source, map_of(*base_source), *target_source, map_of(*target_source), level, threads,
                   {}, [&](const Window& window) -> Status {
                     plan.windows.push_back(window);
                     return {};
                   });
  EXPECT_TRUE(status) << to_string(status.error());
  std::uint64_t at = 0;
  for (const Window& window : plan.windows) {
    EXPECT_EQ(window.target_offset_bytes, at);
    const Segment* before = nullptr;
    for (const Segment& segment : window.segments) {
      EXPECT_GT(segment.length_bytes, 0);
      plan.segments += 1;
      if (segment.kind == SegmentKind::kLiteral) {
        EXPECT_EQ(segment.base_offset_bytes, 0);
        EXPECT_FALSE(before != nullptr && before->kind == SegmentKind::kLiteral);
        plan.literal_bytes += segment.length_bytes;
      } else {
        if (segment.base_offset_bytes > base.size() ||
            segment.length_bytes > base.size() - segment.base_offset_bytes ||
            segment.length_bytes > target.size() - at) {
          ADD_FAILURE() << "a segment leaves base or target";
          return plan;
        }
        EXPECT_FALSE(before != nullptr && before->kind == segment.kind &&
                     before->base_offset_bytes + before->length_bytes == segment.base_offset_bytes)
            << "two segments of one kind and alignment at " << at;
        std::uint64_t different = 0;
        for (std::uint64_t i = 0; i < segment.length_bytes; ++i) {
          different += target[at + i] != base[segment.base_offset_bytes + i] ? 1 : 0;
        }
        if (segment.kind == SegmentKind::kCopy) {
          EXPECT_EQ(different, 0) << "a copy differs at " << at;
          plan.copied_bytes += segment.length_bytes;
        } else {
          plan.matched_bytes += segment.length_bytes;
          plan.different_bytes += different;
        }
      }
      at += segment.length_bytes;
      before = &segment;
    }
    EXPECT_EQ(at, window.target_offset_bytes + window.target_size_bytes);
  }
  EXPECT_EQ(at, target.size());
  return plan;
}

TEST(Plan, OfAnEmptyTargetHasNoWindow) {
  EXPECT_TRUE(plan_of(random_bytes(10000, 1), {}).windows.empty());
  EXPECT_TRUE(plan_of({}, {}).windows.empty());
}

TEST(Plan, AgainstAnEmptyBaseIsOneLiteral) {
  const Plan plan = plan_of({}, random_bytes(100000, 1));
  EXPECT_EQ(plan.segments, 1);
  EXPECT_EQ(plan.literal_bytes, 100000);
}

TEST(Plan, OfTheSameBytesIsOneCopy) {
  const Bytes bytes = random_bytes(300000, 1);
  for (const Level level : {Level::kFast, Level::kDefault, Level::kBest}) {
    const Plan plan = plan_of(bytes, bytes, level);
    EXPECT_EQ(plan.segments, 1);
    EXPECT_EQ(plan.copied_bytes, bytes.size());
  }
}

TEST(Plan, KeepsAnInsertedByteDown) {
  const Bytes base = random_bytes(300000, 1);
  const Bytes target = join({slice(base, 0, 150000), {7}, slice(base, 150000, 300000)});
  for (const Level level : {Level::kFast, Level::kDefault, Level::kBest}) {
    const Plan plan = plan_of(base, target, level);
    EXPECT_LE(plan.segments, 5);
    EXPECT_LE(plan.literal_bytes + plan.different_bytes, 4);
    EXPECT_GT(plan.copied_bytes, 200000);
  }
}

TEST(Plan, FindsBlocksThatWereMovedSwappedAndRepeated) {
  const Bytes base = random_bytes(300000, 1);
  const Bytes target = join({slice(base, 200000, 300000), slice(base, 0, 1000), slice(base, 100000, 200000),
                             slice(base, 0, 100000), slice(base, 200000, 201000)});
  for (const Level level : {Level::kFast, Level::kDefault, Level::kBest}) {
    const Plan plan = plan_of(base, target, level);
    EXPECT_LE(plan.literal_bytes + plan.different_bytes, level == Level::kFast ? 200 : 0);
  }
}

// Packed data keeps short runs only, which the strides of the fast level pass over.
TEST(Plan, LooksAgainAtTheFastLevelWhereAlmostAllSeemsNew) {
  const Bytes base = random_bytes(300000, 1);
  Bytes target;
  for (std::size_t at = 0; at + 40 < base.size(); at += 120) {
    append(target, slice(base, at, at + 32));
    append(target, random_bytes(16, at));
  }
  const Plan plan = plan_of(base, target, Level::kFast);
  EXPECT_LT(plan.literal_bytes, target.size() / 2);
}

TEST(Plan, FindsABaseThatIsInsideTheTarget) {
  const Bytes base = random_bytes(20000, 1);
  const Bytes target = join({random_bytes(30000, 2), base, random_bytes(30000, 3)});
  const Plan plan = plan_of(base, target);
  EXPECT_GE(plan.copied_bytes + plan.matched_bytes, 20000);
  EXPECT_LE(plan.literal_bytes, 60000);
}

TEST(Plan, MatchesAcrossChangedWordsRatherThanLeaveThemOut) {
  const Bytes base = random_bytes(200000, 1);
  Bytes target = base;
  for (std::size_t i = 50; i + 4 < target.size(); i += 100) {
    for (std::size_t k = 0; k < 4; ++k) target[i + k] = static_cast<std::uint8_t>(target[i + k] + 1 + k);
  }
  const Plan plan = plan_of(base, target);
  EXPECT_EQ(plan.matched_bytes, target.size());
  EXPECT_EQ(plan.segments, 1);
}

// Calls whose displacements all changed, so densely that no 16 bytes in a row are equal.
TEST(Plan, AlignsCodeByItsShape) {
  std::mt19937 random(kSeed);
  Bytes base;
  Bytes target = random_bytes(5000, 9);
  for (int i = 0; i < 8000; ++i) {
    const Bytes body = random_bytes(5, random());
    append(base, body);
    append(target, body);
    const auto from = static_cast<std::uint32_t>(random() % 1000000);
    const auto to = static_cast<std::uint32_t>(random() % 1000000);
    for (const auto& [bytes, displacement] : {std::pair{&base, from}, std::pair{&target, to}}) {
      bytes->push_back(0xE8);
      for (unsigned k = 0; k < 4; ++k) bytes->push_back(static_cast<std::uint8_t>(displacement >> 8 * k));
    }
  }
  const Plan plan = plan_of(base, target);
  EXPECT_GE(plan.matched_bytes, 79000);
  EXPECT_LE(plan.segments, 6);
}

TEST(Plan, IsTheSameForEveryNumberOfThreads) {
  const Bytes base = random_bytes(3000000, 1);
  Bytes target = join({slice(base, 2000000, 3000000), random_bytes(1000, 2), slice(base, 0, 2000000)});
  std::mt19937 random(kSeed);
  for (int i = 0; i < 20000; ++i) target[random() % target.size()] ^= 0x55;
  for (const Level level : {Level::kFast, Level::kDefault, Level::kBest}) {
    const Plan one = plan_of(base, target, level, 1);
    for (const unsigned threads : {2U, 5U}) {
      const Plan more = plan_of(base, target, level, threads);
      ASSERT_EQ(more.windows.size(), one.windows.size());
      EXPECT_EQ(more.windows[0].segments, one.windows[0].segments);
    }
  }
}

TEST(Plan, HoldsUnderRandomEdits) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 60; ++round) {
    const std::size_t size = random() % 60000;
    Bytes base = random_bytes(size, random());
    if (round % 3 == 0)
      std::fill(base.begin(), base.begin() + static_cast<std::ptrdiff_t>(size / 2), std::uint8_t{0});
    if (round % 5 == 0) {
      for (std::size_t i = 3; i < size; ++i) base[i] = base[i - 3];
    }
    Bytes target = base;
    for (std::size_t edits = random() % 20; edits > 0; --edits) {
      const std::size_t at = target.empty() ? 0 : random() % target.size();
      const std::size_t end = std::min(target.size(), at + random() % 3000);
      const Bytes part = slice(target, at, end);
      const auto place =
          target.begin() + static_cast<std::ptrdiff_t>(target.empty() ? 0 : random() % target.size());
      switch (random() % 4) {
        case 0:
          target.insert(place, part.begin(), part.end());
          break;
        case 1:
          target.erase(target.begin() + static_cast<std::ptrdiff_t>(at),
                       target.begin() + static_cast<std::ptrdiff_t>(end));
          break;
        case 2: {
          const Bytes fresh = random_bytes(random() % 200, random());
          target.insert(place, fresh.begin(), fresh.end());
          break;
        }
        default:
          std::reverse(target.begin() + static_cast<std::ptrdiff_t>(at),
                       target.begin() + static_cast<std::ptrdiff_t>(end));
      }
    }
    plan_of(base, target, static_cast<Level>(round % 3));
  }
}

TEST(Plan, RefusesAMapThatDoesNotCoverItsFile) {
  const Bytes bytes = random_bytes(50000, 1);
  const auto source = memory_source(bytes, "base.bin");
  const chunk::ChunkMap whole = map_of(*source);
  chunk::ChunkMap broken = whole;
  broken.chunks.pop_back();
  const auto take = [](const Window&) -> Status { return {}; };
  const Status status = plan_windows(*source, broken, *source, whole, Level::kFast, 1, {}, take);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(status.error().where, "base.bin");
  EXPECT_FALSE(plan_windows(*source, whole, *source, broken, Level::kFast, 1, {}, take));
}

TEST(Plan, PassesOnTheErrorOfItsTaker) {
  const Bytes bytes = random_bytes(50000, 1);
  const auto source = memory_source(bytes);
  const chunk::ChunkMap map = map_of(*source);
  const Status status = plan_windows(*source, map, *source, map, Level::kFast, 1, {},
                                     [](const Window&) { return fail(ErrorCode::kLimitExceeded, "enough"); });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "enough");
}

chunk::ChunkMap map_from(std::string_view letters, std::uint32_t size = 100) {
  chunk::ChunkMap map;
  for (const char letter : letters) {
    map.chunks.push_back({sha256(as_bytes({&letter, 1})), map.size_bytes, size});
    map.size_bytes += size;
  }
  return map;
}

TEST(ChunkRuns, GoOnFromTheCopyBeforeAmongEqualChunks) {
  const auto runs = chunk_runs(map_from("axbaxc"), map_from("axc"), 1 << 20);
  ASSERT_TRUE(runs);
  // The first "a" is taken where it stands first; "x" and "c" then follow it as far as they can.
  ASSERT_EQ(runs->size(), 2);
  EXPECT_EQ((*runs)[0].size_bytes, 200);
  EXPECT_EQ((*runs)[0].base_offset_bytes, 0);
  EXPECT_EQ((*runs)[1].base_offset_bytes, 500);
}

TEST(ChunkRuns, AreCutBetweenChunksAtTheirLimit) {
  const auto runs = chunk_runs(map_from("abcdef"), map_from("abcdef"), 250);
  ASSERT_TRUE(runs);
  ASSERT_EQ(runs->size(), 3);
  for (const ChunkRun& run : *runs) EXPECT_EQ(run.size_bytes, 200);
}

TEST(ChunkRuns, RefuseAnIdThatStandsForTwoSizes) {
  const auto runs = chunk_runs(map_from("abc"), map_from("abc", 99), 1 << 20);
  ASSERT_FALSE(runs);
  EXPECT_EQ(runs.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace stella::delta
