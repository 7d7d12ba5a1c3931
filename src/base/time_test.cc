#include "stella/base/time.h"

#include <ctime>

#include <gtest/gtest.h>

namespace stella {
namespace {

TEST(Time, AgreesWithTheSystemOnEveryDay) {
  for (std::int64_t day = -719'162; day < 2'932'896; day += 97) {  // 0001-01-01 to 9999-12-31
    const Time time{.seconds = day * kSecondsPerDay + day % 86'400 + (day < 0 ? 86'399 : 0)};
    std::tm civil{};
    const std::time_t seconds = time.seconds;
    if (civil.tm_year > 8099 || gmtime_r(&seconds, &civil) == nullptr || civil.tm_year + 1900 < 1) continue;
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", civil.tm_year + 1900, civil.tm_mon + 1,
                  civil.tm_mday, civil.tm_hour, civil.tm_min, civil.tm_sec);
    ASSERT_EQ(to_string(time), text);
    ASSERT_EQ(parse_time(text).value(), time);
  }
}

TEST(Time, ReadsFractionsAndOffsets) {
  EXPECT_EQ(parse_time("1970-01-01T00:00:01.5Z").value(), (Time{1, 500'000'000}));
  EXPECT_EQ(parse_time("1970-01-01T00:00:00.0000000019Z").value(), (Time{0, 1}));
  EXPECT_EQ(parse_time("1970-01-01T02:30:00+02:30").value(), (Time{0, 0}));
  EXPECT_EQ(parse_time("1969-12-31t23:00:00-01:00").value(), (Time{0, 0}));
  EXPECT_EQ(to_string(Time{1, 120'000'000}), "1970-01-01T00:00:01.12Z");
}

TEST(Time, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2026", "2026-11-27", "2026-11-27T02:21:00", "2026-11-27T02:21Z", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-11-27T24:00:00Z", "2026-11-27T02:21:00.Z", "2026-11-27T02:21:00Zx",
        "2026-11-27T02:21:00+0100", "0000-01-01T00:00:00Z", "+026-11-27T02:21:00Z", "2026-1-27T02:21:00Z"}) {
    EXPECT_EQ(parse_time(text).error().code, ErrorCode::kCorrupt) << text;
  }
  EXPECT_TRUE(parse_time("2000-02-29T00:00:00Z"));
  EXPECT_TRUE(parse_time("2016-12-31T23:59:60Z"));
}

}  // namespace
}  // namespace stella
