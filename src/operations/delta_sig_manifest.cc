#include "delta_sig_manifest.h"

#include <array>

#include <fmt/format.h>

#include "delta_sig_compare.h"
#include "stella/operations/delta_create.h"
#include "stella/statement/delta_sig.h"

namespace stella::operations {
namespace {

class DigestingSink final : public ByteSink {
 public:
  explicit DigestingSink(ByteSink& to) : to_(to) {}
  Status write(ByteView bytes) override {
    sha256_.update(bytes);
    size_bytes_ += bytes.size();
    return to_.write(bytes);
  }
  [[nodiscard]] Digest finish() { return sha256_.finish(); }
  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

 private:
  ByteSink& to_;
  Sha256 sha256_;
  std::uint64_t size_bytes_ = 0;
};

delta::ChangedFunction function_of(const statement::DeltaSig& found, const statement::FunctionDelta& d) {
  const statement::ProgramDelta& program = found.summary.programs[d.program];
  return {.name = d.shown().display_name(),
          .program = program.target ? program.target->path : program.base->path,
          .section = d.shown().section,
          .base_size_bytes = d.base ? d.base->size_bytes : 0,
          .target_size_bytes = d.target ? d.target->size_bytes : 0,
          .instructions_changed = d.weight(),
          .fan_in = d.shown().fan_in,
          .fan_out = d.shown().fan_out};
}

void count_programs(const statement::DeltaSigSummary& summary, delta::FunctionsChanged& to) {
  for (const statement::ProgramDelta& program : summary.programs) {
    std::uint64_t& count = program.comparison     ? to.programs_compared
                           : program.not_compared ? to.programs_not_compared
                           : program.target       ? to.programs_added
                                                  : to.programs_removed;
    ++count;
  }
  to.programs_unchanged = summary.programs_unchanged;
}

}  // namespace

Result<std::optional<delta::FunctionsChanged>> functions_changed(const ProgramSide& base,
                                                                 const ProgramSide& target, ByteSink& file,
                                                                 const Context& context) {
  STELLA_TRY(const statement::DeltaSig found,
             compare_functions(base, target, {.list_failures = true}, context));
  const statement::DeltaSigSummary& summary = found.summary;
  if (summary.programs.empty() && summary.programs_unchanged == 0) return std::nullopt;

  delta::FunctionsChanged to;
  const std::array<delta::FunctionGroup*, 5> groups = {&to.modified, &to.added, &to.removed, &to.renamed,
                                                       &to.moved};
  const statement::FunctionCounts& counts = summary.functions;
  const std::array<std::uint64_t, 5> sizes = {counts.modified, counts.added, counts.removed, counts.renamed,
                                              counts.moved};
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i]->count = sizes[i];
  for (const statement::FunctionDelta& d : found.delta) {
    delta::FunctionGroup& group = *groups[static_cast<std::size_t>(d.change)];
    if (group.top.size() < delta::kManifestTopFunctionsMax) group.top.push_back(function_of(found, d));
  }
  to.base_count = counts.base;
  to.target_count = counts.target;
  count_programs(summary, to);
  DigestingSink sink(file);
  STELLA_CHECK(statement::write_function_report(found, sink));
  to.file = kFunctionsFile;
  to.file_size_bytes = sink.size_bytes();
  to.file_sha256 = sink.finish();
  const statement::DeltaSigTooling& tooling = found.tooling;
  to.tooling = fmt::format("{} {}, {} {}", tooling.diff_algorithm.name, tooling.diff_algorithm.version,
                           tooling.lifter.name, tooling.lifter.version);
  return to;
}

}  // namespace stella::operations
