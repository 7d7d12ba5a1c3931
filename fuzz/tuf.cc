// TUF metadata: reading never fails otherwise than by an error, a role is read as one type only, and nothing
// that differs from the trusted root becomes trusted without its keys.
#include <cstdlib>

#include "stella/attestation/trust_store.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stella;
  using namespace stella::attestation;
  const ByteView bytes(data, size);
  const auto root = tuf::parse_root(bytes);
  const auto timestamp = tuf::parse_timestamp(bytes);
  const auto snapshot = tuf::parse_snapshot(bytes);
  const auto targets = tuf::parse_targets(bytes);
  if (root.has_value() + timestamp.has_value() + snapshot.has_value() + targets.has_value() > 1) std::abort();
  if (root && (root->body.version < 1 || root->body.roles.size() != 4)) std::abort();
  if (targets) {
    for (const tuf::DelegatedRole& role : targets->body.delegations.roles) {
      (void)tuf::is_delegated_to(role, "a/b/c.txt");
    }
    if (targets->body.delegations.succinct)
      (void)tuf::succinct_role(*targets->body.delegations.succinct, "a/b");
  }

  auto set =
      tuf::TrustedSet::create(as_bytes(public_good_tuf_root().root), Time{}, tuf::Expiry::kIgnore).value();
  const std::int64_t version = set.root().version;
  if (set.update_root(bytes) || set.root().version != version || set.update_timestamp(bytes)) std::abort();
  return 0;
}
