// The TUF client: keeps a store of metadata fresh from a repository, and gets the files that it vouches for.
// It opens no connection itself: a Fetcher brings bytes, a Store keeps them. Each piece of metadata is stored
// as soon as it is trusted, in the order root, timestamp, snapshot, targets, so that a crash at any point
// leaves a store from which the next update continues without forgetting what it saw.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "stella/attestation/tuf_metadata.h"
#include "stella/attestation/tuf_trusted_set.h"
#include "stella/base/bytes.h"
#include "stella/base/error.h"
#include "stella/base/time.h"

namespace stella::attestation::tuf {

// Same bounds as python-tuf.
inline constexpr std::size_t kRootSizeMaxBytes = 512'000;
inline constexpr std::size_t kTimestampSizeMaxBytes = 16'384;
inline constexpr std::size_t kSnapshotSizeMaxBytes = 2'000'000;
inline constexpr int kRootRotationsMax = 256;  // in one refresh
inline constexpr int kDelegationsMax = 32;     // roles looked into for one target
inline constexpr std::size_t kTargetSizeMaxBytes = std::size_t{64} << 20;

class Fetcher {
 public:
  virtual ~Fetcher() = default;
  // At most `size_max_bytes` of the file at `url`. Errors: kNotFound when the repository says that there is
  // no such file; kLimitExceeded; kUnavailable, kOffline, kIo when it cannot be known.
  [[nodiscard]] virtual Result<Bytes> fetch(const std::string& url, std::size_t size_max_bytes) = 0;
};

class Store {
 public:
  virtual ~Store() = default;
  // `name` is a file name without any separator: "root.json", "..%2Fodd%20role.json".
  [[nodiscard]] virtual Result<Bytes> load(const std::string& name) const = 0;     // kNotFound
  [[nodiscard]] virtual Status save(const std::string& name, ByteView bytes) = 0;  // durable when it returns
};

// Files of a folder, each replaced as a whole.
class FolderStore final : public Store {
 public:
  explicit FolderStore(std::string folder) : folder_(std::move(folder)) {}
  [[nodiscard]] Result<Bytes> load(const std::string& name) const override;
  [[nodiscard]] Status save(const std::string& name, ByteView bytes) override;

 private:
  std::string folder_;
};

// Reads "file:///…" and plain paths, such as a mirror on a disk.
class FolderFetcher final : public Fetcher {
 public:
  [[nodiscard]] Result<Bytes> fetch(const std::string& url, std::size_t size_max_bytes) override;
};

struct ClientOptions {
  std::string metadata_url{};  // prefix of "timestamp.json"
  std::string targets_url{};   // prefix of target paths; empty if no target will be downloaded
  Time now{};                  // when expiry is judged
};

class Client {
 public:
  // Puts the first root into an empty store, after checking that it is signed by itself. Errors:
  // kInvalidArgument when the store holds another root already.
  [[nodiscard]] static Status init(Store& store, ByteView root);

  // Store and fetcher are borrowed.
  Client(Store& store, Fetcher& fetcher, ClientOptions options);

  // Brings root, timestamp, snapshot and targets up to date. Errors: kNotFound without a first root;
  // kUntrusted; those of the fetcher and the store.
  [[nodiscard]] Status refresh();

  // The target's description, from the first role in order of preference that has it; refreshes first if that
  // has not been done. Errors: kNotFound.
  [[nodiscard]] Result<TargetFile> find_target(std::string_view path);
  // The target itself. `cached` is taken instead, if it still is what the metadata says.
  [[nodiscard]] Result<Bytes> download(std::string_view path,
                                       const std::optional<Bytes>& cached = std::nullopt);

  [[nodiscard]] const TrustedSet* trusted() const { return set_ ? &*set_ : nullptr; }

 private:
  Status refresh_root(const Bytes& stored);
  Status refresh_timestamp();
  Status refresh_snapshot();
  Status refresh_targets(std::string_view role, std::string_view parent);

  Store& store_;
  Fetcher& fetcher_;
  ClientOptions options_;
  std::optional<TrustedSet> set_;
  bool fresh_ = false;
};

// A target as a store that was once refreshed has it, every signature and hash verified again, without a
// network and without regard to expiry. `target` are the target's own bytes as they were kept.
struct StoredTarget {
  std::int64_t root_version = 0;
  std::int64_t timestamp_version = 0;
  Time expires{};  // the earliest expiry among the metadata
};
[[nodiscard]] Result<StoredTarget> verify_stored_target(const Store& store, std::string_view path,
                                                        ByteView target);

// `text` with every byte but letters, digits and "_.-~" as %XX; `keep` are left as well.
[[nodiscard]] std::string percent_encode(std::string_view text, std::string_view keep = {});

}  // namespace stella::attestation::tuf
