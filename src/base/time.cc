#include "stella/base/time.h"

#include <array>

#include <fmt/format.h>

namespace stella {
namespace {

constexpr std::int64_t kSecondsPerDay = 86400;

bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in_month(int year, int month) {
  constexpr std::array<int, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[static_cast<std::size_t>(month - 1)];
}

// Days since 1970-01-01; years begin in March, so that the leap day is the last one (Hinnant,
// "chrono-Compatible Low-Level Date Algorithms").
std::int64_t days_from_civil(int year, int month, int day) {
  const std::int64_t y = year - (month <= 2 ? 1 : 0);
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

std::unexpected<Error> not_a_time(std::string_view text, std::string_view why) {
  return fail({.code = ErrorCode::kCorrupt,
               .message = fmt::format("not a time: {}", why),
               .expected = "RFC 3339, such as 2026-11-27T02:38:00Z",
               .found = std::string(text.substr(0, 64))});
}

bool is_digit(char c) { return '0' <= c && c <= '9'; }

// The number that `count` digits at the beginning of `text` spell, which are taken away; -1 if there are
// fewer.
int take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return -1;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

Result<std::int64_t> seconds_from_civil(int year, int month, int day, int hour, int minute, int second) {
  if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) ||
      hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
    return fail(ErrorCode::kCorrupt, fmt::format("no such time: {:04}-{:02}-{:02} {:02}:{:02}:{:02}", year,
                                                 month, day, hour, minute, second));
  }
  return days_from_civil(year, month, day) * kSecondsPerDay + hour * 3600 + minute * 60 + second;
}

Result<UtcTime> parse_utc_time(std::string_view text) {
  std::string_view rest = text;
  const int year = take_digits(rest, 4);
  const bool dash1 = take(rest, "-");
  const int month = take_digits(rest, 2);
  const bool dash2 = take(rest, "-");
  const int day = take_digits(rest, 2);
  if (year < 0 || month < 0 || day < 0 || !dash1 || !dash2) return not_a_time(text, "no date");
  if (!take(rest, "Tt ")) return not_a_time(text, "no T after the date");
  const int hour = take_digits(rest, 2);
  const bool colon1 = take(rest, ":");
  const int minute = take_digits(rest, 2);
  const bool colon2 = take(rest, ":");
  const int second = take_digits(rest, 2);
  if (hour < 0 || minute < 0 || second < 0 || !colon1 || !colon2) return not_a_time(text, "no time of day");

  UtcTime time;
  if (take(rest, ".")) {
    if (rest.empty() || !is_digit(rest.front())) return not_a_time(text, "no digit after the point");
    std::uint32_t unit = 100'000'000;
    while (!rest.empty() && is_digit(rest.front())) {
      time.nanoseconds += static_cast<std::uint32_t>(rest.front() - '0') * unit;
      unit /= 10;
      rest.remove_prefix(1);
    }
  }
  int offset_minutes = 0;
  if (!take(rest, "Zz")) {
    const bool west = rest.starts_with('-');
    if (!take(rest, "+-")) return not_a_time(text, "no Z and no offset at the end");
    const int hours = take_digits(rest, 2);
    const bool colon = take(rest, ":");
    const int minutes = take_digits(rest, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || !colon)
      return not_a_time(text, "wrong offset");
    offset_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
  }
  if (!rest.empty()) return not_a_time(text, "text after it");
  auto seconds = seconds_from_civil(year, month, day, hour, minute, second);
  if (!seconds) return not_a_time(text, "no such day or time of day");
  time.seconds = *seconds - offset_minutes * 60;
  return time;
}

std::string to_string(UtcTime time) {
  const std::int64_t day =
      (time.seconds >= 0 ? time.seconds : time.seconds - (kSecondsPerDay - 1)) / kSecondsPerDay;
  const std::int64_t second = time.seconds - day * kSecondsPerDay;
  const std::int64_t z = day + 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const std::int64_t day_of_era = z - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", year, month,
                                 day_of_year - (153 * shifted_month + 2) / 5 + 1, second / 3600,
                                 second / 60 % 60, second % 60);
  if (time.nanoseconds != 0) {
    std::string fraction = fmt::format("{:09}", time.nanoseconds);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += "." + fraction;
  }
  return text + "Z";
}

}  // namespace stella
