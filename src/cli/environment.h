// What the environment says: variables, terminals.
#pragma once

#include "command.h"
#include "stella/report/report.h"

namespace stella::cli {

struct Environment {
  unsigned threads = 1;
  bool debug = false;
};

// Flags go before variables. Errors: kInvalidArgument for a variable that makes no sense.
[[nodiscard]] Result<Environment> read_environment(const Command& command);

// Colours on a terminal, unless NO_COLOR is set (https://no-color.org) or the terminal is dumb.
[[nodiscard]] report::Style style_for(int descriptor);
[[nodiscard]] bool is_terminal(int descriptor);

}  // namespace stella::cli
