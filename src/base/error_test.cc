#include "stella/base/error.h"

#include <gtest/gtest.h>

namespace stella {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return fail(ErrorCode::kInvalidArgument, "odd", "value");
  return value / 2;
}

Result<int> quarter(int value) {
  STELLA_TRY(const int once, half(value));
  STELLA_TRY(const int twice, half(once));
  return twice;
}

Status divisible_by_four(int value) {
  STELLA_CHECK(quarter(value));
  return {};
}

TEST(Error, TravelsUpUnchanged) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_TRUE(divisible_by_four(4));
  EXPECT_FALSE(divisible_by_four(2));
}

TEST(Error, SaysWhatWhereExpectedFoundAndNext) {
  const Error error{.code = ErrorCode::kUntrusted,
                    .message = "wrong base",
                    .where = "a.bin",
                    .expected = "sha256:1",
                    .found = "sha256:2",
                    .next = "Fetch the right one"};
  EXPECT_EQ(to_string(error),
            "wrong base (at a.bin, expected sha256:1, found sha256:2). Fetch the right one");
  EXPECT_EQ(Error(error).at("image.tar").where, "image.tar: a.bin");
}

// Scripts depend on these numbers.
TEST(Error, ExitStatusesAreStable) {
  EXPECT_EQ(exit_status(ErrorCode::kUntrusted), 1);
  for (const auto code : {ErrorCode::kInvalidArgument, ErrorCode::kUnsupported, ErrorCode::kLimitExceeded,
                          ErrorCode::kCorrupt}) {
    EXPECT_EQ(exit_status(code), 2);
  }
  EXPECT_EQ(exit_status(ErrorCode::kUnauthorised), 3);
  EXPECT_EQ(exit_status(ErrorCode::kNotFound), 4);
  EXPECT_EQ(exit_status(ErrorCode::kOffline), 5);
  EXPECT_EQ(exit_status(ErrorCode::kUnavailable), 10);
  EXPECT_EQ(exit_status(ErrorCode::kInternal), 70);
  EXPECT_EQ(exit_status(ErrorCode::kIo), 74);
}

}  // namespace
}  // namespace stella
