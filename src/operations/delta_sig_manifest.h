// functions_changed of a delta's manifest, and the file that goes with it.
#pragma once

#include <optional>

#include "delta_sig_programs.h"
#include "stella/base/file.h"
#include "stella/delta/manifest.h"

namespace stella::operations {

// Compares the programs of both artifacts and writes all changed functions to `file`. What cannot be compared
// is counted and listed there: it is no reason not to make a delta. Nothing is written, and nothing returned,
// when neither artifact holds a program. Errors: kIo, those of `file`, kLimitExceeded.
[[nodiscard]] Result<std::optional<delta::FunctionsChanged>> functions_changed(const ProgramSide& base,
                                                                               const ProgramSide& target,
                                                                               ByteSink& file,
                                                                               const Context& context);

}  // namespace stella::operations
