// stella trust init, update, show and export: the folder in which trust is kept fresh
// (attestation/trust_store.h).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "stella/attestation/trust_store.h"
#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/base/time.h"

namespace stella::operations {

struct TrustInitOptions {
  std::filesystem::path folder{};  // empty: the default place
  std::filesystem::path root{};    // the first root to trust; empty: Sigstore's public-good one, built in
  attestation::TrustSource
      source{};  // empty: of the built-in root; without targets_url: metadata_url + "/targets"
};

struct TrustUpdateOptions {
  std::filesystem::path folder{};
  attestation::TrustSource source{};   // empty: as said to init
  std::vector<std::string> targets{};  // besides those kept already; empty: trusted_root.json
  bool metadata_only = false;
  bool offline = false;  // then only a repository on a disk will do
  Time now{};
};

struct TrustShowOptions {
  std::filesystem::path folder{};
  Time now{};
};

struct TrustExportOptions {
  std::filesystem::path folder{};
  std::string target = std::string(attestation::kTrustedRootTarget);
  std::filesystem::path output{};  // "-": standard output
  bool replace_output = false;
};

struct TrustResult {
  std::string verb{};  // "trust update" …
  std::filesystem::path folder{};
  attestation::TrustSource source{};
  attestation::StoredTrust trust{};
  bool updated = false;            // trust holds something; false after init
  bool expired = false;            // at `now`
  std::filesystem::path output{};  // of export
};

[[nodiscard]] Result<TrustResult> trust_init(const TrustInitOptions& options);
[[nodiscard]] Result<TrustResult> trust_update(const TrustUpdateOptions& options);
[[nodiscard]] Result<TrustResult> trust_show(const TrustShowOptions& options);
[[nodiscard]] Result<TrustResult> trust_export(const TrustExportOptions& options);

}  // namespace stella::operations
