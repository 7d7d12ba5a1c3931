// Whom to trust, put together from flags, the policy file and the places where trust is kept; and said in
// words. Precedence: flags before policy.yaml for who may sign; --trusted-root and its parts before the
// policy's root, that before the folder that `stella trust update` keeps, that before the built-in root.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stella/attestation/policy.h"
#include "stella/attestation/trusted_root.h"
#include "stella/attestation/verifier.h"
#include "stella/base/error.h"
#include "stella/base/time.h"

namespace stella::operations {

inline constexpr std::int64_t kBuiltInRootOldDays = 180;

struct TrustOptions {
  // Who may sign.
  std::filesystem::path policy{};  // empty: the default places, unless flags say who may sign
  std::string certificate_identity{};
  std::string certificate_identity_regexp{};
  std::string certificate_issuer{};
  std::vector<std::string> require{};         // NAME=PATTERN on the certificate's extensions
  std::vector<std::filesystem::path> keys{};  // PEM

  // Who may vouch for it.
  std::vector<std::filesystem::path> trusted_roots{};
  std::vector<std::filesystem::path> log_roots{};
  std::vector<std::filesystem::path> ct_roots{};
  std::vector<std::filesystem::path> fulcio_roots{};
  std::vector<std::filesystem::path> certificate_chains{};
  std::vector<std::filesystem::path> timestamp_roots{};
  std::filesystem::path trust_folder{};  // empty: the default place

  // What must stand behind it, beyond what the policy demands.
  std::vector<std::string> predicate_types{};
  std::vector<std::string> builder_ids{};
  std::vector<std::string> materials{};  // files or sha256:…
  std::optional<int> slsa_level{};
  bool require_log = false;
  bool strict = false;
  std::optional<std::size_t> logs_min{};
  std::optional<std::size_t> timestamps_min{};
  std::optional<std::size_t> scts_min{};
  std::filesystem::path witness_policy{};
  std::filesystem::path checkpoint{};
  std::optional<std::int64_t> age_max_days{};
  Time at{};  // when it is judged
};

// One line of what is enforced: "signer", "repo:…, by https://…".
using PolicyLine = std::pair<std::string, std::string>;

class Trust {
 public:
  // Errors: kInvalidArgument when nothing says who may sign, and for contradictions; those of the files.
  [[nodiscard]] static Result<Trust> load(const TrustOptions& options);

  [[nodiscard]] const attestation::TrustedRoot& root() const { return root_; }

  // What is demanded of evidence of this kind (a predicate type, or attestation::kFileSignature). Errors:
  // kUntrusted when the policy has no rule for it.
  [[nodiscard]] Result<attestation::VerifyPolicy> policy_for(std::string_view kind) const;

  // The policy that is enforced, in words, in a fixed order.
  [[nodiscard]] const std::vector<PolicyLine>& lines() const { return lines_; }
  // What the user should know: an old root, for one.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  Status load_root(const TrustOptions& options);
  Status load_signers(const TrustOptions& options);
  Status load_demands(const TrustOptions& options);
  void describe();
  void describe_additions();

  TrustOptions options_;
  attestation::TrustedRoot root_{};
  std::optional<attestation::TrustPolicy> policy_{};
  std::string policy_origin_{};
  attestation::VerifyPolicy flags_{};  // of the flags alone
  std::shared_ptr<const tlog::WitnessPolicy> witnesses_{};
  std::vector<PolicyLine> lines_{};
  std::vector<std::string> notes_{};
};

// Places of configuration, first to last: the working folder, the user's, the system's.
[[nodiscard]] std::vector<std::filesystem::path> default_policy_paths();
// STELLAOPS_TRUST_DIR, or a folder of the user's data.
[[nodiscard]] std::filesystem::path default_trust_folder();

// Whether a digest is meant. A file of that name in the folder at hand changes nothing; it is named by "./".
[[nodiscard]] bool is_digest(std::string_view file_or_digest);
// What "sha256:<64 hex>" says, or the digest of the file, read as a stream.
[[nodiscard]] Result<Digest> digest_of(const std::string& file_or_digest);

}  // namespace stella::operations
