#include "stella/attestation/tuf_client.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace stella::attestation::tuf {
namespace {

std::string store_name(std::string_view role) { return percent_encode(role) + ".json"; }

std::string joined(const std::string& prefix, std::string_view path) {
  return prefix.empty() || prefix.ends_with('/') ? prefix + std::string(path)
                                                 : prefix + "/" + std::string(path);
}

std::unexpected<Error> no_target(std::string_view path) {
  return fail(ErrorCode::kNotFound, "no role that is trusted for it has this target", std::string(path));
}

// A role to look into for a target, and who delegates to it.
struct Visit {
  std::string role;
  std::string parent;
};

// The roles of `targets` that are responsible for `path`, in order of preference; `terminating` when no other
// branch may be looked into after them.
struct Next {
  std::vector<Visit> visits{};
  bool terminating = false;
};
Next delegations_for(const Targets& targets, const std::string& role, std::string_view path) {
  Next next;
  if (targets.delegations.succinct) {
    next.visits.push_back({succinct_role(*targets.delegations.succinct, path), role});
    next.terminating = true;
    return next;
  }
  for (const DelegatedRole& delegated : targets.delegations.roles) {
    if (!is_delegated_to(delegated, path)) continue;
    next.visits.push_back({delegated.name, role});
    if (delegated.terminating) {
      next.terminating = true;
      break;
    }
  }
  return next;
}

// Looks for `path` role by role, in preorder, as section 5.6.7 of the specification has it. `load` makes a
// role trusted in `set`.
template <typename Load>
Result<TargetFile> search(const TrustedSet& set, std::string_view path, const Load& load) {
  std::vector<Visit> stack{{std::string(kTargets), std::string(kRoot)}};
  std::set<std::string> visited;
  for (int count = 0; !stack.empty() && count <= kDelegationsMax; ++count) {
    const Visit visit = std::move(stack.back());
    stack.pop_back();
    if (!visited.insert(visit.role).second) continue;  // cycles, and the same role by two ways
    STELLA_CHECK(load(visit));
    const Targets* targets = set.targets(visit.role);
    const auto found = targets->targets.find(path);
    if (found != targets->targets.end()) return found->second;
    Next next = delegations_for(*targets, visit.role, path);
    if (next.terminating) stack.clear();
    std::move(next.visits.rbegin(), next.visits.rend(), std::back_inserter(stack));
  }
  return no_target(path);
}

}  // namespace

std::string percent_encode(std::string_view text, std::string_view keep) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("_.-~").find(c) != std::string_view::npos ||
                       keep.find(c) != std::string_view::npos;
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

Status Client::init(Store& store, ByteView root) {
  STELLA_CHECK(TrustedSet::create(root, Time{}, Expiry::kIgnore));
  const auto present = store.load("root.json");
  if (present) {
    if (std::ranges::equal(*present, root)) return {};
    return fail({.code = ErrorCode::kInvalidArgument,
                 .message = "the store holds a root already, and trust is not changed by overwriting it",
                 .next = "Update it, or start anew in an empty folder."});
  }
  if (present.error().code != ErrorCode::kNotFound) return std::unexpected(present.error());
  return store.save("root.json", root);
}

Client::Client(Store& store, Fetcher& fetcher, ClientOptions options)
    : store_(store), fetcher_(fetcher), options_(std::move(options)) {}

Status Client::refresh() {
  const auto stored = store_.load("root.json");
  if (!stored) {
    if (stored.error().code != ErrorCode::kNotFound) return std::unexpected(stored.error());
    return fail({.code = ErrorCode::kNotFound,
                 .message = "there is no first root to trust",
                 .next = "Give one by \"stella trust init\"."});
  }
  STELLA_CHECK(refresh_root(*stored));
  STELLA_CHECK(refresh_timestamp());
  STELLA_CHECK(refresh_snapshot());
  STELLA_CHECK(refresh_targets(kTargets, kRoot));
  fresh_ = true;
  return {};
}

Status Client::refresh_root(const Bytes& stored) {
  STELLA_TRY(set_, TrustedSet::create(stored, options_.now));
  for (int i = 0; i < kRootRotationsMax; ++i) {
    const std::string file = fmt::format("{}.root.json", set_->root().version + 1);
    const auto next = fetcher_.fetch(joined(options_.metadata_url, file), kRootSizeMaxBytes);
    if (!next) {
      if (next.error().code == ErrorCode::kNotFound) return {};  // this root is the newest
      return std::unexpected(next.error());
    }
    auto updated = set_->update_root(*next);
    if (!updated) return fail(std::move(updated).error().at(file));
    STELLA_CHECK(store_.save("root.json", *next));
  }
  return {};
}

Status Client::refresh_timestamp() {
  // A stored timestamp that cannot be verified (its key was revoked, say) protects from nothing and is
  // forgotten: that is how a repository recovers from a fast-forward attack.
  if (const auto stored = store_.load("timestamp.json")) (void)set_->update_timestamp(*stored);
  STELLA_TRY(const Bytes bytes,
             fetcher_.fetch(joined(options_.metadata_url, "timestamp.json"), kTimestampSizeMaxBytes));
  auto outcome = set_->update_timestamp(bytes);
  if (!outcome) return fail(std::move(outcome).error().at("timestamp.json"));
  if (*outcome == TrustedSet::Outcome::kSame) return {};
  return store_.save("timestamp.json", bytes);
}

Status Client::refresh_snapshot() {
  if (const auto stored = store_.load("snapshot.json")) {
    if (set_->update_snapshot(*stored, true)) return {};  // it is the current one
  }
  const MetaFile& meta = set_->timestamp()->snapshot;
  const std::string file =
      set_->root().consistent_snapshot ? fmt::format("{}.snapshot.json", meta.version) : "snapshot.json";
  const std::size_t size_max_bytes = meta.length.value_or(kSnapshotSizeMaxBytes);
  STELLA_TRY(const Bytes bytes, fetcher_.fetch(joined(options_.metadata_url, file),
                                               std::min(size_max_bytes, kMetadataSizeMaxBytes)));
  auto updated = set_->update_snapshot(bytes);
  if (!updated) return fail(std::move(updated).error().at(file));
  return store_.save("snapshot.json", bytes);
}

Status Client::refresh_targets(std::string_view role, std::string_view parent) {
  if (set_->targets(role) != nullptr) return {};
  const std::string name = store_name(role);
  if (const auto stored = store_.load(name)) {
    if (set_->update_targets(*stored, role, parent)) return {};
  }
  const MetaFile* meta = set_->meta_of(role);
  if (meta == nullptr) {
    return fail(ErrorCode::kNotFound, "the snapshot does not list a role", std::string(role));
  }
  const std::string file =
      set_->root().consistent_snapshot ? fmt::format("{}.{}", meta->version, name) : name;
  const std::size_t size_max_bytes = meta->length.value_or(kMetadataSizeMaxBytes);
  STELLA_TRY(const Bytes bytes, fetcher_.fetch(joined(options_.metadata_url, file),
                                               std::min(size_max_bytes, kMetadataSizeMaxBytes)));
  auto updated = set_->update_targets(bytes, role, parent);
  if (!updated) return fail(std::move(updated).error().at(file));
  return store_.save(name, bytes);
}

Result<TargetFile> Client::find_target(std::string_view path) {
  if (!fresh_) STELLA_CHECK(refresh());
  return search(*set_, path,
                [this](const Visit& visit) { return refresh_targets(visit.role, visit.parent); });
}

Result<Bytes> Client::download(std::string_view path, const std::optional<Bytes>& cached) {
  STELLA_TRY(const TargetFile file, find_target(path));
  const std::string what(path);
  if (cached && verify_file(what, *cached, file.length, file.hashes)) return *cached;
  if (file.length > kTargetSizeMaxBytes) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "a target is too large",
                 .where = what,
                 .expected = fmt::format("at most {} bytes", kTargetSizeMaxBytes),
                 .found = fmt::format("{}", file.length)});
  }
  // With consistent snapshots the hash stands in front of the file's name.
  std::string remote = what;
  if (set_->root().consistent_snapshot) {
    const auto sha256 = file.hashes.find("sha256");
    const std::string& hash = sha256 != file.hashes.end() ? sha256->second : file.hashes.begin()->second;
    const std::size_t slash = remote.rfind('/');
    remote.insert(slash == std::string::npos ? 0 : slash + 1, hash + ".");
  }
  STELLA_TRY(Bytes bytes, fetcher_.fetch(joined(options_.targets_url, percent_encode(remote, "/")),
                                         static_cast<std::size_t>(file.length)));
  STELLA_CHECK(verify_file(what, bytes, file.length, file.hashes));
  return bytes;
}

Result<StoredTarget> verify_stored_target(const Store& store, std::string_view path, ByteView target) {
  StoredTarget stored;
  STELLA_TRY(const Bytes root, store.load("root.json"));
  STELLA_TRY(TrustedSet set, TrustedSet::create(root, Time{}, Expiry::kIgnore));
  STELLA_TRY(const Bytes timestamp, store.load("timestamp.json"));
  STELLA_CHECK(set.update_timestamp(timestamp));
  STELLA_TRY(const Bytes snapshot, store.load("snapshot.json"));
  STELLA_CHECK(set.update_snapshot(snapshot));
  stored.root_version = set.root().version;
  stored.timestamp_version = set.timestamp()->version;
  stored.expires = std::min({set.root().expires, set.timestamp()->expires, set.snapshot()->expires});

  const auto load = [&](const Visit& visit) -> Status {
    STELLA_TRY(const Bytes bytes, store.load(store_name(visit.role)));
    STELLA_CHECK(set.update_targets(bytes, visit.role, visit.parent));
    stored.expires = std::min(stored.expires, set.targets(visit.role)->expires);
    return {};
  };
  STELLA_TRY(const TargetFile file, search(set, path, load));
  STELLA_CHECK(verify_file(std::string(path), target, file.length, file.hashes));
  return stored;
}

}  // namespace stella::attestation::tuf
