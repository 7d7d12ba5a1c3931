// stella policy init: a policy to begin with.
#pragma once

#include <filesystem>

#include "stella/base/error.h"

namespace stella::operations {

struct PolicyInitOptions {
  std::filesystem::path output = "policy.yaml";  // "-": standard output
  bool replace_output = false;
};

struct PolicyInitResult {
  std::filesystem::path output{};
};

// Errors: kInvalidArgument when the output exists; kIo.
[[nodiscard]] Result<PolicyInitResult> policy_init(const PolicyInitOptions& options);

}  // namespace stella::operations
