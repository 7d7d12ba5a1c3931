// The command line of `stella binary delta-sig`.
#pragma once

#include <string>

#include "command.h"

namespace CLI {
class App;
}  // namespace CLI

namespace stella::cli {

// A verb with the flags that all verbs have (parse.cc).
CLI::App& add_verb(CLI::App& to, const char* name, const char* what, const char* help, Command& command);

struct DeltaSigVerbs {
  operations::DeltaSigDiffOptions diff{};
  operations::DeltaSigVerifyOptions verify{};
  operations::DeltaSigShowOptions show{};
  std::string kind{};  // of show
  std::string sort = "change";
};

void add_delta_sig_verbs(CLI::App& app, DeltaSigVerbs& verbs, Command& command);

// Puts the options of `verb` into the command; the time of a diff is --computed-at, else SOURCE_DATE_EPOCH,
// else now. False for verbs of others. Errors: kInvalidArgument.
[[nodiscard]] Result<bool> take_delta_sig_verb(const std::string& verb, DeltaSigVerbs& verbs,
                                               Command& command);

}  // namespace stella::cli
