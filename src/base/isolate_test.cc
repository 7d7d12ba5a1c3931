#include "stella/base/isolate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <vector>

namespace stella {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryIsLimited = false;
#else
constexpr bool kMemoryIsLimited = true;
#endif

constexpr IsolationLimits kLimits{
    .memory_max_bytes = 256 << 20, .time_max_s = 20, .output_max_bytes = 1 << 20};

TEST(Isolate, ReturnsWhatTheWorkReturns) {
  const auto result = run_isolated(kLimits, []() -> Result<Bytes> { return Bytes(100'000, 7); });
  ASSERT_TRUE(result) << to_string(result.error());
  EXPECT_EQ(*result, Bytes(100'000, 7));
  EXPECT_TRUE(run_isolated(kLimits, []() -> Result<Bytes> { return Bytes(); }));
}

TEST(Isolate, ReturnsTheErrorOfTheWorkWhole) {
  const auto result = run_isolated(kLimits, []() -> Result<Bytes> {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "m",
                 .where = "w",
                 .expected = "e",
                 .found = "f",
                 .next = "n"});
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(to_string(result.error()), "m (at w, expected e, found f). n");
}

TEST(Isolate, SurvivesAWorkThatDies) {
  const auto result = run_isolated(kLimits, []() -> Result<Bytes> {
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInternal);
}

TEST(Isolate, EndsAWorkThatTakesTooLong) {
  IsolationLimits limits = kLimits;
  limits.time_max_s = 1;
  const auto result = run_isolated(limits, []() -> Result<Bytes> {
    std::atomic<std::uint64_t> spins = 0;
    for (;;) ++spins;
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kLimitExceeded);
}

TEST(Isolate, EndsAWorkThatSleepsTooLong) {
  IsolationLimits limits = kLimits;
  limits.time_max_s = 1;
  const auto result = run_isolated(limits, []() -> Result<Bytes> {
    std::this_thread::sleep_for(std::chrono::minutes(1));
    return Bytes();
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kLimitExceeded);
}

TEST(Isolate, SaysWhenMemoryRunsOut) {
  if (!kMemoryIsLimited) return;  // sanitizers need the whole address space
  const auto result = run_isolated(kLimits, []() -> Result<Bytes> {
    std::vector<Bytes> all;
    for (;;) all.emplace_back(std::size_t{16} << 20, std::uint8_t{1});
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kLimitExceeded);
  EXPECT_NE(result.error().message.find("memory"), std::string::npos);
}

TEST(Isolate, RefusesAResultThatIsTooLarge) {
  const auto result = run_isolated(kLimits, []() -> Result<Bytes> { return Bytes(2 << 20, 1); });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kLimitExceeded);
}

TEST(Isolate, TellsBeingKilledFromTakingTooLong) {
  const auto killed = run_isolated({.memory_max_bytes = 64 << 20, .time_max_s = 60, .output_max_bytes = 16},
                                   []() -> Result<Bytes> {
                                     std::raise(SIGKILL);
                                     return Bytes{};
                                   });
  ASSERT_FALSE(killed);
  EXPECT_EQ(killed.error().code, ErrorCode::kLimitExceeded);
  EXPECT_NE(killed.error().message.find("killed"), std::string::npos);
}

}  // namespace
}  // namespace stella
