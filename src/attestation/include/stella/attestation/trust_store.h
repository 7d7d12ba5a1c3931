// The folder in which trust is kept fresh: TUF metadata, and the files that it vouches for.
//   source.json      where updates come from
//   metadata/        the client's store, written step by step (tuf_client.h)
//   trusted.json     the last complete update: metadata and targets in one file, replaced as a whole
// Whoever verifies reads trusted.json alone, and checks every signature and hash in it again; so a crash
// during an update leaves the state before it or after it, and nothing else.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stella/attestation/tuf_client.h"
#include "stella/base/bytes.h"
#include "stella/base/error.h"
#include "stella/base/time.h"

namespace stella::attestation {

inline constexpr std::size_t kTrustStoreSizeMaxBytes = std::size_t{256} << 20;
inline constexpr std::size_t kTrustTargetsMax = 64;
inline constexpr std::string_view kTrustedRootTarget = "trusted_root.json";

struct TrustSource {
  std::string metadata_url{};  // a folder, file:// or https://
  std::string targets_url{};
};

// Sigstore's public-good repository and the first root of it to trust, built in.
struct BuiltInTufRoot {
  TrustSource source{};
  std::string_view root{};    // JSON
  std::string_view origin{};  // where it was taken from
  std::string_view sha256{};  // of `root`, hex
};
[[nodiscard]] const BuiltInTufRoot& public_good_tuf_root();

// What was accepted and has been verified again.
struct StoredTrust {
  std::map<std::string, Bytes, std::less<>> targets{};  // by their path in the repository
  std::int64_t root_version = 0;
  std::int64_t timestamp_version = 0;
  Time expires{};  // after it, somebody may be holding back news; not an error offline
};

class TrustStore {
 public:
  explicit TrustStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Makes the folder if need be. Errors: those of tuf::Client::init; kIo.
  [[nodiscard]] Status init(ByteView first_root, const TrustSource& source) const;

  // Errors: kNotFound before init().
  [[nodiscard]] Result<TrustSource> source() const;

  // Brings metadata and `targets` up to date; targets kept from earlier are brought along. `source` may
  // differ from the one of init(): a mirror. Errors: those of the client; then the state is as before.
  [[nodiscard]] Result<StoredTrust> update(tuf::Fetcher& fetcher, const TrustSource& source, Time now,
                                           const std::vector<std::string>& targets) const;

  // Needs no network. Errors: kNotFound when no update has been completed; kUntrusted when something was
  // changed.
  [[nodiscard]] Result<StoredTrust> load() const;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

}  // namespace stella::attestation
