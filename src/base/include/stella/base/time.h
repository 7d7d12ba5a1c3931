// Moments in UTC. There is no clock in here: who needs the present is given it (ARCHITECTURE.md, rule 7).
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "stella/base/error.h"

namespace stella {

// Seconds and nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted; 0 <= nanoseconds < 10^9.
struct Time {
  std::int64_t seconds = 0;
  std::int32_t nanoseconds = 0;

  auto operator<=>(const Time&) const = default;
};

inline constexpr std::int64_t kSecondsPerDay = 86'400;

// The moment of a civil date and time of the proleptic Gregorian calendar, years 1 to 9999.
// Errors: kCorrupt for a date that does not exist. A leap second (60) counts as the second after it.
[[nodiscard]] Result<Time> time_from_civil(int year, int month, int day, int hour, int minute, int second);

// RFC 3339 with a "Z" or a numeric offset and any number of fraction digits; those beyond nanoseconds are cut
// off. Errors: kCorrupt.
[[nodiscard]] Result<Time> parse_time(std::string_view text);

// "2026-11-27T02:21:00Z"; with nanoseconds that are not zero "2026-11-27T02:21:00.123456789Z", zeros at the
// end dropped. Years outside of 1 to 9999 are shown as "@<seconds>".
[[nodiscard]] std::string to_string(const Time& time);

}  // namespace stella
