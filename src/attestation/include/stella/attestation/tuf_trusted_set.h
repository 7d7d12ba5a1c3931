// The rules by which one piece of TUF metadata makes the next one trusted: signatures, versions that never go
// back, hashes, expiry. No network and no files; a caller brings the bytes. Source:
// theupdateframework.github.io/specification, section 5.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "stella/attestation/tuf_metadata.h"
#include "stella/base/error.h"
#include "stella/base/time.h"

namespace stella::attestation::tuf {

// kIgnore: for what was accepted earlier and is looked at again years later, offline.
enum class Expiry { kEnforce, kIgnore };

class TrustedSet {
 public:
  // Trusts `root` as it is, once it is signed by itself. `now` is when expiry is judged, for the whole
  // session. Errors: those of parse_root; kUntrusted.
  [[nodiscard]] static Result<TrustedSet> create(ByteView root, Time now, Expiry expiry = Expiry::kEnforce);

  // The next root: signed by the old root's keys and by its own, version one higher. Errors: kUntrusted.
  [[nodiscard]] Status update_root(ByteView bytes);

  // kSame: the version that is trusted already; nothing changes. Before the first call the root must have
  // been brought up to date: its expiry is judged here. Errors: kUntrusted, also for a version below the
  // trusted one.
  enum class Outcome { kUpdated, kSame };
  [[nodiscard]] Result<Outcome> update_timestamp(ByteView bytes);

  // `from_store`: bytes that were checked against an earlier timestamp's hash when they were stored; they
  // serve to recognise a rollback though they be expired. Errors: kUntrusted.
  [[nodiscard]] Status update_snapshot(ByteView bytes, bool from_store = false);

  // `role` is kTargets or a delegated role of `parent`, which must be trusted. Errors: kUntrusted; kNotFound
  // when the snapshot does not list the role.
  [[nodiscard]] Status update_targets(ByteView bytes, std::string_view role, std::string_view parent);

  [[nodiscard]] const Root& root() const { return root_; }
  [[nodiscard]] const Timestamp* timestamp() const { return timestamp_ ? &*timestamp_ : nullptr; }
  [[nodiscard]] const Snapshot* snapshot() const { return snapshot_ ? &*snapshot_ : nullptr; }
  [[nodiscard]] const Targets* targets(std::string_view role) const;
  // What the snapshot says of a targets role; null if it does not list it.
  [[nodiscard]] const MetaFile* meta_of(std::string_view role) const;

 private:
  TrustedSet(Time now, Expiry expiry) : now_(now), expiry_(expiry) {}
  [[nodiscard]] Status check_expiry(std::string_view role, Time expires) const;
  [[nodiscard]] Status check_final_timestamp() const;
  [[nodiscard]] Status check_final_snapshot() const;

  Time now_;
  Expiry expiry_;
  Root root_{};
  std::optional<Timestamp> timestamp_{};
  std::optional<Snapshot> snapshot_{};
  std::map<std::string, Targets, std::less<>> targets_{};
};

}  // namespace stella::attestation::tuf
