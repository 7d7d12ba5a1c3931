// Points in time, in UTC, as files carry them. No clock is read here: whoever needs the current time is given
// it (ARCHITECTURE.md, rule 7).
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "stella/base/error.h"

namespace stella {

struct UtcTime {
  std::int64_t seconds = 0;       // since 1970-01-01T00:00:00Z, leap seconds not counted
  std::uint32_t nanoseconds = 0;  // below 10^9

  auto operator<=>(const UtcTime&) const = default;
};

// RFC 3339, years 0000 to 9999, with any number of fraction digits (those beyond nine are cut off) and any
// offset. Errors: kCorrupt.
[[nodiscard]] Result<UtcTime> parse_utc_time(std::string_view text);

// "2026-11-27T02:38:00Z", or with as many fraction digits as are needed. Inverse of parse_utc_time.
[[nodiscard]] std::string to_string(UtcTime time);

// Seconds since 1970 of a date and time of day (proleptic Gregorian calendar); a second of 60 is refused.
// Errors: kCorrupt for a day that does not exist.
[[nodiscard]] Result<std::int64_t> seconds_from_civil(int year, int month, int day, int hour, int minute,
                                                      int second);

// `time` moved by whole seconds.
[[nodiscard]] inline UtcTime operator+(UtcTime time, std::int64_t seconds) {
  return {.seconds = time.seconds + seconds, .nanoseconds = time.nanoseconds};
}

}  // namespace stella
