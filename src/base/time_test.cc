#include "stella/base/time.h"

#include <gtest/gtest.h>

namespace stella {
namespace {

std::int64_t seconds(std::string_view text) { return parse_utc_time(text).value().seconds; }

// Expected values from GNU date.
TEST(UtcTime, CountsSecondsAsGnuDateDoes) {
  EXPECT_EQ(seconds("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(seconds("2000-02-29T12:00:00Z"), 951825600);
  EXPECT_EQ(seconds("2026-11-27T02:38:00Z"), 1795747080);
  EXPECT_EQ(seconds("1969-12-31T23:59:59Z"), -1);
  EXPECT_EQ(seconds("1900-03-01T00:00:00Z"), -2203891200);
  EXPECT_EQ(seconds("9999-12-31T23:59:59Z"), 253402300799);
  EXPECT_EQ(seconds("0000-01-01T00:00:00Z"), -62167219200);
}

TEST(UtcTime, TakesOffsetsAndAnyNumberOfFractionDigits) {
  EXPECT_EQ(seconds("2026-11-27T04:38:00+02:00"), 1795747080);
  EXPECT_EQ(seconds("2026-11-26T21:08:00-05:30"), 1795747080);
  EXPECT_EQ(parse_utc_time("2022-12-31T23:59:59.999Z").value().nanoseconds, 999'000'000U);
  EXPECT_EQ(parse_utc_time("2022-12-31T23:59:59.1234567891234Z").value().nanoseconds, 123'456'789U);
}

TEST(UtcTime, ReadsBackWhatItWrites) {
  for (const char* text :
       {"1970-01-01T00:00:00Z", "2000-02-29T23:59:59.5Z", "1969-12-31T23:59:59.000000001Z",
        "0000-03-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z", "1600-12-31T00:00:00Z"}) {
    EXPECT_EQ(to_string(parse_utc_time(text).value()), text);
  }
}

TEST(UtcTime, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2026", "2026-11-27", "2026-11-27T02:38:00", "2026-02-29T00:00:00Z",
                           "2026-13-01T00:00:00Z", "2026-11-27T24:00:00Z", "2026-11-27T02:38:60Z",
                           "2026-11-27T02:38:00.Z", "2026-11-27T02:38:00Zx", "2026-11-27T02:38:00+2:00",
                           "2026-11-27X02:38:00Z", "26-11-27T02:38:00Z", "2026-11-27T02:38:00+24:00"}) {
    EXPECT_FALSE(parse_utc_time(text)) << text;
  }
}

TEST(UtcTime, OrdersByFractionWithinASecond) {
  EXPECT_LT(parse_utc_time("2022-12-31T23:59:59.9Z").value(),
            parse_utc_time("2022-12-31T23:59:59.91Z").value());
}

}  // namespace
}  // namespace stella
