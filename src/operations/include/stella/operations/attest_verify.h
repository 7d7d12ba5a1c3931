// stella attest verify: does this evidence prove that somebody trusted signed this artifact? And stella
// attest inspect: what is in a bundle, believed or not.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "stella/attestation/bundle.h"
#include "stella/attestation/report.h"
#include "stella/attestation/verifier.h"
#include "stella/base/error.h"
#include "stella/operations/attest_trust.h"
#include "stella/operations/context.h"

namespace stella::operations {

inline constexpr std::size_t kBatchLinesMax = 1'000'000;
inline constexpr std::uint64_t kSignedWholeMaxBytes = std::uint64_t{256} << 20;  // Ed25519 over files

// Where the evidence is, and what it must be about; at least one of the two.
struct EvidenceOptions {
  std::filesystem::path bundle{};  // empty: beside the artifact, or in `folder`
  std::string artifact{};          // a file or sha256:…; empty: any subject
  std::filesystem::path folder{};  // --evidence
};

struct AttestVerifyOptions {
  EvidenceOptions evidence{};
  std::filesystem::path batch{};  // lines "BUNDLE<tab>ARTIFACT" instead; "-" is standard input
  TrustOptions trust{};
  bool offline = false;  // nothing here opens a connection either way; a later lookup at a service would
  bool explain = false;
};

// The verdict on one bundle file. Of several bundles in it one must be accepted.
struct EvidenceVerdict {
  std::filesystem::path bundle{};
  std::string artifact{};          // as given
  std::optional<Digest> sha256{};  // of the artifact
  bool accepted = false;
  // One for each bundle in the file, in its order; in a batch without statements and without the checks that
  // passed.
  std::vector<attestation::Verdict> verdicts{};
  std::optional<Error> error{};  // what kept it from being judged at all

  // The verdict that decides: the first accepted, else the first. Null when there is none.
  [[nodiscard]] const attestation::Verdict* decisive() const;
};

struct AttestVerifyResult {
  bool accepted = false;  // all of them
  bool is_batch = false;
  std::vector<PolicyLine> policy{};
  std::vector<std::string> notes{};
  std::vector<EvidenceVerdict> evidence{};
};

// Errors: kInvalidArgument, kNotFound when there is no evidence where it was looked for; what cannot be read
// in a batch is part of the result instead.
[[nodiscard]] Result<AttestVerifyResult> attest_verify(const AttestVerifyOptions& options,
                                                       const Context& context);

struct AttestInspectOptions {
  EvidenceOptions evidence{};
  bool show_certificate = false;
  bool show_entry = false;
  bool show_timestamps = false;
};

struct AttestInspectResult {
  std::filesystem::path bundle{};
  std::vector<attestation::Bundle> bundles{};
  AttestInspectOptions options{};
};

[[nodiscard]] Result<AttestInspectResult> attest_inspect(const AttestInspectOptions& options);

// The file of evidence that the options name or that is found for the artifact. Errors: kNotFound with the
// names that were tried.
[[nodiscard]] Result<std::filesystem::path> find_evidence(const EvidenceOptions& options);

}  // namespace stella::operations
