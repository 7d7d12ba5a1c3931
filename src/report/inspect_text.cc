// The anatomy of a delta, drawn.
#include <algorithm>

#include <fmt/format.h>

#include "format.h"

namespace stella::report {
namespace {

using operations::DeltaInspectResult;
constexpr std::size_t kPartsShown = 12;
constexpr std::size_t kMaterialsShown = 20;
constexpr std::size_t kMembersShown = 12;
constexpr std::size_t kFunctionsShown = 6;  // of each kind
constexpr std::size_t kNameShownBytes = 70;

std::string heading(std::string_view title, Style style) {
  return "\n" + coloured(title, Colour::kBold, style) + "\n";
}

// A cell shows what most of its bytes are, but one new byte in a copied stretch must be seen.
std::string strip(const DeltaInspectResult& result, Style style) {
  const std::uint64_t size_bytes = result.anatomy.header.target_size_bytes;
  if (size_bytes == 0) return "  (the target is empty)\n";
  const std::size_t cells = std::min<std::uint64_t>(operations::kStripCells, size_bytes);
  std::string out = "  ";
  for (const operations::StripCell& cell : result.strip) {
    const std::uint64_t all = cell.copy_bytes + cell.match_bytes + cell.literal_bytes;
    if (all == 0) continue;  // fewer bytes than cells
    if (cell.literal_bytes * 2 >= all) {
      out += coloured("█", Colour::kRed, style);
    } else if (cell.literal_bytes * 16 >= all || cell.match_bytes * 2 >= all) {
      out += coloured(cell.literal_bytes * 16 >= all ? "▓" : "▒", Colour::kYellow, style);
    } else {
      out +=
          cell.copy_bytes == all ? coloured("·", Colour::kDim, style) : coloured("░", Colour::kBlue, style);
    }
  }
  out += fmt::format(
      "\n  · copied   ░ almost all copied   ▒ nearly equal   ▓ partly new   █ new   ({} cells, {} bytes "
      "each)\n",
      cells, grouped(size_bytes / cells));
  return out;
}

std::string composition(const DeltaInspectResult& result, Style style) {
  const delta::Anatomy& a = result.anatomy;
  Table table({false, true, true, true});
  table.row({"", "bytes", "share", "stretches"});
  const auto row = [&](std::string_view name, const delta::SegmentTotal& total) {
    table.row({std::string(name), grouped(total.target_bytes),
               share(total.target_bytes, a.header.target_size_bytes), grouped(total.count)});
  };
  row("COPY: whole chunks of the base", a.copy);
  row("ADD: nearly equal to the base", a.match);
  row("ADD: new", a.literal);
  std::string out = heading("What the target is made of", style) + table.text();
  if (result.manifest && result.manifest->delta.add_bytes > 0) {
    const std::uint64_t millibits = result.manifest->composition.add_entropy_millibits;
    out +=
        fmt::format("  entropy of the added bytes: {}.{:03} of 8 bits\n", millibits / 1000, millibits % 1000);
  }
  return out;
}

std::string packed(const DeltaInspectResult& result, Style style) {
  const delta::Anatomy& a = result.anatomy;
  Table table({false, true, true});
  const auto row = [&](std::string_view name, std::uint64_t number) {
    table.row({std::string(name), grouped(number), share(number, a.size_bytes)});
  };
  row("new bytes, packed", a.packed.literal_bytes);
  row("corrections of nearly equal bytes", a.packed.correction_bytes);
  row("where each stretch comes from", a.packed.segment_bytes);
  row("load segments and tables of executables", a.packed.address_map_bytes);
  row("header, digests, parameters", a.packed.framing_bytes);
  return heading("Where the bytes of delta.bin go", style) + table.text();
}

std::string parts(const delta::Manifest& m, Style style) {
  if (m.composition.parts.empty()) return {};
  Table table({false, true, true, true});
  table.row({"", "added", "of its bytes", "share of all added"});
  for (std::size_t i = 0; i < std::min(kPartsShown, m.composition.parts.size()); ++i) {
    const delta::Part& part = m.composition.parts[i];
    table.row({printable(part.name), grouped(part.add_bytes), share(part.add_bytes, part.size_bytes),
               share(part.add_bytes, m.delta.add_bytes)});
  }
  std::string out = heading("Added bytes by section or member", style) + table.text();
  const std::uint64_t all = m.composition.parts.size() + m.composition.parts_omitted;
  if (all > kPartsShown) out += fmt::format("  … and {} more\n", grouped(all - kPartsShown));
  return out;
}

std::string members(const delta::Manifest& m, Style style) {
  if (only_itself(m)) return {};
  std::string out = heading("Members", style);
  out += fmt::format("  {} added, {} removed, {} changed, {} unchanged\n", grouped(m.members.added.size()),
                     grouped(m.members.removed.size()), grouped(m.members.changed.size()),
                     grouped(m.members.unchanged));
  if (m.members.payload_equal)
    out += "  the payload is the same: order, times, owners and compression aside, nothing differs\n";
  if (!m.members.signatures_equal)
    out += fmt::format("  {} differ\n", plural(m.members.signatures.size(), "signature"));
  std::size_t shown = 0;
  const auto list = [&](char mark, const std::vector<delta::MemberChange>& changes) {
    for (const delta::MemberChange& change : changes) {
      if (change.path.empty()) continue;  // the artifact itself
      if (++shown <= kMembersShown) out += fmt::format("  {} {}\n", mark, printable(change.path));
    }
  };
  list('+', m.members.added);
  list('-', m.members.removed);
  list('~', m.members.changed);
  if (shown > kMembersShown)
    out += fmt::format("  … and {} more (see delta-manifest.json)\n", grouped(shown - kMembersShown));
  for (std::size_t i = 0; i < std::min(kMembersShown, m.members.unopened.size()); ++i) {
    const delta::UnopenedMember& what = m.members.unopened[i];
    out += fmt::format("  ? {} ({}): not opened, {}\n", printable(what.path),
                       what.in_target ? "target" : "base", printable(what.reason));
  }
  return out;
}

std::string functions(const delta::Manifest& m, Style style) {
  if (!m.functions) return {};
  std::string out = heading("Functions", style) + "  " + functions_text(*m.functions) + "\n";
  Table table({false, false, false, true, true, true});
  table.row({"", "", "section", "size", "instr.", "fan-out"});
  const auto row = [&](std::string_view mark, const delta::ChangedFunction& f) {
    const bool grown = f.target_size_bytes >= f.base_size_bytes;
    table.row({std::string(mark), printable(f.name).substr(0, kNameShownBytes), printable(f.section),
               fmt::format("{}{}", grown ? "+" : "-",
                           grouped(grown ? f.target_size_bytes - f.base_size_bytes
                                         : f.base_size_bytes - f.target_size_bytes)),
               grouped(f.instructions_changed), grouped(f.fan_out)});
  };
  const auto rows = [&](std::string_view mark, const delta::FunctionGroup& group) {
    for (std::size_t i = 0; i < std::min(kFunctionsShown, group.top.size()); ++i) row(mark, group.top[i]);
  };
  rows("~", m.functions->modified);
  rows("+", m.functions->added);
  rows("-", m.functions->removed);
  const delta::FunctionsChanged& f = *m.functions;
  if (f.modified.count + f.added.count + f.removed.count == 0) return out;
  return out + table.text() + fmt::format("  all of them stand in {}\n", f.file);
}

std::string materials(const delta::Manifest& m, Style style) {
  if (m.materials == delta::Materials{}) return {};
  std::string out = heading("Dependencies", style);
  std::size_t shown = 0;
  const auto line = [&](const std::string& text, Colour colour) {
    if (++shown <= kMaterialsShown) out += "  " + coloured(text, colour, style) + "\n";
  };
  for (const delta::Material& x : m.materials.added) line("+ " + printable(x.purl), Colour::kGreen);
  for (const delta::Material& x : m.materials.removed) line("- " + printable(x.purl), Colour::kRed);
  for (const delta::MaterialChange& x : m.materials.changed) {
    const bool same = x.base.version == x.target.version;
    line(fmt::format("~ {} {}", printable(x.target.name),
                     same ? printable(x.base.version) + ", stated otherwise"
                          : printable(x.base.version) + " → " + printable(x.target.version)),
         Colour::kYellow);
  }
  if (shown > kMaterialsShown)
    out += fmt::format("  … and {} more (see delta-manifest.json)\n", grouped(shown - kMaterialsShown));
  return out;
}

}  // namespace

std::string text(const DeltaInspectResult& result, Style style) {
  const delta::Anatomy& a = result.anatomy;
  const chunk::Params& p = a.header.chunk_params;
  std::string out = coloured(printable(result.delta.string()), Colour::kBold, style);
  out += fmt::format(": {} bytes, {} of the target\n", grouped(a.size_bytes),
                     share(a.size_bytes, a.header.target_size_bytes));
  Table table({false, true, false});
  table.row({"base", grouped(a.header.base_size_bytes) + " bytes", sha256_text(a.header.base_sha256)});
  table.row({"target", grouped(a.header.target_size_bytes) + " bytes", sha256_text(a.header.target_sha256)});
  table.row({"delta", grouped(a.size_bytes) + " bytes", sha256_text(a.delta_sha256)});
  out += table.text();
  if (result.core_sha256) out += "  manifest core " + sha256_text(*result.core_sha256) + "\n";
  out += fmt::format("  {}, level {}, {} chunks of {}/{}/{} bytes\n", to_string(a.header.tool),
                     to_string(a.header.level), chunk::to_string(p.algorithm), p.size_min_bytes,
                     p.size_avg_bytes, p.size_max_bytes);
  out += heading("Along the target", style) + strip(result, style);
  out += composition(result, style) + packed(result, style);
  if (result.manifest) {
    out += parts(*result.manifest, style) + members(*result.manifest, style) +
           functions(*result.manifest, style) + materials(*result.manifest, style);
  }
  out += heading("Why it is as large as it is", style);
  for (const std::string& reason : result.reasons) out += "  - " + printable(reason) + "\n";
  return out;
}

}  // namespace stella::report
