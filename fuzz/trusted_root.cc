// Trusted roots from anywhere: whatever is read has windows that begin before they end, and keys that fit
// their details.
#include <cstdlib>

#include "stella/attestation/trusted_root.h"

using namespace stella;
using namespace stella::attestation;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(as_text({data, size}));
  if (const auto root = parse_trusted_root(text)) {
    for (const TrustedLog& log : root->logs) {
      if (log.valid.end && *log.valid.end < log.valid.start) std::abort();
      if (log.algorithm.key_type != log.key.type() || log.id.empty()) std::abort();
    }
    for (const TrustedAuthority& authority : root->certificate_authorities) {
      if (authority.roots.size() != 1) std::abort();
    }
  }
  (void)trusted_root_from_parts(
      {.logs = {text}, .certificate_authorities = {text}, .timestamp_authorities = {text}});
  return 0;
}
