// Witness policies: whatever is read has groups that can be met and no cycle, and no policy with a quorum is
// met by a note without cosignatures.
#include <cstdlib>

#include "stella/tlog/witness_policy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stella;
  using namespace stella::tlog;
  const auto policy = parse_witness_policy(as_text({data, size}));
  if (!policy) return 0;
  for (std::size_t i = 0; i < policy->groups.size(); ++i) {
    const PolicyGroup& group = policy->groups[i];
    if (group.threshold < 1 || group.threshold > group.members.size()) std::abort();
    for (const PolicyMember& member : group.members) {
      const bool is_group = member.kind == PolicyMember::Kind::kGroup;
      if (member.index >= (is_group ? i : policy->witnesses.size())) std::abort();
    }
  }
  const Note note{.text = "text\n", .signatures = {{.name = "x", .signature = Bytes(1)}}};
  if (check_quorum(*policy, note).met == policy->quorum.has_value()) std::abort();
  return 0;
}
