// The command line of `stella attest`, `stella trust` and `stella policy`.
#pragma once

#include <string>

#include "command.h"

namespace CLI {
class App;
}  // namespace CLI

namespace stella::cli {

// A verb with the flags that all verbs have (parse.cc).
CLI::App& add_verb(CLI::App& to, const char* name, const char* what, const char* help, Command& command);

struct EvidenceVerbs {
  operations::AttestVerifyOptions verify{};
  operations::AttestInspectOptions inspect{};
  operations::TrustInitOptions trust_init{};
  operations::TrustUpdateOptions trust_update{};
  operations::TrustShowOptions trust_show{};
  operations::TrustExportOptions trust_export{};
  operations::PolicyInitOptions policy_init{};
  std::string at{};  // of verify
};

void add_evidence_verbs(CLI::App& app, EvidenceVerbs& verbs, Command& command);

// Puts the options of `verb` into the command, with the current time where one is needed; false for verbs of
// others. Errors: kInvalidArgument.
[[nodiscard]] Result<bool> take_evidence_verb(const std::string& verb, EvidenceVerbs& verbs,
                                              Command& command);

}  // namespace stella::cli
