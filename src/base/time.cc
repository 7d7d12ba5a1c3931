#include "stella/base/time.h"

#include <optional>

#include <fmt/format.h>

namespace stella {
namespace {

// Days since 1970-01-01 of a civil date, counted in years that begin in March, so that the leap day is the
// last.
std::int64_t days_from_civil(int year, int month, int day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

int days_in_month(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

// Takes decimal digits from the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::optional<int> number(std::size_t digits) {
    if (text_.size() < digits) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return std::nullopt;
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(digits);
    return value;
  }
  bool take(std::string_view any_of) {
    if (text_.empty() || any_of.find(text_.front()) == std::string_view::npos) return false;
    taken_ = text_.front();
    text_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] char taken() const { return taken_; }
  [[nodiscard]] bool at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
  char taken_ = 0;
};

}  // namespace

Result<Time> time_from_civil(int year, int month, int day, int hour, int minute, int second) {
  const bool exists = year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
                      day <= days_in_month(year, month) && hour >= 0 && hour <= 23 && minute >= 0 &&
                      minute <= 59 && second >= 0 && second <= 60;
  if (!exists) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "there is no such date and time",
                 .found = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", year, month, day, hour, minute,
                                      second)});
  }
  return Time{.seconds =
                  days_from_civil(year, month, day) * kSecondsPerDay + hour * 3600 + minute * 60 + second};
}

Result<Time> parse_time(std::string_view text) {
  const auto malformed = [&] {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "not a time as RFC 3339 writes it",
                 .expected = "such as 2026-11-27T02:21:00Z",
                 .found = std::string(text.substr(0, 64))});
  };
  Scanner scan(text);
  const auto year = scan.number(4);
  const auto month = year && scan.take("-") ? scan.number(2) : std::nullopt;
  const auto day = month && scan.take("-") ? scan.number(2) : std::nullopt;
  const auto hour = day && scan.take("Tt ") ? scan.number(2) : std::nullopt;
  const auto minute = hour && scan.take(":") ? scan.number(2) : std::nullopt;
  const auto second = minute && scan.take(":") ? scan.number(2) : std::nullopt;
  if (!second) return malformed();

  std::int32_t nanoseconds = 0;
  if (scan.take(".")) {
    std::int32_t unit = 100'000'000;
    if (!scan.take("0123456789")) return malformed();
    do {
      nanoseconds += (scan.taken() - '0') * unit;
      unit /= 10;
    } while (scan.take("0123456789"));
  }
  std::int64_t offset_seconds = 0;
  if (!scan.take("Zz")) {
    if (!scan.take("+-")) return malformed();
    const int sign = scan.taken() == '+' ? 1 : -1;
    const auto hours = scan.number(2);
    const auto minutes = hours && scan.take(":") ? scan.number(2) : std::nullopt;
    if (!minutes || *hours > 23 || *minutes > 59) return malformed();
    offset_seconds = sign * (*hours * 3600 + *minutes * 60);
  }
  if (!scan.at_end()) return malformed();
  STELLA_TRY(Time time, time_from_civil(*year, *month, *day, *hour, *minute, *second));
  time.seconds -= offset_seconds;
  time.nanoseconds = nanoseconds;
  return time;
}

std::string to_string(const Time& time) {
  std::int64_t days = time.seconds / kSecondsPerDay;
  std::int64_t rest = time.seconds % kSecondsPerDay;
  if (rest < 0) rest += kSecondsPerDay, --days;

  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const std::int64_t day_of_era = shifted - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const std::int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  if (year < 1 || year > 9999) return fmt::format("@{}", time.seconds);

  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", year, month, day, rest / 3600,
                                 rest / 60 % 60, rest % 60);
  if (time.nanoseconds != 0) {
    std::string fraction = fmt::format("{:09}", time.nanoseconds);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += "." + fraction;
  }
  return text + "Z";
}

}  // namespace stella
