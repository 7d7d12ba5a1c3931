#include "stella/base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <new>
#include <stdexcept>
#include <vector>

#include "stella/base/isolate.h"

namespace stella {
namespace {

TEST(ParallelFor, DoesEachPieceOnce) {
  for (const unsigned threads : {0U, 1U, 2U, 7U}) {
    std::vector<std::atomic<int>> done(1000);
    ASSERT_TRUE(parallel_for(done.size(), threads, [&](std::size_t i) -> Status {
      ++done[i];
      return {};
    }));
    for (const auto& count : done) EXPECT_EQ(count, 1);
  }
}

TEST(ParallelFor, ReturnsTheErrorOfTheLowestIndexWhateverTheThreads) {
  for (const unsigned threads : {1U, 2U, 7U}) {
    for (int round = 0; round < 50; ++round) {
      const auto status = parallel_for(200, threads, [](std::size_t i) -> Status {
        if (i % 50 == 37) return fail(ErrorCode::kCorrupt, std::to_string(i));
        return {};
      });
      EXPECT_EQ(status.error().message, "37");
    }
  }
}

TEST(ParallelFor, GoesOnWithTheThreadsThatThereAre) {
  // The stacks of so many threads need more than the memory allowed.
  const auto done = run_isolated({.memory_max_bytes = 64 << 20, .time_max_s = 60, .output_max_bytes = 16},
                                 []() -> Result<Bytes> {
                                   std::atomic<std::uint8_t> count = 0;
                                   STELLA_CHECK(parallel_for(200, 200, [&](std::size_t) -> Status {
                                     ++count;
                                     return {};
                                   }));
                                   return Bytes{count};
                                 });
  ASSERT_TRUE(done) << to_string(done.error());
  EXPECT_EQ(*done, Bytes{200});
}

TEST(ParallelFor, TurnsExceptionsIntoErrors) {
  const auto thrown = parallel_for(3, 2, [](std::size_t) -> Status { throw std::runtime_error("broken"); });
  EXPECT_EQ(thrown.error().code, ErrorCode::kInternal);
  const auto memory = parallel_for(3, 2, [](std::size_t) -> Status { throw std::bad_alloc(); });
  EXPECT_EQ(memory.error().code, ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace stella
