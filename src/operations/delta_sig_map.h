// What `executable` found, in the words of the predicate.
#pragma once

#include "stella/executable/diff.h"
#include "stella/statement/delta_sig.h"

namespace stella::operations {

// Texts of programs are bytes without a limit; a predicate holds short UTF-8. What is not UTF-8 is escaped;
// of what is longer than kShownNameMaxBytes, the beginning is kept and a digest of the whole.
inline constexpr std::size_t kShownNameMaxBytes = 1024;
[[nodiscard]] std::string predicate_text(std::string_view bytes);

// All but `arch`.
[[nodiscard]] statement::ProgramComparison comparison_of(const executable::FunctionDiff& diff);

// The functions that changed, in no particular order, without demangled names.
[[nodiscard]] std::vector<statement::FunctionDelta> changes_of(const executable::FunctionDiff& diff,
                                                               std::uint64_t program);

// Fills `demangled`, in a process of its own. Errors: kInternal.
[[nodiscard]] Status demangle_names(std::vector<statement::FunctionDelta>& delta);

[[nodiscard]] statement::DeltaSigTooling delta_sig_tooling();

}  // namespace stella::operations
