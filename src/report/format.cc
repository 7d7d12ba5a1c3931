#include "format.h"

#include <algorithm>

#include <fmt/format.h>

namespace stella::report {
namespace {

// Columns on a terminal: code points, which is right for all that we print ourselves.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

std::string grouped(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string printable(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    // C1 control characters are 0xc2 0x80 to 0xc2 0x9f in UTF-8.
    const bool c1 = c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c1) ++i;
    result += c < 0x20 || c == 0x7f || c1 ? '?' : text[i];
  }
  return result;
}

std::string plural(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(count), noun, count == 1 ? "" : "s");
}

bool only_itself(const delta::Manifest& manifest) {
  const delta::Members& m = manifest.members;
  return m.added.empty() && m.removed.empty() && m.unopened.empty() && m.unchanged + m.changed.size() <= 1 &&
         (m.changed.empty() || m.changed[0].path.empty());
}

std::string functions_text(const delta::FunctionsChanged& f) {
  std::string text;
  const auto add = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(count), what);
  };
  add(f.modified.count, "modified");
  add(f.added.count, "added");
  add(f.removed.count, "removed");
  add(f.renamed.count, "renamed");
  add(f.moved.count, "moved");
  if (text.empty()) text = "none changed";
  if (f.programs_compared != 1) text += fmt::format("; {} compared", plural(f.programs_compared, "program"));
  add(f.programs_added, "programs added");
  add(f.programs_removed, "programs removed");
  add(f.programs_not_compared, "programs not compared");
  return text;
}

std::string coloured(std::string_view text, Colour colour, Style style) {
  if (!style.colour) return std::string(text);
  static constexpr std::string_view kCodes[] = {"31", "32", "33", "34", "1", "2"};
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<std::size_t>(colour)], text);
}

std::string Table::text(std::string_view indent) const {
  std::vector<std::size_t> widths(right_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string result;
  for (const auto& row : rows_) {
    std::string line(indent);
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - width_of(row[i]), ' ');
      line += right_[i] ? padding + row[i] : row[i] + padding;
      line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + '\n';
  }
  return result;
}

}  // namespace stella::report
