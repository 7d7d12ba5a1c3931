// The `trust` section of policy.yaml: per kind of evidence, whose signature counts and what must stand behind
// it. docs/format/policy.md describes it, schemas/policy.schema.json too. Nothing is trusted that the file
// does not name, and nothing in it is ignored: an unknown key is an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stella/attestation/trusted_root.h"
#include "stella/attestation/verifier.h"
#include "stella/base/error.h"
#include "stella/base/yaml.h"
#include "stella/tlog/witness_policy.h"

namespace stella::attestation {

inline constexpr std::size_t kTrustRulesMax = 256;
inline constexpr std::size_t kTrustNamesMax = 1024;  // signers, keys, builders … of one rule

// Instead of a predicate type: signatures over files themselves, which hold no statement; and everything that
// no other rule names.
inline constexpr std::string_view kFileSignature = "file-signature";
inline constexpr std::string_view kAnyOther = "any-other";

struct TrustRule {
  std::vector<std::string> predicate_types{};  // or kFileSignature, kAnyOther
  std::string where{};                         // "policy.yaml: line 7", for messages
  VerifyPolicy policy{};                       // without `at`, `strict`, `checkpoint` and `materials`
  std::shared_ptr<const tlog::WitnessPolicy> witnesses{};  // owns what `policy.witnesses` points to
};

struct TrustPolicy {
  std::vector<TrustRule> rules{};             // no kind of evidence in two of them
  std::optional<TrustedRoot> trusted_root{};  // none: the root comes from elsewhere
};

// Reads a file that the policy names, by its path as written there.
using ReadPolicyFile = std::function<Result<std::string>(const std::string& path)>;

// Errors: kInvalidArgument with the line, for what the file says and for what stands in files that it names.
[[nodiscard]] Result<TrustPolicy> parse_trust_policy(std::string_view yaml_text, const ReadPolicyFile& read);

// Reads `path`; files that it names lie relative to its folder. Errors: also kNotFound, kIo.
[[nodiscard]] Result<TrustPolicy> load_trust_policy(const std::filesystem::path& path);

// The rule for a kind of evidence: `predicate_type`, or kFileSignature. Null if there is none. Valid as long
// as the policy is.
[[nodiscard]] const TrustRule* find_rule(const TrustPolicy& policy, std::string_view predicate_type);

// "StellaOps.BuildProvenance@1" and its like by the URI that they stand for; all else as it is.
[[nodiscard]] std::string predicate_type_uri(std::string_view name);

// A Sigstore trusted root in JSON, or PEM: certificates are then trusted both to issue certificates and to
// sign timestamps (what each may do stands in them), bare public keys to keep logs. Errors: kCorrupt,
// kUnsupported.
[[nodiscard]] Result<TrustedRoot> parse_root_text(std::string_view text);

// A commented policy to begin with.
[[nodiscard]] std::string_view policy_template();

}  // namespace stella::attestation
