#include "stella/chunk/cut.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <string>
#include <tuple>

#include "cutter.h"
#include "test_inputs.h"

namespace stella::chunk {
namespace {

using Sizes = std::vector<std::uint32_t>;

// Cut points straight from the definition, each hash from its window alone.
bool is_candidate(ByteView before, Algorithm algorithm, int bits) {
  if (algorithm == Algorithm::kGear) {
    std::uint32_t sum = 0;
    for (std::size_t age = 0; age < 32; ++age) sum += kGearTable[before[before.size() - 1 - age]] << age;
    return sum >> (32 - bits) == 0;
  }
  std::uint64_t remainder = 0;
  for (const std::uint8_t byte : before.last(48)) {
    for (int bit = 7; bit >= 0; --bit) {
      remainder = remainder << 1 | (byte >> bit & 1U);
      if ((remainder >> kRabinDegree) != 0) remainder ^= kRabinPolynomial;
    }
  }
  return (~remainder & ((std::uint64_t{1} << bits) - 1)) == 0;
}

Sizes by_definition(ByteView data, const Params& params) {
  const int bits = std::countr_zero(params.size_avg_bytes);
  Sizes sizes;
  while (!data.empty()) {
    std::uint32_t size = params.size_min_bytes;
    while (size < params.size_max_bytes && size < data.size() &&
           !is_candidate(data.first(size), params.algorithm,
                         size < params.size_avg_bytes ? bits + 2 : bits - 2)) {
      ++size;
    }
    size = static_cast<std::uint32_t>(std::min<std::size_t>(size, data.size()));
    sizes.push_back(size);
    data = data.subspan(size);
  }
  return sizes;
}

Sizes in_blocks(ByteView data, const Params& params, Kernel kernel, std::size_t block_bytes_max,
                testing::SplitMix64& random) {
  Sizes sizes;
  Cutter cutter(params, kernel);
  while (!data.empty()) {
    const std::size_t count = std::min<std::size_t>(1 + random.below(block_bytes_max), data.size());
    cutter.feed(data.first(count), sizes);
    data = data.subspan(count);
  }
  cutter.finish(sizes);
  return sizes;
}

std::vector<Kernel> kernels() {
  std::vector<Kernel> kernels{Kernel::kScalar};
  if (has_avx512()) kernels.push_back(Kernel::kAvx512);
  return kernels;
}

Sizes at_once(ByteView data, const Params& params, Kernel kernel) {
  Sizes sizes;
  Cutter cutter(params, kernel);
  cutter.feed(data, sizes);
  cutter.finish(sizes);
  return sizes;
}

std::vector<Params> all_params() {
  std::vector<Params> all;
  for (const Algorithm algorithm : {Algorithm::kGear, Algorithm::kRabin}) {
    for (const std::uint32_t average : {4096U, 8192U, 16384U}) {
      all.push_back(params_for_average(algorithm, average).value());
    }
    all.push_back({algorithm, 64, 4096, 1 << 20});
    all.push_back({algorithm, 4096, 4096, 4096});
    all.push_back({algorithm, 100, 4096, 5001});
  }
  return all;
}

std::string describe(const Params& params) {
  return std::string(to_string(params.algorithm)) + " " + std::to_string(params.size_min_bytes) + "/" +
         std::to_string(params.size_avg_bytes) + "/" + std::to_string(params.size_max_bytes);
}

TEST(Cut, FollowsTheDefinitionOnEveryKernel) {
  for (const Params& params : all_params()) {
    for (const std::string_view kind : {"random", "records", "islands", "constant"}) {
      const Bytes data = testing::generate(kind, 5, params.algorithm == Algorithm::kGear ? 150001 : 50001);
      const Sizes expected = by_definition(data, params);
      for (const Kernel kernel : kernels()) {
        EXPECT_EQ(at_once(data, params, kernel), expected)
            << describe(params) << " " << kind << " kernel " << static_cast<int>(kernel);
      }
    }
  }
}

TEST(Cut, DoesNotDependOnBlocksNorKernel) {
  constexpr std::uint64_t kSeed = 20;
  testing::SplitMix64 random(kSeed);
  for (const Params& params : all_params()) {
    for (const std::string_view kind : {"random", "records", "islands", "constant"}) {
      const Bytes data = testing::generate(kind, random.next(), 1'100'000 + random.below(5000));
      const Sizes expected = at_once(data, params, Kernel::kScalar);
      for (const Kernel kernel : kernels()) {
        for (const std::size_t block_bytes_max : {700U, 9000U, 80000U, 600000U, 1U << 24}) {
          ASSERT_EQ(in_blocks(data, params, kernel, block_bytes_max, random), expected)
              << describe(params) << " " << kind << " blocks up to " << block_bytes_max << " kernel "
              << static_cast<int>(kernel) << " seed " << kSeed;
        }
      }
    }
  }
}

// A window that ends in a candidate for an average of 4096, found by trial: a strict one, or one that is
// loose only.
Bytes candidate_window(Algorithm algorithm, bool strict) {
  for (std::uint64_t seed = 0;; ++seed) {
    Bytes window = testing::random_bytes(seed, 48);
    if (is_candidate(window, algorithm, 10) && is_candidate(window, algorithm, 14) == strict) return window;
  }
}

TEST(Cut, TakesCandidatesFromTheMinimumOnAndLooseOnesFromTheAverageOn) {
  constexpr std::uint32_t kMin = 1000, kAvg = 4096, kMax = 9000;
  struct Case {
    std::uint32_t candidate_end;
    bool strict;
    std::uint32_t size;
  };
  for (const Algorithm algorithm : {Algorithm::kGear, Algorithm::kRabin}) {
    const Bytes strict = candidate_window(algorithm, true);
    const Bytes loose = candidate_window(algorithm, false);
    for (const Case& c : {Case{kMin - 1, true, kMax},
                          {kMin, true, kMin},
                          {kMin + 1, true, kMin + 1},
                          {kMin, false, kMax},
                          {kAvg - 1, true, kAvg - 1},
                          {kAvg - 1, false, kMax},
                          {kAvg, false, kAvg},
                          {kAvg, true, kAvg},
                          {kMax - 1, false, kMax - 1},
                          {kMax, false, kMax},
                          {kMax + 1, false, kMax}}) {
      Bytes data(20000, 0);  // no candidate in runs
      const Bytes& window = c.strict ? strict : loose;
      std::ranges::copy(window, data.begin() + c.candidate_end - 48);
      const Params params{algorithm, kMin, kAvg, kMax};
      for (const Kernel kernel : kernels()) {
        EXPECT_EQ(at_once(data, params, kernel).front(), c.size)
            << to_string(algorithm) << " candidate at " << c.candidate_end << " strict " << c.strict
            << " kernel " << static_cast<int>(kernel);
      }
    }
  }
}

TEST(Cut, EveryLengthAroundTheLimitsIsCoveredExactly) {
  const Bytes data = testing::random_bytes(11, 140000);
  for (const Params& params : all_params()) {
    for (const std::uint32_t near :
         {1U, params.size_min_bytes, params.size_avg_bytes, params.size_max_bytes, 4096U, 65536U}) {
      for (std::uint32_t size = near - 1; size <= near + 1 && size <= data.size(); ++size) {
        const auto spans = chunk_spans(ByteView(data).first(size), params).value();
        std::uint64_t end = 0;
        for (std::size_t i = 0; i < spans.size(); ++i) {
          EXPECT_EQ(spans[i].offset_bytes, end);
          EXPECT_LE(spans[i].size_bytes, params.size_max_bytes);
          EXPECT_TRUE(i + 1 == spans.size() || spans[i].size_bytes >= params.size_min_bytes);
          EXPECT_GT(spans[i].size_bytes, 0U);
          end += spans[i].size_bytes;
        }
        EXPECT_EQ(end, size) << describe(params);
      }
    }
  }
}

TEST(Cut, EmptyDataGivesNoChunks) { EXPECT_TRUE(chunk_spans({}, Params{}).value().empty()); }

TEST(Cut, RunsAreCutAtTheMaximum) {
  for (const int byte : {0x00, 0x20, 0x90, 0xcc, 0xff}) {
    const Bytes run(300000, static_cast<std::uint8_t>(byte));
    for (const Algorithm algorithm : {Algorithm::kGear, Algorithm::kRabin}) {
      const auto spans = chunk_spans(run, params_for_average(algorithm, 8192).value()).value();
      ASSERT_EQ(spans.size(), 5U);
      EXPECT_EQ(spans[3].size_bytes, 65536U);
      EXPECT_EQ(spans[4].size_bytes, 300000U - 4 * 65536U);
    }
  }
}

TEST(Cut, ChunksOfRandomDataAreAboutAsLargeAsAskedFor) {
  const Bytes data = testing::random_bytes(12, 8 << 20);
  for (const Algorithm algorithm : {Algorithm::kGear, Algorithm::kRabin}) {
    for (const std::uint32_t average : {4096U, 8192U, 16384U}) {
      const auto spans = chunk_spans(data, params_for_average(algorithm, average).value()).value();
      const double found = static_cast<double>(data.size()) / static_cast<double>(spans.size());
      EXPECT_GT(found, average * 0.9);
      EXPECT_LT(found, average * 1.3);
    }
  }
}

TEST(Cut, AnInsertedByteChangesFewChunks) {
  const Bytes before = testing::random_bytes(13, 1 << 20);
  Bytes after = before;
  after.insert(after.begin() + (1 << 19), 0x55);
  for (const Algorithm algorithm : {Algorithm::kGear, Algorithm::kRabin}) {
    const Params params = params_for_average(algorithm, 8192).value();
    const auto base = chunk_spans(before, params).value();
    const auto target = chunk_spans(after, params).value();
    std::size_t from_start = 0;
    while (base[from_start] == target[from_start]) ++from_start;
    std::size_t from_end = 0;
    while (base[base.size() - 1 - from_end].size_bytes == target[target.size() - 1 - from_end].size_bytes)
      ++from_end;
    EXPECT_GE(from_start + from_end + 5, base.size());
  }
}

TEST(Cut, RefusesInvalidParams) {
  const auto spans = chunk_spans({}, {Algorithm::kGear, 10, 8192, 65536});
  ASSERT_FALSE(spans);
  EXPECT_EQ(spans.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace stella::chunk
