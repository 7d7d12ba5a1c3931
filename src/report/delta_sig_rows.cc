#include "delta_sig_rows.h"

#include <algorithm>

#include <fmt/format.h>

#include "format.h"

namespace stella::report {
namespace {

constexpr std::size_t kRemarksMax = 20;

}  // namespace

std::vector<ListingRow> side_by_side(const operations::FunctionListings& listings) {
  std::vector<ListingRow> rows;
  std::uint32_t base = 0, target = 0;
  const auto fill = [&](std::uint32_t base_end, std::uint32_t target_end) {
    while (base < base_end || target < target_end) {
      ListingRow row;
      if (base < base_end) row.base = base++;
      if (target < target_end) row.target = target++;
      rows.push_back(row);
    }
  };
  for (const auto& [one, other] : listings.common) {
    fill(one, other);
    rows.push_back({one, other, true});
    base = one + 1;
    target = other + 1;
  }
  fill(static_cast<std::uint32_t>(listings.base.lines.size()),
       static_cast<std::uint32_t>(listings.target.lines.size()));
  return rows;
}

std::string signed_number(std::int64_t number) {
  if (number == 0) return "0";
  const auto magnitude = static_cast<std::uint64_t>(number < 0 ? -number : number);
  return (number < 0 ? "-" : "+") + grouped(magnitude);
}

std::string percent(std::uint64_t per_mille) {
  return fmt::format("{}.{} %", per_mille / 10, per_mille % 10);
}

std::string name_of(const statement::FunctionDelta& delta) {
  std::string name = delta.shown().display_name();
  if (delta.base && delta.target && delta.match && delta.match->renamed) {
    name = fmt::format("{} → {}", delta.base->display_name(), name);
  }
  return name;
}

std::int64_t size_delta(const statement::FunctionDelta& delta) {
  if (!delta.base) return static_cast<std::int64_t>(delta.target->size_bytes);
  if (!delta.target) return -static_cast<std::int64_t>(delta.base->size_bytes);
  return static_cast<std::int64_t>(delta.target->size_bytes) -
         static_cast<std::int64_t>(delta.base->size_bytes);
}

const std::string& program_of(const statement::DeltaSig& predicate, const statement::FunctionDelta& delta) {
  const statement::ProgramDelta& program = predicate.summary.programs.at(delta.program);
  return program.target ? program.target->path : program.base->path;
}

std::string counts_text(const statement::FunctionCounts& counts) {
  std::string text;
  const auto add = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(count), what);
  };
  add(counts.modified, "modified");
  add(counts.added, "added");
  add(counts.removed, "removed");
  add(counts.renamed, "renamed");
  add(counts.moved, "moved");
  return text.empty() ? "none changed" : text;
}

std::vector<std::string> remarks(const statement::DeltaSig& predicate) {
  std::vector<std::string> all;
  std::uint64_t more = 0;
  std::uint64_t without_symbols = 0;
  const auto compared = std::ranges::count_if(
      predicate.summary.programs,
      [](const statement::ProgramDelta& program) { return program.comparison.has_value(); });
  const auto add = [&](std::string remark) {
    if (all.size() < kRemarksMax) {
      all.push_back(std::move(remark));
    } else {
      ++more;
    }
  };
  for (const statement::ProgramDelta& program : predicate.summary.programs) {
    const statement::ProgramFile& file = program.target ? *program.target : *program.base;
    const std::string prefix = file.path.empty() ? "" : file.path + ": ";
    if (program.not_compared) {
      add(fmt::format("{}not compared, {}", prefix, program.not_compared->message));
    }
    if (!program.comparison) continue;
    for (const bool in_target : {false, true}) {
      const statement::ProgramState& state =
          in_target ? program.comparison->target : program.comparison->base;
      const char* side = in_target ? "target" : "base";
      if (state.symbols == "none" && compared > 1) {
        ++without_symbols;
      } else if (state.symbols == "none") {
        add(fmt::format("{}the {} has no symbols; its functions are named by address and matched by content",
                        prefix, side));
      }
      if (state.unanalysed.count > 0) {
        add(fmt::format("{}{} of the {} not analysed, the first {}", prefix,
                        plural(state.unanalysed.count, "function"), side,
                        state.unanalysed.listed.empty() ? "" : state.unanalysed.listed.front().reason));
      }
      for (const std::string& note : state.notes.listed) add(fmt::format("{}{}: {}", prefix, side, note));
    }
  }
  if (without_symbols > 0) {
    add(fmt::format("{} without symbols: functions are named by address and matched by content",
                    plural(without_symbols, "program")));
  }
  if (predicate.summary.functions_unlisted > 0) {
    add(fmt::format("{} beyond the largest are counted and not listed",
                    plural(predicate.summary.functions_unlisted, "changed function")));
  }
  if (predicate.summary.unopened.count > 0) {
    add(fmt::format("{} could not be looked into", plural(predicate.summary.unopened.count, "member")));
  }
  if (more > 0) all.push_back(fmt::format("and {} more remarks", grouped(more)));
  return all;
}

}  // namespace stella::report
