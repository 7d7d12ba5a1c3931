#include "stella/chunk/chunk_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "cutter.h"
#include "stella/base/merkle.h"
#include "stella/chunk/cut.h"
#include "stella/chunk/proof.h"
#include "test_inputs.h"

namespace stella::chunk {
namespace {

// What the map must be, without windows and threads.
ChunkMap map_plainly(ByteView data, std::span<const Region> regions, const Params& params) {
  ChunkMap map;
  map.params = params;
  map.size_bytes = data.size();
  map.sha256 = sha256(data);
  map.blake3 = blake3(data);
  std::vector<Digest> leaves;
  for (const Region& region : regions) {
    const ByteView part = data.subspan(region.offset_bytes, region.size_bytes);
    const auto spans = chunk_spans(part, params);
    for (const ChunkSpan& span : *spans) {
      const Digest id = sha256(part.subspan(span.offset_bytes, span.size_bytes));
      map.chunks.push_back({id, region.offset_bytes + span.offset_bytes, span.size_bytes});
      leaves.push_back(merkle_leaf(id));
    }
  }
  map.merkle_root = merkle::root(leaves);
  return map;
}

std::vector<Region> regions_of(std::span<const std::uint64_t> sizes) {
  std::vector<Region> regions;
  std::uint64_t offset = 0;
  for (const std::uint64_t size : sizes) {
    regions.push_back({"part " + std::to_string(regions.size()), offset, size});
    offset += size;
  }
  return regions;
}

TEST(MapChunks, DoesNotDependOnThreads) {
  const Bytes data = testing::generate("islands", 1, 9'500'000);  // three windows
  const std::vector<Region> whole = {{"whole", 0, data.size()}};
  for (const Algorithm algorithm : {Algorithm::kGear, Algorithm::kRabin}) {
    const Params params = params_for_average(algorithm, 4096).value();
    const ChunkMap expected = map_plainly(data, whole, params);
    for (const unsigned threads : {0U, 1U, 2U, 5U}) {
      EXPECT_EQ(map_chunks(*memory_source(data), {}, params, threads, {}).value(), expected) << threads;
      EXPECT_EQ(map_chunks(*memory_source(data), whole, params, threads, {}).value(), expected) << threads;
    }
  }
}

TEST(MapChunks, CarriesAChunkOverSeveralSizesOfTheLastWindow) {
  constexpr std::size_t kWindowBytes = 4 << 20;
  const Bytes data = testing::generate("constant", 0, 2 * kWindowBytes + 70000);  // cut at the maximum only
  for (const std::size_t size :
       {kWindowBytes - 1, kWindowBytes, kWindowBytes + 1, 2 * kWindowBytes, data.size()}) {
    const ByteView part = ByteView(data).first(size);
    const std::vector<Region> whole = {{"whole", 0, size}};
    const Params params{.algorithm = Algorithm::kGear,
                        .size_min_bytes = 64,
                        .size_avg_bytes = 4096,
                        .size_max_bytes = 1000003};
    EXPECT_EQ(map_chunks(*memory_source(part), {}, params, 2, {}).value(), map_plainly(part, whole, params))
        << size;
  }
}

TEST(MapChunks, NoChunkCrossesTheEndOfARegion) {
  constexpr std::uint64_t kSeed = 3;
  testing::SplitMix64 random(kSeed);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::uint64_t> sizes;
    std::uint64_t total = 0;
    while (total < 6'000'000 && sizes.size() < 300) {
      sizes.push_back(random.below(std::uint64_t{1} << random.below(21)));
      total += sizes.back();
    }
    const Bytes data = testing::random_bytes(random.next(), total);
    const auto regions = regions_of(sizes);
    EXPECT_EQ(map_chunks(*memory_source(data), regions, {}, 2, {}).value(), map_plainly(data, regions, {}))
        << "seed " << kSeed << " round " << round;
  }
}

TEST(MapChunks, EqualRegionsGiveEqualChunksWhereverTheyLie) {
  const Bytes part = testing::random_bytes(4, 60000);
  Bytes data(12345, 9);
  append(data, part);
  append(data, part);
  const std::vector<std::uint64_t> sizes = {12345, 60000, 60000};
  const ChunkMap map = map_chunks(*memory_source(data), regions_of(sizes), {}, 1, {}).value();
  const std::size_t count = (map.chunks.size() - 1) / 2;
  for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(map.chunks[1 + i].id, map.chunks[1 + count + i].id);
}

TEST(MapChunks, EmptySourceHasNoChunksAndTheRootOfNoLeaves) {
  const std::vector<Region> empty = {{"nothing", 0, 0}, {"again nothing", 0, 0}};
  for (const std::span<const Region> regions : {std::span<const Region>{}, std::span<const Region>{empty}}) {
    const ChunkMap map = map_chunks(*memory_source({}), regions, {}, 2, {}).value();
    EXPECT_TRUE(map.chunks.empty());
    EXPECT_EQ(map.size_bytes, 0U);
    EXPECT_EQ(to_hex(map.merkle_root.view()),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(map.sha256, map.merkle_root);
    EXPECT_EQ(map.blake3, blake3({}));
  }
}

TEST(MapChunks, RefusesRegionsThatDoNotCoverTheSource) {
  const Bytes data(1000, 1);
  const std::uint64_t huge = ~std::uint64_t{0};
  const std::vector<std::vector<Region>> wrong = {
      {{"short", 0, 999}},
      {{"long", 0, 1001}},
      {{"late", 1, 999}},
      {{"a", 0, 500}, {"overlap", 499, 501}},
      {{"a", 0, 500}, {"gap", 501, 499}},
      {{"b", 500, 500}, {"before a", 0, 500}},
      {{"a", 0, 500}, {"wraps around", 500, huge}},
      {{"a", 0, 1000}, {"beyond", 1000, 1}},
      {{"a", 0, 500}, {"wraps back", 500, huge - 399}, {"to the end", 100, 900}},
  };
  for (const auto& regions : wrong) {
    const auto map = map_chunks(*memory_source(data, "data.bin"), regions, {}, 1, {});
    ASSERT_FALSE(map) << regions.back().name;
    EXPECT_EQ(map.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(map.error().where, "data.bin");
  }
  const auto gap = map_chunks(*memory_source(data), wrong[4], {}, 1, {});
  EXPECT_NE(gap.error().message.find("\"gap\""), std::string::npos);
  EXPECT_EQ(gap.error().expected, "an offset of 500 and at most 500 bytes");
}

TEST(MapChunks, RefusesInvalidParams) {
  EXPECT_FALSE(map_chunks(*memory_source({}), {}, {Algorithm::kGear, 1, 2, 3}, 1, {}));
}

class FailingSource final : public ByteSource {
 public:
  explicit FailingSource(std::uint64_t fails_from) : fails_from_(fails_from) {}
  std::uint64_t size() const override { return 20'000'000; }
  const std::string& name() const override { return name_; }
  Status read_at(std::uint64_t offset, MutableByteView to) const override {
    if (offset + to.size() > fails_from_) return fail(ErrorCode::kIo, "the disk is gone", name_);
    std::ranges::fill(to, std::uint8_t{1});
    return {};
  }

 private:
  std::uint64_t fails_from_;
  std::string name_ = "failing";
};

TEST(MapChunks, PassesOnTheErrorOfTheSource) {
  for (const std::uint64_t fails_from : {0U, 5'000'000U, 19'999'999U}) {
    const auto map = map_chunks(FailingSource(fails_from), {}, {}, 2, {});
    ASSERT_FALSE(map);
    EXPECT_EQ(map.error().message, "the disk is gone");
  }
}

TEST(MapChunks, ReportsProgressUpToTheEnd) {
  const Bytes data = testing::random_bytes(5, 9'000'000);
  std::uint64_t last = 0;
  const auto map = map_chunks(*memory_source(data), {}, {}, 2,
                              [&](std::string_view stage, std::uint64_t done, std::uint64_t total) {
                                EXPECT_EQ(stage, "chunking");
                                EXPECT_GT(done, last);
                                EXPECT_EQ(total, data.size());
                                last = done;
                              });
  ASSERT_TRUE(map);
  EXPECT_EQ(last, data.size());
}

// Zeros, with one other byte near the end.
class SparseSource final : public ByteSource {
 public:
  explicit SparseSource(std::uint64_t size) : size_(size) {}
  std::uint64_t size() const override { return size_; }
  const std::string& name() const override { return name_; }
  std::uint64_t marked() const { return size_ - 4'000'000; }
  Status read_at(std::uint64_t offset, MutableByteView to) const override {
    std::ranges::fill(to, std::uint8_t{0});
    if (offset <= marked() && marked() - offset < to.size()) to[marked() - offset] = 1;
    return {};
  }

 private:
  std::uint64_t size_;
  std::string name_ = "sparse";
};

// With STELLA_LONG the byte lies beyond 4 GiB, which takes about ten seconds.
TEST(MapChunks, FindsTheOneOtherByteOfASparseSource) {
  const char* const long_run = std::getenv("STELLA_LONG");
  const bool beyond_32_bits = long_run != nullptr && *long_run != '\0';
  const SparseSource source((beyond_32_bits ? std::uint64_t{4} << 30 : std::uint64_t{16} << 20) + 5'000'000);
  const ChunkMap map = map_chunks(source, {}, {}, 2, {}).value();
  std::uint64_t end = 0;
  for (const Chunk& chunk : map.chunks) {
    EXPECT_EQ(chunk.offset_bytes, end);
    end += chunk.size_bytes;
    const bool marked = chunk.offset_bytes <= source.marked() && source.marked() < end;
    EXPECT_EQ(chunk.id == map.chunks.front().id, !marked && chunk.size_bytes == 65536) << chunk.offset_bytes;
  }
  EXPECT_EQ(end, source.size());
}

}  // namespace
}  // namespace stella::chunk
