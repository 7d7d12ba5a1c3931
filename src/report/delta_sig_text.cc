#include <algorithm>

#include <fmt/format.h>

#include "delta_sig_rows.h"
#include "format.h"
#include "stella/report/delta_sig.h"

namespace stella::report {
namespace {

using operations::DeltaSigDiffResult;
using operations::DeltaSigShowResult;
using operations::DeltaSigVerifyResult;
using statement::ChangeKind;
using statement::DeltaSig;
using statement::FunctionDelta;

constexpr std::size_t kTopShown = 10;
constexpr std::size_t kProgramsShown = 12;
constexpr std::size_t kNameWidth = 60;
constexpr std::size_t kListingWidth = 58;

// At most `width` code points; what is longer ends in "…".
std::string cut(std::string_view text, std::size_t width) {
  std::string shown = printable(text);
  std::size_t points = 0;
  for (std::size_t at = 0; at < shown.size(); ++at) {
    if ((static_cast<unsigned char>(shown[at]) & 0xc0) == 0x80) continue;
    if (++points < width) continue;
    std::size_t next = at + 1;
    while (next < shown.size() && (static_cast<unsigned char>(shown[next]) & 0xc0) == 0x80) ++next;
    if (next < shown.size()) return shown.substr(0, at) + "…";
    break;
  }
  return shown;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string padded(std::string text, std::size_t width) {
  const std::size_t has = width_of(text);
  if (has < width) text.append(width - has, ' ');
  return text;
}

std::string instructions(const FunctionDelta& delta) {
  if (delta.code) {
    return fmt::format("+{} -{}", grouped(delta.code->instructions_added),
                       grouped(delta.code->instructions_removed));
  }
  if (delta.match) return "";
  return fmt::format("{}{}", delta.target ? "+" : "-", grouped(delta.shown().instructions));
}

std::string rows(const DeltaSig& predicate, const std::vector<std::size_t>& chosen) {
  const bool several = predicate.summary.programs.size() > 1;
  Table table(several ? std::vector<bool>{false, false, false, true, true, true, true, false, false}
                      : std::vector<bool>{false, false, false, true, true, true, true, false});
  std::vector<std::string> heading = {"change", "function",   "section", "size",
                                      "instr.", "similarity", "fan-out", "matched by"};
  if (several) heading.emplace_back("program");
  table.row(heading);
  for (const std::size_t index : chosen) {
    const FunctionDelta& d = predicate.delta[index];
    std::vector<std::string> cells = {
        std::string(to_string(d.change)),
        cut(name_of(d), kNameWidth),
        printable(d.shown().section),
        signed_number(size_delta(d)),
        instructions(d),
        d.match ? percent(d.match->similarity_per_mille) : "",
        grouped(d.shown().fan_out),
        d.match ? fmt::format("{}, {}", d.match->kind, percent(d.match->confidence_per_mille)) : ""};
    if (several) cells.push_back(cut(program_of(predicate, d), kNameWidth));
    table.row(cells);
  }
  return table.text();
}

std::string list_of(const statement::Names& names, std::string_view sign) {
  constexpr std::size_t kNamesShown = 6;
  std::string text;
  for (std::size_t i = 0; i < std::min(kNamesShown, names.listed.size()); ++i) {
    text += fmt::format("{}{}{}", text.empty() ? "" : ", ", sign, cut(names.listed[i], 40));
  }
  if (names.count > kNamesShown) text += fmt::format(" … {} in all", grouped(names.count));
  return text;
}

void name_rows(std::string_view what, const statement::NameChange& change, Table& to) {
  for (const auto* names : {&change.added, &change.removed}) {
    if (names->count > 0) to.row({std::string(what), list_of(*names, names == &change.added ? "+" : "-")});
    what = "";
  }
}

std::string overview(const DeltaSig& p, Style style) {
  Table table({false, false});
  const statement::FunctionCounts& counts = p.summary.functions;
  table.row({"base", fmt::format("{} {} bytes {}", printable(p.base.name), grouped(p.base.size_bytes),
                                 sha256_text(p.base.sha256))});
  table.row({"target", fmt::format("{} {} bytes {}", printable(p.target.name), grouped(p.target.size_bytes),
                                   sha256_text(p.target.sha256))});
  table.row({"functions",
             fmt::format("{} → {}: {}", grouped(counts.base), grouped(counts.target), counts_text(counts))});
  const auto& programs = p.summary.programs;
  if (programs.size() == 1 && programs[0].comparison) {
    const statement::ProgramComparison& c = *programs[0].comparison;
    table.row({"program", fmt::format("{}, {}", c.format, c.arch)});
    name_rows("imports", c.imports, table);
    name_rows("exports", c.exports, table);
    name_rows("strings", c.strings, table);
  }
  if (programs.size() > 1 || p.summary.programs_unchanged > 0) {
    table.row({"programs", fmt::format("{} differ, {} unchanged", grouped(programs.size()),
                                       grouped(p.summary.programs_unchanged))});
  }
  std::string out = table.text();
  for (const std::string& remark : remarks(p)) {
    out += "  " + coloured("note", Colour::kYellow, style) + ": " + printable(remark) + "\n";
  }
  return out;
}

std::string programs_table(const DeltaSig& p, Style style) {
  const auto& programs = p.summary.programs;
  if (programs.size() < 2) return {};
  Table table({false, false});
  for (std::size_t i = 0; i < std::min(kProgramsShown, programs.size()); ++i) {
    const statement::ProgramDelta& program = programs[i];
    const statement::ProgramFile& file = program.target ? *program.target : *program.base;
    std::string path = cut(file.path, kNameWidth);
    if (program.base && program.target && program.base->path != program.target->path) {
      path = cut(program.base->path, kNameWidth) + " → " + path;
    }
    table.row({path, program.comparison     ? counts_text(program.comparison->functions)
                     : program.not_compared ? "not compared"
                     : program.target       ? "added"
                                            : "removed"});
  }
  std::string out = "\n" + coloured("Programs", Colour::kBold, style) + "\n" + table.text();
  if (programs.size() > kProgramsShown) {
    out += fmt::format("  … and {} more\n", grouped(programs.size() - kProgramsShown));
  }
  return out;
}

std::string function_heading(const operations::FunctionListings& listings) {
  const FunctionDelta& d = listings.delta;
  std::string out = fmt::format("{}: {}", to_string(d.change), printable(name_of(d)));
  if (d.code) {
    out += fmt::format(", {} bytes, {} instructions, similarity {}", signed_number(d.code->size_delta_bytes),
                       instructions(d), percent(d.match->similarity_per_mille));
  }
  return out + "\n";
}

std::string listing_text(const operations::FunctionListings& listings, Style style) {
  std::string out = coloured(function_heading(listings), Colour::kBold, style);
  const auto cell = [](const executable::Listing& listing, std::optional<std::uint32_t> index) {
    if (!index) return std::string();
    const executable::ListingLine& line = listing.lines[*index];
    return cut(fmt::format("{:x}  {}", line.address, line.text), kListingWidth);
  };
  for (const ListingRow& row : side_by_side(listings)) {
    const std::string base = padded(cell(listings.base, row.base), kListingWidth);
    const std::string target = cell(listings.target, row.target);
    std::string line = "  " + base + "   " + target;
    if (!row.equal) {
      line = (row.base ? "- " + coloured(base, Colour::kRed, style) : "  " + base) +
             (row.target ? " + " + coloured(target, Colour::kGreen, style) : "");
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace

std::string text(const DeltaSigDiffResult& result, Style style) {
  const DeltaSig& p = result.predicate;
  std::string out = coloured("Functions compared", Colour::kGreen, style) +
                    fmt::format(": {} ({} bytes, {})\n", printable(result.output.string()),
                                grouped(result.size_bytes), sha256_text(result.sha256));
  out += overview(p, style) + programs_table(p, style);
  if (p.delta.empty()) return out;
  std::vector<std::size_t> top;
  for (std::size_t i = 0; i < std::min(kTopShown, p.delta.size()); ++i) top.push_back(i);
  out += "\n" + coloured("Largest changes", Colour::kBold, style) + "\n" + rows(p, top);
  if (p.delta.size() > top.size()) {
    out += fmt::format("  … and {} more (`stella binary delta-sig show`)\n",
                       grouped(p.delta.size() - top.size()));
  }
  return out;
}

std::string text(const DeltaSigVerifyResult& result, Style style) {
  const std::string file = printable(result.predicate.string());
  std::string out;
  if (!result.ok) {
    out = coloured("Not verified", Colour::kRed, style) + fmt::format(": {}\n", file);
  } else if (result.schema_only) {
    out = coloured("Valid", Colour::kGreen, style) +
          fmt::format(": {} has the form of a delta-sig predicate\n", file);
  } else {
    out = coloured("Verified", Colour::kGreen, style) +
          fmt::format(": {} says what the two files give\n", file);
  }
  for (const operations::Difference& difference : result.differences) {
    out += fmt::format("  {}\n    expected  {}\n    found     {}\n", printable(difference.where),
                       printable(difference.expected), printable(difference.found));
  }
  if (result.differences.size() >= operations::kDifferencesMax) out += "  … and more\n";
  for (const std::string& what : result.not_checked) {
    out += "  " + coloured("not checked", Colour::kYellow, style) + " " + printable(what) + "\n";
  }
  return out;
}

std::string text(const DeltaSigShowResult& result, Style style) {
  const DeltaSig& p = result.predicate;
  std::string out;
  if (!result.options.html.empty()) {
    out += fmt::format("{}: {} with {}\n", coloured("Page written", Colour::kGreen, style),
                       printable(result.options.html.string()), plural(result.chosen.size(), "function"));
    return out;
  }
  if (result.listings) return listing_text(*result.listings, style);
  out = coloured(printable(result.options.predicate.string()), Colour::kBold, style) +
        fmt::format(", computed {} with {} {}\n", printable(p.computed_at), printable(p.tooling.lifter.name),
                    printable(p.tooling.lifter.version));
  out += overview(p, style) + programs_table(p, style) + "\n";
  if (result.chosen.empty()) return out + "  no changed function fits\n";
  out += rows(p, result.chosen);
  if (result.matching > result.chosen.size()) {
    out += fmt::format("  … and {} more (--limit)\n", grouped(result.matching - result.chosen.size()));
  }
  return out;
}

}  // namespace stella::report
