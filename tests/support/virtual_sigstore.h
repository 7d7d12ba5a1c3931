// A whole small Sigstore in memory: certificate authority, CT log, transparency logs of both kinds, timestamp
// authority and witnesses. Times are given, serial numbers counted; only the ECDSA keys and signatures differ
// from run to run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "certificates.h"
#include "stella/attestation/bundle.h"
#include "stella/attestation/trusted_root.h"
#include "stella/attestation/verifier.h"

namespace stella::testing {

inline constexpr Time kSigned{.seconds = 1'790'000'000};  // 2026-09-21T13:33:20Z
inline constexpr Time kStart{.seconds = 1'700'000'000};   // of all authorities
inline constexpr Time kEnd{.seconds = 1'900'000'000};

inline const std::string kIdentity =
    "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";
inline const std::string kIssuer = "https://token.actions.githubusercontent.com";

enum class LogKind { kV1, kV2 };

// A transparency log and its tree.
class VirtualLog {
 public:
  // v2 logs have Ed25519 keys, v1 logs ECDSA ones.
  VirtualLog(LogKind kind, std::string url);

  [[nodiscard]] LogKind kind() const { return kind_; }
  [[nodiscard]] const crypto::PublicKey& key() const { return key_.public_key(); }
  [[nodiscard]] Bytes id() const;
  [[nodiscard]] attestation::TrustedLog trusted() const;
  [[nodiscard]] const std::string& origin() const { return origin_; }

  // Appends `body`, and proves it in the tree as it then is. v1 entries get `time` and the log's promise.
  [[nodiscard]] attestation::LogEntry add(const std::string& body, std::string kind, std::string version,
                                          Time time);
  // The note of a checkpoint over the present tree, signed under the log's name or another.
  [[nodiscard]] std::string checkpoint(std::optional<std::string> origin = {}) const;
  [[nodiscard]] std::string sign_note(const std::string& text) const;

 private:
  LogKind kind_;
  std::string url_;
  std::string origin_;
  crypto::PrivateKey key_;
  std::vector<Digest> leaves_{};
};

// A witness; its name is that of its key.
class VirtualWitness {
 public:
  VirtualWitness(std::string name, std::uint8_t seed);
  [[nodiscard]] std::string policy_key() const;  // "<name>+<id>+<key>", as witness policies write it
  // `note` with this witness's signature added.
  [[nodiscard]] std::string cosign(const std::string& note, Time time) const;

 private:
  std::string name_;
  crypto::PrivateKey key_;
};

struct SignRequest {
  std::string identity = kIdentity;
  std::string issuer = kIssuer;
  Time time = kSigned;                  // of the certificate's beginning, and of all that follows
  std::int64_t lifetime_seconds = 600;  // of the certificate
  std::vector<crypto::Extension> extensions{};
  std::optional<LogKind> log = LogKind::kV2;
  bool timestamp = true;
  std::optional<Time> timestamp_time{};
  std::optional<Time> log_time{};  // v1's integrated time
  bool sct = true;
  const crypto::PrivateKey* ct_key = nullptr;       // another CT log's
  std::optional<crypto::PrivateKey> managed_key{};  // instead of a certificate
  bool intoto_entry = false;                        // v1: kind intoto instead of dsse
  std::string payload_type = "application/vnd.in-toto+json";
  crypto::KeyType leaf_key = crypto::KeyType::kEcdsaP256;
};

class VirtualSigstore {
 public:
  // `authority_keys`: of CA and TSA; the public instance has P-384.
  explicit VirtualSigstore(crypto::KeyType authority_keys = crypto::KeyType::kEcdsaP256,
                           crypto::KeyType ct_key = crypto::KeyType::kEcdsaP256);

  [[nodiscard]] attestation::TrustedRoot root() const;

  [[nodiscard]] attestation::Bundle sign_file(ByteView content, const SignRequest& request = {});
  [[nodiscard]] attestation::Bundle sign_payload(std::string_view payload, const SignRequest& request = {});

  // Adds an entry for the bundle's signature to `log`.
  void log_to(VirtualLog& log, attestation::Bundle& bundle, ByteView content,
              const SignRequest& request = {});
  [[nodiscard]] Bytes timestamp(ByteView signature, Time time, bool embedded = false) const;

  VirtualLog v1;
  VirtualLog v2;
  crypto::PrivateKey ct_log;
  crypto::PrivateKey root_key;
  crypto::PrivateKey intermediate_key;
  crypto::PrivateKey tsa_root_key;
  crypto::PrivateKey tsa_key;
  crypto::Certificate ca_root;
  crypto::Certificate ca_intermediate;
  crypto::Certificate tsa_root;
  crypto::Certificate tsa;

 private:
  [[nodiscard]] crypto::Certificate issue(const crypto::PublicKey& key, const SignRequest& request);
  [[nodiscard]] attestation::Bundle sign(
      std::variant<statement::Envelope, attestation::MessageSignature> content, ByteView message,
      const SignRequest& request);
  std::uint64_t serial_ = 100;
};

// A statement about `content` with SLSA provenance or another predicate.
[[nodiscard]] std::string statement_about(ByteView content,
                                          std::string_view predicate_type = "https://example.com/check/v1",
                                          std::string_view predicate = R"({"ok":true})");

// Trusts kIdentity by kIssuer, evaluated an hour after kSigned.
[[nodiscard]] attestation::VerifyPolicy policy();
[[nodiscard]] attestation::ArtifactDigest artifact(ByteView content);

}  // namespace stella::testing
