// Short results: create, verify, apply, version, errors.
#include <algorithm>

#include <fmt/format.h>

#include "format.h"

namespace stella::report {
namespace {

std::string bytes(std::uint64_t number) { return grouped(number) + " bytes"; }

std::string changes(std::uint64_t added, std::uint64_t removed, std::uint64_t changed) {
  std::string text;
  const auto add = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", grouped(count), what);
  };
  add(added, "added");
  add(removed, "removed");
  add(changed, "changed");
  return text.empty() ? "none" : text;
}

}  // namespace

std::string text(const operations::DeltaCreateResult& result, Style style) {
  const delta::Manifest& m = result.manifest;
  Table table({false, true, false});
  table.row({"base", bytes(m.base_digest.size_bytes), sha256_text(m.base_digest.sha256)});
  table.row({"target", bytes(m.target_digest.size_bytes), sha256_text(m.target_digest.sha256)});
  table.row(
      {"delta", bytes(m.delta.size_bytes),
       share(m.delta.size_bytes, m.target_digest.size_bytes) + " of the target; applied once and compared"});
  if (m.rollback) {
    table.row({"way back", bytes(m.rollback->size_bytes),
               share(m.rollback->size_bytes, m.base_digest.size_bytes) +
                   " of the base; applied once and compared"});
  }
  table.row({"copied", bytes(m.delta.copy_bytes), share(m.delta.copy_bytes, m.target_digest.size_bytes)});
  table.row({"added", bytes(m.delta.add_bytes), share(m.delta.add_bytes, m.target_digest.size_bytes)});
  std::string out = coloured("Delta made", Colour::kGreen, style) +
                    fmt::format(": {} ({}, level {})\n", printable(result.folder.string()),
                                printable(m.artifact_type), to_string(m.level));
  out += table.text();
  Table more({false, false});
  if (!only_itself(m)) {
    more.row({"members",
              m.members.payload_equal && m.delta.add_bytes > 0
                  ? "same payload, packed otherwise"
                  : changes(m.members.added.size(), m.members.removed.size(), m.members.changed.size())});
  }
  if (!m.members.unopened.empty()) more.row({"unopened", plural(m.members.unopened.size(), "member")});
  if (m.functions) more.row({"functions", functions_text(*m.functions)});
  more.row({"dependencies",
            changes(m.materials.added.size(), m.materials.removed.size(), m.materials.changed.size())});
  more.row({"core", sha256_text(result.core_sha256)});
  return out + more.text();
}

std::string text(const operations::DeltaVerifyResult& result, Style style) {
  std::string out;
  if (result.ok) {
    out =
        coloured("Verified", Colour::kGreen, style) +
        fmt::format(
            ": {} is what base and target give{}\n", printable(result.folder.string()),
            result.same_build ? "" : ", packed by another build; it was applied and gives the right digests");
    return out + "  core  " + sha256_text(result.core_sha256) + "\n";
  }
  out = coloured("Not verified", Colour::kRed, style) +
        fmt::format(": {}\n", printable(result.folder.string()));
  for (const operations::Difference& difference : result.differences) {
    out += fmt::format("  {}\n    expected  {}\n    found     {}\n", printable(difference.where),
                       printable(difference.expected), printable(difference.found));
  }
  if (result.differences.size() >= operations::kDifferencesMax) out += "  … and more\n";
  return out;
}

std::string text(const operations::DeltaApplyResult& result, Way way, Style style) {
  const bool forth = way == Way::kApply;
  Table table({false, true, false});
  table.row({forth ? "base" : "target", "", sha256_text(result.input_sha256)});
  table.row({"delta", bytes(result.delta_size_bytes), printable(result.delta.string())});
  table.row({forth ? "target" : "base", bytes(result.output_size_bytes), sha256_text(result.output_sha256)});
  return coloured(forth ? "Applied" : "Rolled back", Colour::kGreen, style) +
         fmt::format(": {}, both digests match\n",
                     result.output == "-" ? "standard output" : printable(result.output.string())) +
         table.text();
}

std::string text(const operations::Version& version, Style) {
  std::string out = fmt::format("stella {}\n", version.version);
  Table table({false, false});
  for (const auto& [name, number] : version.libraries) table.row({name, number});
  table.row({"built with", version.compiler});
  return out + table.text();
}

std::string text(const Error& error, Style style) {
  std::string out = coloured("error", Colour::kRed, style) + fmt::format(": {}\n", printable(error.message));
  Table table({false, false});
  const auto add = [&](std::string_view name, const std::string& value) {
    // A list of mistakes has a line for each.
    for (std::size_t at = 0; at < value.size();) {
      const std::size_t end = std::min(value.find('\n', at), value.size());
      table.row({at == 0 ? std::string(name) : std::string(), printable(value.substr(at, end - at))});
      at = end + 1;
    }
  };
  add("where", error.where);
  add("expected", error.expected);
  add("found", error.found);
  add("next", error.next);
  return out + table.text();
}

}  // namespace stella::report
