#include "delta_sig_map.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "contents_map.h"
#include "stella/base/isolate.h"
#include "stella/base/reader.h"
#include "stella/delta/format.h"

namespace stella::operations {
namespace {

using statement::kDeltaSigListMax;

statement::Names names_of(const std::vector<std::string>& all, std::uint64_t count) {
  statement::Names names{.count = count, .listed = {}};
  for (std::size_t i = 0; i < std::min(all.size(), kDeltaSigListMax); ++i) {
    names.listed.push_back(predicate_text(all[i]));
  }
  return names;
}
statement::Names names_of(const std::vector<std::string>& all) { return names_of(all, all.size()); }

statement::NameChange name_change_of(const executable::NameChanges& changes) {
  return {names_of(changes.added, changes.added_count), names_of(changes.removed, changes.removed_count)};
}

statement::FunctionState state_of(const executable::Function& function) {
  statement::FunctionState state{.name = predicate_text(function.name),
                                 .section = predicate_text(function.section),
                                 .address = function.address,
                                 .size_bytes = function.size_bytes,
                                 .instructions = function.instructions,
                                 .blocks = function.blocks,
                                 .fan_in = function.fan_in(),
                                 .fan_out = function.fan_out(),
                                 .strict = function.strict,
                                 .loose = function.loose};
  return state;
}

statement::ProgramState state_of(const executable::Program& program) {
  statement::ProgramState state{.build_id = program.build_id,
                                .symbols = !program.debug_file.empty() ? "debug file"
                                           : program.has_symbols       ? "own"
                                                                       : "none",
                                .code_bytes = program.code_bytes,
                                .instructions = program.instructions,
                                .notes = names_of(program.notes),
                                .unanalysed = {.count = program.unanalysed.size(), .listed = {}}};
  for (std::size_t i = 0; i < std::min(program.unanalysed.size(), kDeltaSigListMax); ++i) {
    const executable::Unanalysed& what = program.unanalysed[i];
    state.unanalysed.listed.push_back({.name = predicate_text(what.name),
                                       .section = predicate_text(what.section),
                                       .address = what.address,
                                       .size_bytes = what.size_bytes,
                                       .reason = std::string(executable::to_string(what.reason))});
  }
  return state;
}

statement::ChangeKind kind_of(const executable::Match& match) {
  return match.modified  ? statement::ChangeKind::kModified
         : match.renamed ? statement::ChangeKind::kRenamed
                         : statement::ChangeKind::kMoved;
}

statement::FunctionDelta delta_of(const executable::FunctionDiff& diff, const executable::Match& match,
                                  std::uint64_t program) {
  statement::FunctionDelta delta{
      .change = kind_of(match),
      .program = program,
      .base = state_of(diff.base.functions[match.base]),
      .target = state_of(diff.target.functions[match.target]),
      .match = statement::FunctionMatch{.kind = std::string(executable::to_string(match.kind)),
                                        .confidence_per_mille = match.confidence_per_mille,
                                        .similarity_per_mille = match.similarity_per_mille,
                                        .renamed = match.renamed,
                                        .moved = match.moved}};
  if (match.modified) {
    const executable::FunctionChange change = match.change.value_or(executable::FunctionChange{});
    delta.code = statement::CodeChange{.size_delta_bytes = change.size_delta_bytes,
                                       .instructions_added = change.instructions_added,
                                       .instructions_removed = change.instructions_removed,
                                       .blocks_added = change.blocks_added,
                                       .blocks_removed = change.blocks_removed,
                                       .calls_added = names_of(change.calls_added),
                                       .calls_removed = names_of(change.calls_removed)};
  }
  return delta;
}

// A short name can stand for a text larger than any memory.
constexpr IsolationLimits kDemanglingLimits{
    .memory_max_bytes = std::uint64_t{1} << 30, .time_max_s = 60, .output_max_bytes = std::uint64_t{1} << 30};

template <typename Visit>
void for_each_state(std::vector<statement::FunctionDelta>& delta, const Visit& visit) {
  for (statement::FunctionDelta& d : delta) {
    if (d.base) visit(*d.base);
    if (d.target) visit(*d.target);
  }
}

}  // namespace

Status demangle_names(std::vector<statement::FunctionDelta>& delta) {
  std::map<std::string, std::string> names;
  for_each_state(delta, [&](const statement::FunctionState& state) { names.try_emplace(state.name); });
  const auto demangled = run_isolated(kDemanglingLimits, [&]() -> Result<Bytes> {
    Bytes bytes;
    for (const auto& [name, text] : names) {
      const std::string shown = name.empty() ? name : predicate_text(executable::demangle(name));
      append_varint(bytes, shown.size());
      append(bytes, as_bytes(shown));
    }
    return bytes;
  });
  if (!demangled) return {};  // a name that nobody can write out: all stay as they are
  ByteReader in(*demangled, "demangled names");
  for (auto& [name, text] : names) {
    STELLA_TRY(const std::uint64_t size, in.varint());
    STELLA_TRY(const ByteView view, in.bytes(size));
    if (as_text(view) != name) text = as_text(view);
  }
  for_each_state(delta, [&](statement::FunctionState& state) { state.demangled = names[state.name]; });
  return {};
}

std::string predicate_text(std::string_view bytes) { return shortened(utf8_text(bytes), kShownNameMaxBytes); }

statement::ProgramComparison comparison_of(const executable::FunctionDiff& diff) {
  statement::ProgramComparison to{.arch = {},
                                  .format = std::string(object::to_string(diff.target.format)),
                                  .machine = std::string(object::to_string(diff.target.machine)),
                                  .bits = diff.target.bits,
                                  .base = state_of(diff.base),
                                  .target = state_of(diff.target),
                                  .functions = {},
                                  .imports = name_change_of(diff.imports),
                                  .exports = name_change_of(diff.exports),
                                  .strings = name_change_of(diff.strings)};
  statement::FunctionCounts& counts = to.functions;
  counts.base = diff.base.functions.size();
  counts.target = diff.target.functions.size();
  counts.added = diff.added.size();
  counts.removed = diff.removed.size();
  for (const executable::Match& match : diff.matches) {
    std::uint64_t& count = match.unchanged()                                    ? counts.unchanged
                           : kind_of(match) == statement::ChangeKind::kModified ? counts.modified
                           : kind_of(match) == statement::ChangeKind::kRenamed  ? counts.renamed
                                                                                : counts.moved;
    ++count;
  }
  return to;
}

std::vector<statement::FunctionDelta> changes_of(const executable::FunctionDiff& diff,
                                                 std::uint64_t program) {
  std::vector<statement::FunctionDelta> all;
  for (const executable::Match& match : diff.matches) {
    if (!match.unchanged()) all.push_back(delta_of(diff, match, program));
  }
  for (const std::uint32_t index : diff.added) {
    all.push_back({.change = statement::ChangeKind::kAdded,
                   .program = program,
                   .target = state_of(diff.target.functions[index])});
  }
  for (const std::uint32_t index : diff.removed) {
    all.push_back({.change = statement::ChangeKind::kRemoved,
                   .program = program,
                   .base = state_of(diff.base.functions[index])});
  }
  return all;
}

statement::DeltaSigTooling delta_sig_tooling() {
  // "llvm-mc 19.1.7": the name, a space, the version.
  const auto tool = [](const std::string& text) {
    const std::size_t space = text.rfind(' ');
    return statement::Tool{text.substr(0, space), text.substr(space + 1)};
  };
  const executable::Tooling tooling = executable::tooling();
  const delta::ToolVersion version = delta::tool_version();
  return {.lifter = tool(tooling.disassembler),
          .diff_algorithm = tool(tooling.algorithm),
          .generator = {"stella", fmt::format("{}.{}.{}", version.major, version.minor, version.patch)}};
}

}  // namespace stella::operations
