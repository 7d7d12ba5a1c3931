#include "common_subsequence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace stella::executable {
namespace {

using Keys = std::vector<std::uint64_t>;

// The textbook table.
std::size_t length_by_table(const Keys& a, const Keys& b) {
  std::vector<std::vector<std::size_t>> table(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t k = 1; k <= b.size(); ++k) {
      table[i][k] =
          a[i - 1] == b[k - 1] ? table[i - 1][k - 1] + 1 : std::max(table[i - 1][k], table[i][k - 1]);
    }
  }
  return table[a.size()][b.size()];
}

void expect_common(const Keys& a, const Keys& b) {
  const auto pairs = common_subsequence(a, b);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    EXPECT_EQ(a[pairs[i].first], b[pairs[i].second]);
    if (i != 0) {
      EXPECT_LT(pairs[i - 1].first, pairs[i].first);
      EXPECT_LT(pairs[i - 1].second, pairs[i].second);
    }
  }
}

TEST(CommonSubsequence, IsAsLongAsTheTextbookSays) {
  constexpr unsigned kSeed = 7;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 3000; ++round) {
    const std::uint64_t letters = 1 + random() % 5;
    Keys a(random() % 24), b(random() % 24);
    for (auto& key : a) key = random() % letters;
    for (auto& key : b) key = random() % letters;
    expect_common(a, b);
    ASSERT_EQ(common_subsequence(a, b).size(), length_by_table(a, b))
        << "seed " << kSeed << " round " << round;
  }
}

TEST(CommonSubsequence, EndsSoonOnListsThatHaveNothingInCommon) {
  Keys a(200'000), b(200'000);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = 2 * i, b[i] = 2 * i + 1;
  EXPECT_TRUE(common_subsequence(a, b).empty());
}

}  // namespace
}  // namespace stella::executable
