// Decides whether a bundle proves that a trusted signer signed an artifact, and when. Needs no network and
// opens no file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "stella/attestation/bundle.h"
#include "stella/attestation/identity.h"
#include "stella/attestation/report.h"
#include "stella/attestation/trusted_root.h"
#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/base/time.h"
#include "stella/crypto/key.h"
#include "stella/statement/in_toto.h"
#include "stella/statement/provenance.h"
#include "stella/tlog/witness_policy.h"

namespace stella::attestation {

// What is demanded. There is no default for who may sign: with neither signers nor keys nothing is accepted.
struct VerifyPolicy {
  std::vector<SignerRule> signers{};      // any of them, for certificates
  std::vector<crypto::PublicKey> keys{};  // any of them, for managed keys

  std::vector<std::string> predicate_types{};  // any of them; empty: any predicate
  std::vector<TextPattern> builders{};         // SLSA provenance: any of them; empty: not demanded
  int slsa_level_min = 0;
  std::vector<Digest> materials{};  // each must be among the provenance's materials

  // Different logs with a valid entry. Unset: one for certificates (never fewer), for keys only shown.
  std::optional<std::size_t> logs_min{};
  std::size_t timestamps_min = 0;  // different timestamp authorities
  std::size_t scts_min = 1;        // different CT logs, for certificates; 0 where no CT log can be trusted
  bool require_log = false;        // --require-rekor: managed keys too
  bool strict = false;             // what could not be checked is fatal
  std::optional<std::int64_t> age_max_days{};
  const tlog::WitnessPolicy* witnesses = nullptr;  // borrowed; cosignatures must satisfy it
  std::optional<std::string> checkpoint{};  // --rekor-checkpoint: a signed note that the proof must fit

  Time at{};  // evaluation time: signing times after it are refused
};

// What the bundle must be about. Beside the SHA-256, what the caller has when it has the file itself: some
// keys sign longer digests, and Ed25519 signs a file as a whole.
struct ArtifactDigest {
  Digest sha256{};
  std::optional<Bytes> sha384{};
  std::optional<Bytes> sha512{};
  std::optional<ByteView> content{};  // borrowed for the call
};

class Verifier;

// A statement whose every demanded check has passed. Only Verifier makes one.
class VerifiedStatement {
 public:
  [[nodiscard]] const statement::Statement& statement() const { return statement_; }
  [[nodiscard]] const std::optional<statement::Provenance>& provenance() const { return provenance_; }
  [[nodiscard]] const Report& report() const { return report_; }
  [[nodiscard]] const Digest& payload_digest() const { return payload_digest_; }

 private:
  friend class Verifier;
  VerifiedStatement() = default;
  statement::Statement statement_{};
  std::optional<statement::Provenance> provenance_{};
  Report report_{};
  Digest payload_digest_{};
};

struct Verdict {
  Report report{};
  std::optional<VerifiedStatement> statement{};  // of an accepted envelope with an in-toto statement
};

// Shares caches between calls; safe to use from several threads.
class Verifier {
 public:
  explicit Verifier(TrustedRoot root);
  ~Verifier();
  Verifier(Verifier&&) noexcept;
  Verifier& operator=(Verifier&&) noexcept;

  // `artifact` may be absent for an envelope: then its subject is reported as not checked. A blob's signature
  // needs it.
  [[nodiscard]] Verdict verify(const Bundle& bundle, const std::optional<ArtifactDigest>& artifact,
                               const VerifyPolicy& policy) const;

  [[nodiscard]] const TrustedRoot& root() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stella::attestation
