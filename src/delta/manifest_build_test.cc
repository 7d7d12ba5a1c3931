#include "stella/delta/manifest_build.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>

#include "stella/delta/create.h"

namespace stella::delta {
namespace {

std::uint64_t entropy_of(ByteView bytes) {
  std::array<std::uint64_t, 256> counts{};
  for (const std::uint8_t byte : bytes) ++counts[byte];
  return entropy_millibits(counts);
}

TEST(Entropy, IsThatOfTheTextbook) {
  EXPECT_EQ(entropy_of({}), 0U);
  EXPECT_EQ(entropy_of(Bytes(1000, 7)), 0U);
  Bytes all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<std::uint8_t>(i));
  EXPECT_EQ(entropy_of(all), 8000U);
  EXPECT_EQ(entropy_of(Bytes{1, 2}), 1000U);
  EXPECT_EQ(entropy_of(Bytes{1, 2, 3, 4}), 2000U);
  EXPECT_EQ(entropy_of(Bytes{1, 1, 1, 2}), 811U);  // 0.811278… bits
}

TEST(Entropy, AgreesWithFloatingPoint) {
  std::mt19937_64 random(42);
  for (int round = 0; round < 200; ++round) {
    std::array<std::uint64_t, 256> counts{};
    double total = 0;
    for (std::uint64_t& count : counts)
      total += static_cast<double>(count = random() >> (random() % 64) >> 12);
    double bits = 0;
    for (const std::uint64_t count : counts) {
      const double share = static_cast<double>(count) / total;
      if (count > 0) bits -= share * std::log2(share);
    }
    EXPECT_NEAR(static_cast<double>(entropy_millibits(counts)), bits * 1000, 1.01) << round;
  }
}

TEST(Compose, CoversTheTargetWithWholeChunksAndAdditions) {
  std::mt19937_64 random(1);
  Bytes base(300'000);
  for (std::uint8_t& byte : base) byte = static_cast<std::uint8_t>(random());
  Bytes target = base;
  target[150'000] ^= 1;
  const auto base_source = memory_source(base);
  const auto target_source = memory_source(target);
  const auto base_map = chunk::map_chunks(*base_source, {}, {}, 1, {}).value();
  const auto target_map = chunk::map_chunks(*target_source, {}, {}, 1, {}).value();
  MemorySink sink;
  const auto created = create(*base_source, base_map, *target_source, target_map, {}, sink, {});
  ASSERT_TRUE(created) << to_string(created.error());
  const auto delta_bin = memory_source(sink.bytes());
  const std::vector<chunk::Region> parts = {
      {"first", 0, 100'000}, {"second", 100'000, 150'000}, {"last", 260'000, 40'000}};
  const auto composed = compose(*delta_bin, base_map, *target_source, target_map, parts);
  ASSERT_TRUE(composed) << to_string(composed.error());

  std::uint64_t at = 0;
  std::uint64_t added = 0;
  for (const Operation& operation : composed->operations) {
    const ByteView bytes = ByteView(target).subspan(at, operation.length_bytes);
    if (operation.kind == Operation::Kind::kCopy) {
      EXPECT_TRUE(
          std::ranges::equal(bytes, ByteView(base).subspan(operation.base_offset_bytes, bytes.size())));
      EXPECT_GE(operation.chunk_count, 1U);
    } else {
      EXPECT_EQ(operation.digest, sha256(bytes));
      added += bytes.size();
    }
    at += bytes.size();
  }
  EXPECT_EQ(at, target.size());
  EXPECT_EQ(added, created->add_bytes);
  ASSERT_EQ(composed->changed_chunks.size(), 1U);
  EXPECT_EQ(composed->changed_chunks[0].size_bytes, added);
  ASSERT_EQ(composed->composition.parts.size(), 1U);
  EXPECT_EQ(composed->composition.parts[0], (Part{"second", 100'000, 150'000, added}));
}

}  // namespace
}  // namespace stella::delta
