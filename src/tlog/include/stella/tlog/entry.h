// Entries of Rekor: what the body of a log's leaf says was signed, by which signature, under which key. A
// body is bytes of the log; a verifier compares every field with the bundle that it came in. Source:
// sigstore/rekor pkg/types (hashedrekord 0.0.1, dsse 0.0.1, intoto 0.0.2), sigstore/rekor-tiles (hashedrekord
// 0.0.2), and the signed entry timestamp of sigstore/rekor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/crypto/key.h"

namespace stella::tlog {

inline constexpr std::size_t kEntrySizeMaxBytes = std::size_t{16} << 20;
inline constexpr std::size_t kEntrySignaturesMax = 32;

enum class EntryKind {
  kHashedRekordV001,  // digest = of the artifact (or of the pre-authentication encoding)
  kDsseV001,          // envelope_sha256, payload_sha256
  kIntotoV002,        // payload_sha256, envelope_sha256 if the log gave it
  kHashedRekordV002,  // digest = of the artifact, or of the pre-authentication encoding of an envelope
};

// "hashedrekord" and "0.0.1", as `kindVersion` of a bundle names them.
struct KindVersion {
  std::string kind{};
  std::string version{};

  friend bool operator==(const KindVersion&, const KindVersion&) = default;
};
[[nodiscard]] KindVersion kind_version(EntryKind kind);

enum class HashAlgorithm { kSha256, kSha384, kSha512 };

struct EntryDigest {
  HashAlgorithm algorithm = HashAlgorithm::kSha256;
  Bytes value{};  // of the length of the algorithm

  friend bool operator==(const EntryDigest&, const EntryDigest&) = default;
};

// What the signature is verified by, as DER whatever the form in the log.
struct EntryVerifier {
  enum class Form { kCertificate, kPublicKey } form = Form::kCertificate;
  Bytes der{};                // X.509, or SubjectPublicKeyInfo
  std::string key_details{};  // v2 only, such as "PKIX_ECDSA_P256_SHA_256"

  friend bool operator==(const EntryVerifier&, const EntryVerifier&) = default;
};

struct EntrySignature {
  Bytes signature{};
  EntryVerifier verifier{};

  friend bool operator==(const EntrySignature&, const EntrySignature&) = default;
};

struct LogEntry {
  EntryKind kind = EntryKind::kHashedRekordV001;
  std::optional<EntryDigest> digest{};       // hashedrekord only
  std::optional<Digest> envelope_sha256{};   // dsse and intoto
  std::optional<Digest> payload_sha256{};    // dsse and intoto
  std::vector<EntrySignature> signatures{};  // at least one; exactly one in hashedrekord
};

// Reads the body of a leaf (`canonicalizedBody`). Errors: kCorrupt with the JSON path; kUnsupported for
// another kind or version; kLimitExceeded.
[[nodiscard]] Result<LogEntry> parse_entry(ByteView body);

// The body that a v2 log makes of a hashedrekord request, to compute a leaf hash from what was signed.
[[nodiscard]] std::string hashedrekord_v002_body(const EntryDigest& digest, const EntrySignature& signature);

// The promise of a v1 log to include an entry: a signature over where and when it took it.
struct EntryPromise {
  ByteView body{};                   // the leaf, borrowed
  std::int64_t integrated_time = 0;  // seconds since 1970
  Digest log_id{};                   // SHA-256 of the log's SubjectPublicKeyInfo
  std::uint64_t log_index = 0;       // over all shards of the log
};

// What a signed entry timestamp signs: RFC 8785 of {body, integratedTime, logID, logIndex}.
[[nodiscard]] std::string promise_payload(const EntryPromise& promise);
// Errors: kUntrusted.
[[nodiscard]] Status verify_promise(const EntryPromise& promise, ByteView signed_entry_timestamp,
                                    const crypto::PublicKey& log_key);

}  // namespace stella::tlog
