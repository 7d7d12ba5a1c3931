#include "stella/chunk/params.h"

#include <gtest/gtest.h>

namespace stella::chunk {
namespace {

Params sizes(std::uint32_t min, std::uint32_t avg, std::uint32_t max) {
  return {.algorithm = Algorithm::kGear, .size_min_bytes = min, .size_avg_bytes = avg, .size_max_bytes = max};
}

TEST(Params, DefaultsAreTheUsualSizesForEightKibibytes) {
  EXPECT_EQ(params_for_average(Algorithm::kGear, 8192).value(), Params{});
}

TEST(Params, AverageGivesAQuarterAndEightTimesOfIt) {
  EXPECT_EQ(params_for_average(Algorithm::kGear, 4096).value(), sizes(1024, 4096, 32768));
  EXPECT_EQ(params_for_average(Algorithm::kGear, 16384).value(), sizes(4096, 16384, 131072));
}

TEST(Params, RefusesAveragesThatAreNoPowerOfTwoOrOutOfRange) {
  for (const std::uint32_t average :
       {0U, 1U, 2048U, 4095U, 6000U, 8191U, 32768U, 0x20000000U, 0x80000000U, ~0U}) {
    const auto params = params_for_average(Algorithm::kGear, average);
    ASSERT_FALSE(params) << average;
    EXPECT_EQ(params.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(params.error().found.find(std::to_string(average)), std::string::npos);
  }
}

TEST(Params, RefusesSizesOutOfOrderOrRange) {
  EXPECT_TRUE(validate(sizes(64, 4096, 1 << 20)));
  EXPECT_TRUE(validate(sizes(4096, 4096, 4096)));
  EXPECT_FALSE(validate(sizes(63, 4096, 32768)));
  EXPECT_FALSE(validate(sizes(4097, 4096, 32768)));
  EXPECT_FALSE(validate(sizes(1024, 4096, 4095)));
  EXPECT_FALSE(validate(sizes(1024, 4096, (1 << 20) + 1)));
}

TEST(Params, RefusesAnAlgorithmOutsideOfTheEnumeration) {
  Params params;
  params.algorithm = static_cast<Algorithm>(7);
  EXPECT_FALSE(validate(params));
}

TEST(Algorithm, NamesReadBackAndOthersAreRefused) {
  for (const Algorithm algorithm : {Algorithm::kGear, Algorithm::kRabin}) {
    EXPECT_EQ(parse_algorithm(to_string(algorithm)).value(), algorithm);
  }
  for (const std::string_view name : {"", "Gear", "gear ", "fastcdc"}) {
    const auto algorithm = parse_algorithm(name);
    ASSERT_FALSE(algorithm) << name;
    EXPECT_EQ(algorithm.error().code, ErrorCode::kUnsupported);
    EXPECT_EQ(algorithm.error().expected, "gear or rabin");
  }
}

}  // namespace
}  // namespace stella::chunk
