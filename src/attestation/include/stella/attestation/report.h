// What a verification found, check by check, whether it ended well or not.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/base/time.h"

namespace stella::attestation {

// In the order in which they are shown: what was signed, by whom, when, and who holds the proof.
enum class CheckId {
  kBundle,              // the bundle can be read and holds what its version demands
  kPayloadType,         // an envelope holds an in-toto statement
  kSubject,             // the artifact is the one that was signed
  kPredicateType,       // the statement is of a wanted type
  kSignature,           // over this very content
  kKey,                 // the managed key is one of those trusted
  kCertificate,         // chain to a trusted authority, at the signing time
  kSct,                 // certificate transparency
  kIdentity,            // who signed, by which issuer, under which conditions
  kSigningTime,         // when it was signed, proven
  kTimestamp,           // RFC 3161 tokens are over this signature, by a trusted authority
  kTimestampThreshold,  // as many different timestamp authorities as demanded
  kLogEntry,            // the log entry is about this bundle
  kLogInclusion,        // the entry is in the tree of a checkpoint
  kLogCheckpoint,       // the checkpoint was signed by a trusted log
  kLogPromise,          // Rekor v1: the log's signature over entry and time
  kLogThreshold,        // as many different logs as demanded
  kWitnesses,           // cosignatures reach the quorum
  kBuilder,             // SLSA provenance: built by a wanted builder
  kMaterials,           // SLSA provenance: made from the given materials
  kAge,                 // not older than allowed
};

enum class CheckState { kPassed, kFailed, kNotChecked };

struct Check {
  CheckId id = CheckId::kBundle;
  CheckState state = CheckState::kNotChecked;
  bool fatal = false;      // of a failed check: decides the answer
  std::string message{};   // what was found out, or why it was not checked
  std::string expected{};  // empty if there is none
  std::string found{};
  std::string next{};  // the cure; empty if there is none
};

enum class TimeSource { kNone, kLog, kTimestamp, kWitness };

struct LogReference {
  std::string url{};  // of the log; empty when it is not known
  std::uint64_t index = 0;
  std::string uuid{};  // v1: tree id and leaf hash are not known offline: the hex leaf hash, as for v2
  std::string kind{};
  std::optional<Time> integrated_time{};  // v1 only
  std::string origin{};                   // of the checkpoint
  std::uint64_t tree_size = 0;
};

struct Report {
  bool accepted = false;
  std::vector<Check> checks{};

  // Filled in as far as the checks came; proven only when `accepted`.
  std::string signer{};  // the certificate's name, or the key's id
  std::string issuer{};
  std::optional<Time> signing_time{};
  TimeSource time_source = TimeSource::kNone;
  std::vector<LogReference> log_entries{};
  std::string payload_type{};        // of an envelope
  std::string predicate_type{};      // of a statement
  std::string builder_id{};          // of SLSA provenance
  int slsa_level = 0;                // that the provenance supports; 0 without
  std::optional<Digest> artifact{};  // that was compared

  [[nodiscard]] const Check* find(CheckId id) const;
  // The first fatal check as an error (kUntrusted, or the code of what went wrong); none when accepted.
  [[nodiscard]] std::optional<Error> failure() const;
};

[[nodiscard]] std::string_view to_string(CheckId id);  // "log-inclusion" …
[[nodiscard]] std::string_view to_string(CheckState state);
[[nodiscard]] std::string_view to_string(TimeSource source);

// What each check means and when its failure is fatal: the text of --explain.
struct CheckExplanation {
  CheckId id = CheckId::kBundle;
  std::string_view what{};
  std::string_view fatal_when{};
};
[[nodiscard]] std::span<const CheckExplanation> check_explanations();

}  // namespace stella::attestation
