#include "stella/operations/policy.h"

#include <unistd.h>

#include "stella/attestation/policy.h"
#include "stella/base/file.h"

namespace stella::operations {

Result<PolicyInitResult> policy_init(const PolicyInitOptions& options) {
  const ByteView text = as_bytes(attestation::policy_template());
  if (options.output == "-") {
    STELLA_CHECK(write_descriptor(STDOUT_FILENO, text, "standard output"));
  } else {
    STELLA_CHECK(
        write_file(options.output, text,
                   options.replace_output ? AtomicFile::Existing::kReplace : AtomicFile::Existing::kRefuse));
  }
  return PolicyInitResult{.output = options.output};
}

}  // namespace stella::operations
