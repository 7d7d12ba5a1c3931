// The program `stella`: flags in, operations, report out, exit status (docs/exit-status.md).
// Results go to standard output, everything else to standard error. With --json, standard output holds
// exactly one JSON object, for errors too; with `--output -` standard output is the artifact's and the report
// goes to standard error.
#pragma once

namespace stella::cli {

[[nodiscard]] int run(int argc, const char* const* argv);

}  // namespace stella::cli
