// One verification under way: what it looks at, what it found out so far, and its report.
// Each check_* below looks at one matter and adds one check for each CheckId that it decides.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stella/attestation/verifier.h"
#include "stella/crypto/chain.h"
#include "stella/tlog/entry.h"

namespace stella::attestation {

// A time at which the signature is proven to have existed.
struct ProvenTime {
  Time time{};
  TimeSource source = TimeSource::kNone;
};

struct Run {
  const TrustedRoot& root;
  const crypto::ChainCache& cache;
  const Bundle& bundle;
  const std::optional<ArtifactDigest>& artifact;
  const VerifyPolicy& policy;

  Report report{};
  Bytes signed_message{};                           // of an envelope: its pre-authentication encoding
  std::vector<ProvenTime> times{};                  // in the order in which they were found
  std::vector<Time> witnessed{};                    // when quorums of witnesses were met
  std::optional<statement::Statement> statement{};  // unverified until all is done
  std::optional<statement::Provenance> provenance{};
  std::optional<Error> provenance_error{};  // of a statement that calls itself SLSA provenance
  std::optional<SignerClaims> claims{};
  std::optional<crypto::PublicKey>
      key{};  // that the signature must fit: of the certificate, or the managed key

  [[nodiscard]] bool keyless() const { return bundle.certificate() != nullptr; }
  [[nodiscard]] ByteView signature() const;  // of the bundle

  void passed(CheckId id, std::string message);
  void failed(CheckId id, Error error, bool fatal = true);
  // Fatal in --strict: what could not be looked at must not count as fine there.
  void not_checked(CheckId id, std::string why, std::string next = {});
  // Shown only; the policy does not ask for it.
  void not_asked(CheckId id, std::string why);
  [[nodiscard]] bool has_fatal() const;
};

// The digest of `hash` over what the bundle says is signed, when it can be known. Errors: kInvalidArgument,
// kUnsupported.
[[nodiscard]] Result<Bytes> content_digest(const Run& run, crypto::Hash hash);
[[nodiscard]] Status verify_content_signature(const Run& run, const crypto::PublicKey& key);

// In this order: the log compares its entries with the key, the signer's certificate is held to the proven
// times.
void check_content(Run& run);     // payload-type
void check_key(Run& run);         // key, of signatures without a certificate
void check_timestamps(Run& run);  // timestamp, timestamp-threshold
void check_log(Run& run);   // log-entry, log-inclusion, log-checkpoint, log-promise, log-threshold, witnesses
void check_time(Run& run);  // signing-time
void check_signer(Run& run);     // certificate, sct, identity
void check_signature(Run& run);  // signature, subject
void check_statement(Run& run);  // predicate-type, builder, materials
void check_age(Run& run);        // age

// Whether `entry` is about the bundle: digest, signature and key. Errors: kUntrusted.
[[nodiscard]] Status compare_entry(const Run& run, const LogEntry& entry, const tlog::LogEntry& body);

}  // namespace stella::attestation
