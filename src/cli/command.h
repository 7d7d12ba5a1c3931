// A command line, understood.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "stella/operations/attest_verify.h"
#include "stella/operations/delta_apply.h"
#include "stella/operations/delta_create.h"
#include "stella/operations/delta_sig.h"
#include "stella/operations/delta_verify.h"
#include "stella/operations/policy.h"
#include "stella/operations/trust.h"

namespace stella::cli {

struct InspectOptions {
  std::filesystem::path delta{};
};
struct VersionOptions {};
struct HelpOptions {
  std::string text{};
};

struct Command {
  std::string verb{};  // "delta create"
  std::variant<HelpOptions, VersionOptions, operations::DeltaCreateOptions, operations::DeltaVerifyOptions,
               operations::DeltaApplyOptions, operations::DeltaRollbackOptions, InspectOptions,
               operations::AttestVerifyOptions, operations::AttestInspectOptions,
               operations::TrustInitOptions, operations::TrustUpdateOptions, operations::TrustShowOptions,
               operations::TrustExportOptions, operations::PolicyInitOptions, operations::DeltaSigDiffOptions,
               operations::DeltaSigVerifyOptions, operations::DeltaSigShowOptions>
      options{};
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  std::optional<unsigned> threads{};
};

// `verb` is the one that was meant, as far as it can be told; for errors too. Errors: kInvalidArgument.
[[nodiscard]] Result<Command> parse_command(int argc, const char* const* argv, std::string& verb);

}  // namespace stella::cli
