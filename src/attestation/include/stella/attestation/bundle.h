// Sigstore bundles: one signature with all that is needed to check it offline.
// Source: sigstore/protobuf-specs, sigstore_bundle.proto; docs/format/bundle.md says what we read and write.
// Nothing here is verified: what is read is claims, and only Verifier makes more of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/base/json.h"
#include "stella/crypto/certificate.h"
#include "stella/crypto/signature.h"
#include "stella/statement/dsse.h"

namespace stella::attestation {

inline constexpr std::size_t kBundleSizeMaxBytes = std::size_t{64} << 20;
inline constexpr std::size_t kBundlesMax = 1024;   // in one file of JSON lines
inline constexpr std::size_t kLogEntriesMax = 32;  // same bounds as sigstore-go
inline constexpr std::size_t kTimestampsMax = 32;
inline constexpr std::size_t kBundleCertificatesMax = 16;
inline constexpr std::size_t kProofHashesMax = 64;  // a tree of 2^63 leaves has proofs of 63 hashes

// kDetached: a bare envelope with its proofs in files beside it.
enum class BundleVersion { kV01, kV02, kV03, kDetached };

[[nodiscard]] std::string_view to_string(BundleVersion version);

struct InclusionProof {
  std::uint64_t log_index = 0;  // of the leaf in this tree
  std::uint64_t tree_size = 0;
  Digest root_hash{};
  std::vector<Digest> hashes{};  // lowest first
  std::string checkpoint{};      // signed note; empty when there is none

  friend bool operator==(const InclusionProof&, const InclusionProof&) = default;
};

// TransparencyLogEntry, as a log gave it.
struct LogEntry {
  std::uint64_t log_index = 0;  // v1: over all shards of the log
  Bytes log_id{};
  std::string kind{};                             // "hashedrekord", "dsse", "intoto"
  std::string version{};                          // "0.0.1", "0.0.2"
  std::int64_t integrated_time = 0;               // seconds since 1970; 0 when there is none
  std::optional<Bytes> signed_entry_timestamp{};  // v1: the log's promise over body, time, id and index
  std::optional<InclusionProof> inclusion_proof{};
  Bytes body{};  // canonicalizedBody

  friend bool operator==(const LogEntry&, const LogEntry&) = default;
};

struct MessageSignature {
  std::optional<crypto::Hash> hash{};  // of messageDigest, when it is there
  Bytes digest{};
  Bytes signature{};

  friend bool operator==(const MessageSignature&, const MessageSignature&) = default;
};

// A key is only hinted at: it must come from the policy.
struct KeyHint {
  std::string hint{};
  friend bool operator==(const KeyHint&, const KeyHint&) = default;
};

struct Bundle {
  BundleVersion version = BundleVersion::kV03;
  // Certificates leaf first, at least one; v0.3 has exactly one.
  std::variant<std::vector<crypto::Certificate>, KeyHint> signer{KeyHint{}};
  std::variant<statement::Envelope, MessageSignature> content{};  // an envelope with exactly one signature
  std::vector<LogEntry> log_entries{};
  std::vector<Bytes> timestamps{};  // DER of RFC 3161 responses

  [[nodiscard]] const crypto::Certificate* certificate() const;  // null for a managed key
  [[nodiscard]] const statement::Envelope* envelope() const;
  [[nodiscard]] const MessageSignature* message_signature() const;
};

// Reads one bundle. White space after it is fine; anything else is not. Unknown members are ignored where
// protobuf's JSON readers ignore them, save that a wrong type or a second value of a oneof is refused.
// Errors: kCorrupt with the JSON path; kUnsupported for a media type that is not known; kLimitExceeded.
[[nodiscard]] Result<Bundle> parse_bundle(std::string_view json_text);
[[nodiscard]] Result<Bundle> bundle_from_json(const json::Value& value);

// One bundle, or several as JSON lines, as `gh attestation download` writes them (also {"bundle": …} on each
// line).
[[nodiscard]] Result<std::vector<Bundle>> parse_bundles(std::string_view text);

// A bare envelope (one signature), the log's answer (a TransparencyLogEntry or an array of them; may be
// empty) and the certificates in PEM, leaf first (may be empty: a managed key).
[[nodiscard]] Result<Bundle> bundle_from_parts(std::string_view envelope_json,
                                               std::string_view rekor_proof_json,
                                               std::string_view certificate_chain_pem);

// Reads a file of bundles; or a bare envelope (`*.dsse.json`) with `rekor-proof.json` and `cert-chain.pem`
// beside it, each where there is one, and also as `<name>.rekor-proof.json`, `<name>.cert-chain.pem` for
// `<name>.dsse.json`. Errors: also those of read_file.
[[nodiscard]] Result<std::vector<Bundle>> load_bundles(const std::filesystem::path& path);

// The bundle as v0.3: canonical JSON (RFC 8785). Errors: kInvalidArgument for what v0.3 cannot hold.
[[nodiscard]] Result<std::string> to_json_text(const Bundle& bundle);

[[nodiscard]] Result<LogEntry> log_entry_from_json(const json::Value& value, const std::string& where);
[[nodiscard]] json::Value to_json(const LogEntry& entry);

}  // namespace stella::attestation
