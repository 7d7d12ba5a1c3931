#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "match_costs.h"
#include "match_index.h"
#include "match_operands.h"
#include "match_path.h"
#include "match_seek.h"

namespace stella::delta {
namespace {

Bytes random_bytes(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() >> 56);
  return bytes;
}

std::string marks(const Operands& operands, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += operands.at(i) ? 'x' : '.';
  return text;
}

Bytes padded(Bytes bytes) {
  bytes.resize(bytes.size() + 32, 0xCC);
  return bytes;
}

TEST(Operands, AreTheDisplacementsOfX86Code) {
  // call; mov rax, [rip + …]; jne; movss xmm0, [rip + …]
  const Bytes code = padded({0xE8, 1, 2, 3, 0, 0x48, 0x8B, 0x05, 9,    8, 7, 0xFF, 0x0F,
                             0x85, 4, 4, 0, 0, 0xF3, 0x0F, 0x10, 0x05, 1, 1, 1,    0});
  EXPECT_EQ(marks(find_operands(code, 1).value(), 26), ".xxxx...xxxx..xxxx....xxxx");
}

TEST(Operands, AreNotDisplacementsFurtherThanPrograms) {
  const Bytes code = padded({0xE8, 1, 2, 3, 0x40});
  EXPECT_EQ(marks(find_operands(code, 1).value(), 5), ".....");
}

TEST(Operands, AreTheBranchesAndPagesOfAnAarch64Image) {
  Bytes image(64);
  const Bytes header{0x7F, 'E', 'L', 'F'};
  std::copy(header.begin(), header.end(), image.begin());
  image[18] = 183;
  // bl; adrp x0; add x0, x0, #…; nop
  append(image, Bytes{0x11, 0x22, 0x33, 0x94, 0x00, 0x12, 0x00, 0xB0, 0x00, 0x40, 0x0D, 0x91, 0x1F, 0x20,
                      0x03, 0xD5});
  EXPECT_EQ(marks(find_operands(image, 1).value(), 80).substr(64), "xxx.xxxx.xx.....");
}

TEST(Operands, AreTheSameForEveryNumberOfThreads) {
  const Bytes bytes = random_bytes(std::size_t{5} << 20, 1);
  const std::string one = marks(find_operands(bytes, 1).value(), bytes.size());
  EXPECT_EQ(marks(find_operands(bytes, 5).value(), bytes.size()), one);
}

TEST(Operands, AreZerosInAShape) {
  const Bytes code = padded({0xE8, 1, 2, 3, 0, 0x90});
  Bytes shape(4);
  find_operands(code, 1).value().copy_shape(code, 2, shape);
  EXPECT_EQ(shape, (Bytes{0, 0, 0, 0x90}));
}

TEST(SeedIndex, FindsEachWindowOnItsStep) {
  const Bytes base = random_bytes(100000, 1);
  const Operands none;
  for (const std::uint32_t step : {1U, 4U, 15U}) {
    const SeedIndex index = SeedIndex::build(base, none, SeedBytes::k16, step, 3).value();
    for (std::uint32_t at = 0; at + 16 <= base.size(); at += 7 * step) {
      const Places places = index.find(seed_hash(base.data() + at, SeedBytes::k16));
      bool found = false;
      for (std::size_t i = 0; i < places.size(); ++i) found = found || places.offset(i) == at;
      ASSERT_TRUE(found) << at;
    }
  }
}

TEST(SeedIndex, LeavesOutFillThatOccursEverywhere) {
  const Bytes base(10000, 0xCC);
  const SeedIndex index = SeedIndex::build(base, Operands(), SeedBytes::k16, 1, 1).value();
  EXPECT_EQ(index.find(seed_hash(base.data(), SeedBytes::k16)).size(), 0);
}

TEST(SeedIndex, GivesTheNearestOfManyPlaces) {
  const Bytes unit = random_bytes(32, 1);
  Bytes base;
  for (int i = 0; i < 100; ++i) append(base, unit);
  const SeedIndex index = SeedIndex::build(base, Operands(), SeedBytes::k16, 1, 1).value();
  const Places all = index.find(seed_hash(unit.data(), SeedBytes::k16));
  ASSERT_EQ(all.size(), 100);
  const Places near = all.nearest(1610, 3);
  ASSERT_EQ(near.size(), 3);
  EXPECT_EQ(near.offset(0), 1568);
  EXPECT_EQ(near.offset(1), 1600);
  EXPECT_EQ(near.offset(2), 1632);
  EXPECT_EQ(all.nearest(-5, 2).offset(1), 32);
  EXPECT_EQ(all.nearest(1 << 30, 2).offset(1), 99 * 32);
}

struct Fixture {
  Bytes base;
  Bytes target;
  Operands none{};
  [[nodiscard]] Sides sides() const { return {base, target, none, none}; }
};

TEST(Extend, StopsWhereTheSidesPartAndReportsTheGain) {
  Fixture f{random_bytes(3000, 1), random_bytes(3000, 2)};
  std::copy_n(f.base.begin() + 1000, 500, f.target.begin() + 800);
  Alignment alignment{900, 900, 200};
  const std::int64_t gain = extend(f.sides(), alignment, 0, 3000, 400);
  EXPECT_LE(alignment.begin, 800);
  EXPECT_GE(alignment.begin, 790);
  EXPECT_GE(alignment.end, 1300);
  EXPECT_LE(alignment.end, 1310);
  EXPECT_GE(gain, 500 * static_cast<std::int64_t>(kLiteralByteCost));
}

TEST(Extend, StaysWithinBothSides) {
  const Fixture f{Bytes(100, 7), Bytes(80, 7)};
  Alignment alignment{40, 40, 30};
  EXPECT_GT(extend(f.sides(), alignment, 10, 80, 400), 0);
  EXPECT_EQ(alignment, (Alignment{10, 70, 30}));
}

TEST(Path, ChangesAlignmentsAtTheBestPlace) {
  Fixture f{random_bytes(4000, 1), {}};
  f.target = Bytes(f.base.begin(), f.base.begin() + 1000);
  f.target.insert(f.target.end(), f.base.begin() + 2000, f.base.begin() + 3000);
  const std::vector<Alignment> alignments{{0, 1100, 0}, {900, 2000, 1000}};
  const std::vector<Step> path = cheapest_path(f.sides(), alignments, {0, 2000, {}, {}}, 4);
  ASSERT_EQ(path.size(), 2);
  EXPECT_EQ(path[0].shift, 0);
  EXPECT_EQ(path[1].shift, 1000);
  // A byte or two may agree by chance under both.
  EXPECT_NEAR(path[0].end, 1000, 3);
}

TEST(Path, TakesAnAlignmentThatBeginsWhereAnotherEnds) {
  Fixture f{random_bytes(4000, 1), {}};
  f.target = Bytes(f.base.begin(), f.base.begin() + 1000);
  f.target.insert(f.target.end(), f.base.begin() + 2000, f.base.begin() + 3000);
  const std::vector<Alignment> alignments{{0, 1000, 0}, {1000, 2000, 1000}};
  const std::vector<Step> path = cheapest_path(f.sides(), alignments, {0, 2000, {}, {}}, 4);
  EXPECT_EQ(path, (std::vector<Step>{{0, 1000, 0}, {1000, 2000, 1000}}));
}

TEST(Path, LeavesAMatchThatCostsMoreThanItGives) {
  Fixture f{random_bytes(4000, 1), random_bytes(2000, 2)};
  std::copy_n(f.base.begin() + 500, 4, f.target.begin() + 700);
  const std::vector<Step> path =
      cheapest_path(f.sides(), std::vector<Alignment>{{650, 750, -200}}, {0, 2000, {}, {}}, 4);
  EXPECT_EQ(path, (std::vector<Step>{{0, 2000, std::nullopt}}));
}

TEST(Path, FindsATrueAlignmentAmongMoreFalseOnesThanItFollows) {
  Fixture f{random_bytes(9000, 1), Bytes()};
  f.target = Bytes(f.base.begin() + 3000, f.base.begin() + 6000);
  std::vector<Alignment> alignments;
  for (std::int32_t shift = 100; shift < 130; ++shift) alignments.push_back({0, 3000, shift});
  alignments.push_back({10, 3000, 3000});
  const std::vector<Step> path = cheapest_path(f.sides(), alignments, {0, 3000, {}, {}}, 3);
  ASSERT_FALSE(path.empty());
  EXPECT_EQ(path.back().shift, 3000);
  EXPECT_GE(path.back().end - path.back().begin, 2900);
}

TEST(Path, PrefersTheAlignmentsOfTheCopiesAround) {
  const Fixture f{Bytes(4000, 7), Bytes(1000, 7)};
  const std::vector<Alignment> alignments{{0, 1000, 50}, {0, 1000, 90}, {0, 1000, 130}};
  EXPECT_EQ(cheapest_path(f.sides(), alignments, {0, 1000, 90, 90}, 4), (std::vector<Step>{{0, 1000, 90}}));
}

TEST(Tidy, JoinsWhatHasOneShiftAndLiesNear) {
  std::vector<Alignment> alignments{{500, 600, 1}, {0, 100, 1},     {50, 200, 1},
                                    {0, 10, 2},    {5000, 6000, 1}, {300, 350, 1}};
  tidy(alignments);
  EXPECT_EQ(alignments, (std::vector<Alignment>{{0, 600, 1}, {0, 10, 2}, {5000, 6000, 1}}));
}

}  // namespace
}  // namespace stella::delta
