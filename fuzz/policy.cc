// policy.yaml: what is read trusts somebody in every rule, under a name that no other rule has.
#include <cstdlib>
#include <set>

#include "stella/attestation/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stella;
  using namespace stella::attestation;
  const auto read = [](const std::string& path) -> Result<std::string> {
    return fail(ErrorCode::kNotFound, "no such file", path);
  };
  const auto policy = parse_trust_policy(as_text({data, size}), read);
  if (!policy) return 0;
  if (policy->rules.empty()) std::abort();
  std::set<std::string> kinds;
  for (const TrustRule& rule : policy->rules) {
    if (rule.policy.signers.empty() && rule.policy.keys.empty()) std::abort();
    for (const std::string& kind : rule.predicate_types) {
      if (!kinds.insert(kind).second || find_rule(*policy, kind) != &rule) std::abort();
    }
  }
  return 0;
}
