#include "stella/attestation/report.h"

#include <algorithm>
#include <array>

namespace stella::attestation {
namespace {

constexpr std::array<CheckExplanation, 21> kExplanations = {
    {{CheckId::kBundle, "The bundle can be read, and holds what its version demands.", "always"},
     {CheckId::kPayloadType, "The envelope holds an in-toto statement.", "always"},
     {CheckId::kSubject, "The artifact is the one that was signed, or a subject of the statement.",
      "when an artifact is given; for signatures over files always"},
     {CheckId::kPredicateType, "The statement is of a wanted type.", "when types are demanded"},
     {CheckId::kSignature, "The signature is over this very content.", "always"},
     {CheckId::kKey, "The signature was made with one of the trusted keys.",
      "for signatures with a managed key"},
     {CheckId::kCertificate,
      "The certificate's chain leads to a trusted authority, all of it valid at each proven time.",
      "for keyless signatures"},
     {CheckId::kSct, "Enough trusted certificate transparency logs recorded the certificate.",
      "for keyless signatures, unless the policy asks for none"},
     {CheckId::kIdentity, "The certificate's name, issuer and extensions are those of a trusted signer.",
      "for keyless signatures"},
     {CheckId::kSigningTime,
      "The time of signing is proven, by the log (Rekor v1) or a timestamp, and is not in the future.",
      "for keyless signatures always; otherwise when it is in the future"},
     {CheckId::kTimestamp,
      "Each timestamp (RFC 3161) is over this signature, and was signed by an authority that was trusted at "
      "its time.",
      "when a timestamp of a trusted authority is wrong"},
     {CheckId::kTimestampThreshold, "Enough different timestamp authorities; one authority counts once.",
      "when the policy demands timestamps"},
     {CheckId::kLogEntry,
      "Each log entry is about this bundle: digest, signature, and certificate or key are the same, byte for "
      "byte.",
      "always"},
     {CheckId::kLogInclusion,
      "Each entry is in its log's tree: the inclusion proof leads to the checkpoint's root.",
      "when a proof is wrong; when it is missing, for keyless signatures (save bundles of version 0.1, which "
      "hold the log's promise "
      "instead), with --require-rekor, with --rekor-checkpoint and in --strict"},
     {CheckId::kLogCheckpoint,
      "The checkpoint was signed by a trusted log, under its own name, while its key was valid.",
      "as log-inclusion; with --rekor-checkpoint also when the proof is for another tree"},
     {CheckId::kLogPromise, "Rekor v1: the log signed when it took the entry (signed entry timestamp).",
      "when it is wrong"},
     {CheckId::kLogThreshold, "Enough different logs hold the signature; one log counts once.",
      "for keyless signatures always (at least one log); otherwise with --require-rekor, with "
      "--rekor-checkpoint and in --strict"},
     {CheckId::kWitnesses, "Enough witnesses cosigned the checkpoint, by the witness policy.",
      "when a witness policy is given"},
     {CheckId::kBuilder, "SLSA provenance: the builder is a wanted one, and the level is reached.",
      "when builders or a level are demanded"},
     {CheckId::kMaterials, "SLSA provenance: the given materials are among those that it lists.",
      "when materials are given"},
     {CheckId::kAge, "The signature is not older than the policy allows, counted from the proven time.",
      "when an age limit is set and exceeded; in --strict also when no time is proven"}}};

}  // namespace

std::string_view to_string(CheckId id) {
  constexpr std::array<std::string_view, 21> names = {
      "bundle",      "payload-type",        "subject",   "predicate-type", "signature",
      "key",         "certificate",         "sct",       "identity",       "signing-time",
      "timestamp",   "timestamp-threshold", "log-entry", "log-inclusion",  "log-checkpoint",
      "log-promise", "log-threshold",       "witnesses", "builder",        "materials",
      "age"};
  return names[static_cast<std::size_t>(id)];
}

std::string_view to_string(CheckState state) {
  return state == CheckState::kPassed ? "passed" : state == CheckState::kFailed ? "failed" : "not-checked";
}

std::string_view to_string(TimeSource source) {
  switch (source) {
    case TimeSource::kNone:
      return "none";
    case TimeSource::kLog:
      return "log";
    case TimeSource::kTimestamp:
      return "timestamp";
    case TimeSource::kWitness:
      return "witness";
  }
  return "unknown";
}

const Check* Report::find(CheckId id) const {
  const auto check = std::ranges::find(checks, id, &Check::id);
  return check == checks.end() ? nullptr : &*check;
}

std::optional<Error> Report::failure() const {
  for (const Check& check : checks) {
    if (check.state == CheckState::kPassed || !check.fatal) continue;
    return Error{.code = ErrorCode::kUntrusted,
                 .message = check.message,
                 .where = std::string(to_string(check.id)),
                 .expected = check.expected,
                 .found = check.found,
                 .next = check.next};
  }
  if (!accepted) return Error{.code = ErrorCode::kInternal, .message = "refused without a failed check"};
  return std::nullopt;
}

std::span<const CheckExplanation> check_explanations() { return kExplanations; }

}  // namespace stella::attestation
