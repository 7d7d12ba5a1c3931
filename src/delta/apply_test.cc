#include "stella/delta/apply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delta_test_support.h"
#include "stella/delta/inspect.h"

namespace stella::delta {
namespace {

using testing::applied;
using testing::delta_of;
using testing::edited;
using testing::noise;
using testing::Pair;
using testing::program;
using testing::sealed;
using testing::text;

constexpr Level kLevels[] = {Level::kFast, Level::kDefault, Level::kBest};

void expect_round_trip(const Pair& pair, Level level) {
  const Bytes delta = delta_of(pair.base, pair.target, {.level = level});
  const auto result = applied(pair.base, delta);
  ASSERT_TRUE(result.has_value()) << to_string(result.error());
  EXPECT_EQ(*result, pair.target);
}

TEST(Apply, GivesEveryTargetBack) {
  for (std::uint32_t seed = 1; seed <= 24; ++seed) {
    SCOPED_TRACE(seed);
    expect_round_trip(edited(seed, 1 + seed * seed * 97), kLevels[seed % 3]);
  }
}

TEST(Apply, TakesEmptyAndEqualAndUnrelatedFiles) {
  const Bytes some = text(1, 40000);
  for (const Level level : kLevels) {
    expect_round_trip({{}, {}}, level);
    expect_round_trip({{}, some}, level);
    expect_round_trip({some, {}}, level);
    expect_round_trip({some, some}, level);
    expect_round_trip({some, noise(2, 100000)}, level);
    expect_round_trip({noise(3, 1), noise(4, 1)}, level);
  }
}

TEST(Apply, GivesBothWaysOfAProgramBack) {
  const Pair pair{program(300, 0, 0), program(300, 100, 103)};
  for (const Level level : kLevels) {
    expect_round_trip(pair, level);
    expect_round_trip({pair.target, pair.base}, level);
  }
}

TEST(Apply, WritesTheSameWithAnyNumberOfThreads) {
  const Pair pair = edited(5, 60000);
  const Bytes delta = delta_of(pair.base, pair.target);
  for (const unsigned threads : {1U, 2U, 5U}) {
    const auto result = applied(pair.base, delta, {.threads = threads});
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(*result, pair.target);
  }
}

TEST(Apply, RefusesAnotherBaseAndSaysWhich) {
  const Pair pair = edited(6, 20000);
  const Bytes delta = delta_of(pair.base, pair.target);
  Bytes other = pair.base;
  other[100] ^= 1;
  for (const unsigned threads : {1U, 2U}) {
    const auto result = applied(other, delta, {.threads = threads});
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kUntrusted);
    EXPECT_EQ(result.error().expected, sha256_text(sha256(pair.base)));
    EXPECT_EQ(result.error().found, sha256_text(sha256(other)));
    EXPECT_THAT(result.error().message, ::testing::HasSubstr("another base"));
  }
}

TEST(Apply, RefusesABaseOfAnotherSizeBeforeItWritesAnything) {
  const Pair pair = edited(7, 20000);
  const Bytes delta = delta_of(pair.base, pair.target);
  const auto base = memory_source(ByteView(pair.base).first(19999));
  const auto by = memory_source(delta);
  MemorySink sink;
  const auto result = apply(*base, *by, sink, {}, {});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kUntrusted);
  EXPECT_TRUE(sink.bytes().empty());
}

TEST(Apply, RefusesADeltaWithAnyByteFlipped) {
  const Pair pair = edited(8, 3000);
  const Bytes delta = delta_of(pair.base, pair.target);
  for (std::size_t i = 0; i < delta.size(); ++i) {
    Bytes damaged = delta;
    damaged[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
    const auto result = applied(pair.base, damaged);
    ASSERT_FALSE(result.has_value()) << "byte " << i;
    EXPECT_THAT(result.error().code,
                ::testing::AnyOf(ErrorCode::kCorrupt, ErrorCode::kUnsupported, ErrorCode::kLimitExceeded))
        << "byte " << i;
  }
}

// As somebody would who can compute SHA-256.
TEST(Apply, NeverGivesOtherBytesForAForgedDelta) {
  const Pair pair{program(40, 0, 0), program(40, 10, 12)};
  const Bytes delta = delta_of(pair.base, pair.target);
  for (std::size_t i = 0; i + 32 < delta.size(); ++i) {
    for (const unsigned mask : {0x01U, 0x10U, 0x80U, 0xffU}) {
      Bytes forged = delta;
      forged[i] ^= static_cast<std::uint8_t>(mask);
      const auto result = applied(pair.base, sealed(forged));
      // The digest of the operations, the level and the versions say nothing about the target's bytes.
      if (result) {
        ASSERT_EQ(*result, pair.target) << "byte " << i;
      }
    }
  }
}

TEST(Apply, RefusesADeltaCutOffAnywhere) {
  const Pair pair = edited(9, 3000);
  const Bytes delta = delta_of(pair.base, pair.target);
  for (std::size_t size = 0; size < delta.size(); ++size) {
    const ByteView cut = ByteView(delta).first(size);
    const auto result = applied(pair.base, cut);
    ASSERT_FALSE(result.has_value()) << size;
    EXPECT_EQ(result.error().code, ErrorCode::kCorrupt) << size;
    if (size > 32) {
      EXPECT_FALSE(applied(pair.base, sealed(Bytes(cut.begin(), cut.end()))).has_value()) << size;
    }
  }
}

TEST(Apply, RefusesMoreNewBytesThanAllowed) {
  const Pair pair{text(1, 1000), noise(2, 5000)};
  const Bytes delta = delta_of(pair.base, pair.target);
  const auto result = applied(pair.base, delta, {.add_max_bytes = 4999});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kLimitExceeded);
  EXPECT_TRUE(applied(pair.base, delta, {.add_max_bytes = 5000}).has_value());
}

TEST(Apply, RefusesALargerTargetThanAllowedBeforeItWritesAnything) {
  const Pair pair = testing::edited(12, 5000);
  const Bytes delta = delta_of(pair.base, pair.target);
  const auto result = applied(pair.base, delta, {.target_max_bytes = pair.target.size() - 1});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kLimitExceeded);
  EXPECT_TRUE(applied(pair.base, delta, {.target_max_bytes = pair.target.size()}).has_value());
}

TEST(Apply, PassesTheSinksErrorOn) {
  class FullSink final : public ByteSink {
    Status write(ByteView) override { return fail(ErrorCode::kIo, "no space left"); }
  };
  const Pair pair = edited(10, 300000);
  const Bytes delta = delta_of(pair.base, pair.target);
  const auto base = memory_source(pair.base);
  const auto by = memory_source(delta);
  for (const unsigned threads : {1U, 2U}) {
    FullSink sink;
    const auto result = apply(*base, *by, sink, {.threads = threads}, {});
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, ErrorCode::kIo);
    EXPECT_EQ(result.error().message, "no space left");
  }
}

TEST(Create, WritesTheSameBytesWithAnyNumberOfThreads) {
  const Pair pair{program(400, 0, 0), program(400, 50, 60)};
  for (const Level level : kLevels) {
    const Bytes one = delta_of(pair.base, pair.target, {.level = level, .threads = 1});
    EXPECT_EQ(one, delta_of(pair.base, pair.target, {.level = level, .threads = 2}));
    EXPECT_EQ(one, delta_of(pair.base, pair.target, {.level = level, .threads = 5}));
  }
}

TEST(Create, SaysUnchangedInUnderTwoHundredBytes) {
  const Bytes some = noise(1, 3000000);
  EXPECT_LE(delta_of(some, some).size(), 200U);
}

TEST(Create, SaysOneInsertedByteInUnderThreeHundredBytes) {
  const Bytes base = text(1, 3000000);
  Bytes target = base;
  target.insert(target.begin() + 1234567, '!');
  EXPECT_LE(delta_of(base, target).size(), 300U);
}

// Each call of a moved function changes; none of them may cost what its four bytes would.
TEST(Create, PredictsCallsOfCodeThatMoved) {
  const Pair pair{program(600, 0, 0), program(600, 100, 101)};
  const Bytes delta = delta_of(pair.base, pair.target, {.level = Level::kBest});
  EXPECT_GT(pair.base.size(), 40000U);
  EXPECT_LT(delta.size(), 900U);
}

TEST(Create, IsNeverLargerAtBestThanAtDefault) {
  for (const Pair& pair : {Pair{testing::program(300, 0, 0), testing::program(300, 100, 77)},
                           testing::edited(5, 60000), Pair{text(1, 40000), text(2, 40000)}}) {
    EXPECT_LE(delta_of(pair.base, pair.target, {.level = Level::kBest}).size(),
              delta_of(pair.base, pair.target, {.level = Level::kDefault}).size());
  }
}

TEST(Create, RefusesMoreNewBytesThanAllowed) {
  const auto result = testing::try_delta(text(1, 1000), noise(2, 5000), {.add_max_bytes = 4999});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kLimitExceeded);
}

TEST(Inspect, AccountsForEveryByte) {
  const Pair pair = edited(11, 400000);
  const Bytes delta = delta_of(pair.base, pair.target);
  const auto source = memory_source(delta);
  const auto anatomy = inspect(*source);
  ASSERT_TRUE(anatomy.has_value()) << to_string(anatomy.error());
  const PackedSizes& packed = anatomy->packed;
  EXPECT_EQ(packed.framing_bytes + packed.address_map_bytes + packed.segment_bytes + packed.correction_bytes +
                packed.literal_bytes,
            delta.size());
  EXPECT_EQ(anatomy->copy.target_bytes + anatomy->match.target_bytes + anatomy->literal.target_bytes,
            pair.target.size());
  EXPECT_EQ(anatomy->delta_sha256, sha256(delta));
  EXPECT_EQ(anatomy->header.target_sha256, sha256(pair.target));
  EXPECT_EQ(anatomy->header.tool, tool_version());
  std::uint64_t next = 0;
  const auto walked = for_each_segment(*source, [&](std::uint64_t offset, const Segment& segment) -> Status {
    EXPECT_EQ(offset, next);
    next += segment.length_bytes;
    return {};
  });
  EXPECT_TRUE(walked.has_value());
  EXPECT_EQ(next, pair.target.size());
}

}  // namespace
}  // namespace stella::delta
