#include "stella/attestation/tuf_trusted_set.h"

#include <algorithm>

#include <fmt/format.h>

namespace stella::attestation::tuf {
namespace {

std::unexpected<Error> rollback(std::string_view role, std::int64_t trusted, std::int64_t found) {
  return fail({.code = ErrorCode::kUntrusted,
               .message = fmt::format(
                   "the version of {} goes back: a rollback attack, or a mirror that is behind", role),
               .expected = fmt::format("version {} or later", trusted),
               .found = fmt::format("version {}", found)});
}

std::unexpected<Error> wrong_version(std::string_view role, std::int64_t expected, std::int64_t found) {
  return fail({.code = ErrorCode::kUntrusted,
               .message = fmt::format("the metadata of {} has another version than it should", role),
               .expected = fmt::format("version {}", expected),
               .found = fmt::format("version {}", found)});
}

}  // namespace

Status TrustedSet::check_expiry(std::string_view role, Time expires) const {
  if (expiry_ == Expiry::kIgnore || now_ < expires) return {};
  return fail({.code = ErrorCode::kUntrusted,
               .message = fmt::format(
                   "the metadata of {} has expired: somebody may be holding back a newer one", role),
               .expected = fmt::format("an expiry after {}", to_string(now_)),
               .found = to_string(expires)});
}

Result<TrustedSet> TrustedSet::create(ByteView root, Time now, Expiry expiry) {
  STELLA_TRY(Metadata<Root> metadata, parse_root(root));
  STELLA_CHECK(verify_threshold(kRoot, metadata.body.roles.find(kRoot)->second, metadata.body.keys,
                                metadata.signed_bytes, metadata.signatures));
  TrustedSet set(now, expiry);
  set.root_ = std::move(metadata.body);
  return set;
}

Status TrustedSet::update_root(ByteView bytes) {
  if (timestamp_) return fail(ErrorCode::kInternal, "the root is updated after the timestamp");
  STELLA_TRY(Metadata<Root> next, parse_root(bytes));
  STELLA_CHECK(verify_threshold(kRoot, root_.roles.find(kRoot)->second, root_.keys, next.signed_bytes,
                                next.signatures));
  if (next.body.version != root_.version + 1)
    return wrong_version(kRoot, root_.version + 1, next.body.version);
  STELLA_CHECK(verify_threshold(kRoot, next.body.roles.find(kRoot)->second, next.body.keys, next.signed_bytes,
                                next.signatures));
  root_ = std::move(next.body);
  return {};
}

Result<TrustedSet::Outcome> TrustedSet::update_timestamp(ByteView bytes) {
  if (snapshot_) return fail(ErrorCode::kInternal, "the timestamp is updated after the snapshot");
  STELLA_CHECK(check_expiry(kRoot, root_.expires));
  STELLA_TRY(Metadata<Timestamp> next, parse_timestamp(bytes));
  STELLA_CHECK(verify_threshold(kTimestamp, root_.roles.find(kTimestamp)->second, root_.keys,
                                next.signed_bytes, next.signatures));
  if (timestamp_) {
    if (next.body.version < timestamp_->version) {
      return rollback(kTimestamp, timestamp_->version, next.body.version);
    }
    if (next.body.version == timestamp_->version) return Outcome::kSame;
    if (next.body.snapshot.version < timestamp_->snapshot.version) {
      return rollback(kSnapshot, timestamp_->snapshot.version, next.body.snapshot.version);
    }
  }
  // Kept though it be expired: an expired timestamp still tells a rollback from progress.
  timestamp_ = std::move(next.body);
  STELLA_CHECK(check_final_timestamp());
  return Outcome::kUpdated;
}

Status TrustedSet::check_final_timestamp() const { return check_expiry(kTimestamp, timestamp_->expires); }

Status TrustedSet::update_snapshot(ByteView bytes, bool from_store) {
  if (!timestamp_) return fail(ErrorCode::kInternal, "the snapshot is updated before the timestamp");
  if (!targets_.empty()) return fail(ErrorCode::kInternal, "the snapshot is updated after the targets");
  STELLA_CHECK(check_final_timestamp());
  if (!from_store) {
    STELLA_CHECK(
        verify_file("snapshot.json", bytes, timestamp_->snapshot.length, timestamp_->snapshot.hashes));
  }
  STELLA_TRY(Metadata<Snapshot> next, parse_snapshot(bytes));
  STELLA_CHECK(verify_threshold(kSnapshot, root_.roles.find(kSnapshot)->second, root_.keys, next.signed_bytes,
                                next.signatures));
  if (snapshot_) {
    for (const auto& [name, known] : snapshot_->meta) {
      const auto found = next.body.meta.find(name);
      if (found == next.body.meta.end()) {
        return fail({.code = ErrorCode::kUntrusted,
                     .message = "a role has vanished from the snapshot: a rollback attack",
                     .expected = name});
      }
      if (found->second.version < known.version) return rollback(name, known.version, found->second.version);
    }
  }
  snapshot_ = std::move(next.body);
  return check_final_snapshot();
}

Status TrustedSet::check_final_snapshot() const {
  STELLA_CHECK(check_expiry(kSnapshot, snapshot_->expires));
  if (snapshot_->version != timestamp_->snapshot.version) {
    return wrong_version(kSnapshot, timestamp_->snapshot.version, snapshot_->version);
  }
  return {};
}

Status TrustedSet::update_targets(ByteView bytes, std::string_view role, std::string_view parent) {
  if (!snapshot_) return fail(ErrorCode::kInternal, "targets are updated before the snapshot");
  STELLA_CHECK(check_final_snapshot());
  const MetaFile* meta = meta_of(role);
  if (meta == nullptr) {
    return fail(ErrorCode::kNotFound, "the snapshot does not list a role", std::string(role));
  }
  const RoleKeys* role_keys = nullptr;
  const Keys* keys = nullptr;
  if (parent == kRoot) {
    role_keys = &root_.roles.find(kTargets)->second;
    keys = &root_.keys;
  } else {
    const Targets* delegator = targets(parent);
    if (delegator == nullptr) return fail(ErrorCode::kInternal, "a delegating role is not trusted yet");
    const Delegations& delegations = delegator->delegations;
    keys = &delegations.keys;
    if (delegations.succinct) role_keys = &delegations.succinct->keys;
    for (const DelegatedRole& delegated : delegations.roles) {
      if (delegated.name == role) role_keys = &delegated.keys;
    }
  }
  if (role_keys == nullptr)
    return fail(ErrorCode::kInternal, "a role is not delegated to", std::string(role));

  STELLA_CHECK(verify_file(std::string(role) + ".json", bytes, meta->length, meta->hashes));
  STELLA_TRY(Metadata<Targets> next, parse_targets(bytes));
  STELLA_CHECK(verify_threshold(role, *role_keys, *keys, next.signed_bytes, next.signatures));
  if (next.body.version != meta->version) return wrong_version(role, meta->version, next.body.version);
  STELLA_CHECK(check_expiry(role, next.body.expires));
  targets_.insert_or_assign(std::string(role), std::move(next.body));
  return {};
}

const Targets* TrustedSet::targets(std::string_view role) const {
  const auto found = targets_.find(role);
  return found == targets_.end() ? nullptr : &found->second;
}

const MetaFile* TrustedSet::meta_of(std::string_view role) const {
  if (!snapshot_) return nullptr;
  const auto found = snapshot_->meta.find(std::string(role) + ".json");
  return found == snapshot_->meta.end() ? nullptr : &found->second;
}

}  // namespace stella::attestation::tuf
