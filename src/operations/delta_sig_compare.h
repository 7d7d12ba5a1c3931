// The heart of delta-sig diff and verify, and of functions_changed in manifests.
#pragma once

#include <filesystem>
#include <string>

#include "delta_sig_programs.h"
#include "stella/executable/limits.h"
#include "stella/operations/context.h"
#include "stella/statement/delta_sig.h"

namespace stella::operations {

struct CompareOptions {
  executable::AnalysisLimits limits{};
  std::filesystem::path debug_dir{};  // empty: none
  std::string arch{};                 // empty: any
  bool list_failures = false;         // also when both artifacts are programs themselves
};

// Fills delta, summary and tooling. Artifacts without programs give an empty summary. What fails inside of a
// container is listed as not compared; when both artifacts are programs themselves, it is the error.
[[nodiscard]] Result<statement::DeltaSig> compare_functions(const ProgramSide& base,
                                                            const ProgramSide& target,
                                                            const CompareOptions& options,
                                                            const Context& context);

}  // namespace stella::operations
