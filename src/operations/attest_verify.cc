#include "stella/operations/attest_verify.h"

#include <algorithm>
#include <iostream>
#include <vector>

#include <fmt/format.h>

#include "stella/base/file.h"
#include "stella/base/parallel.h"
#include "stella/base/source.h"
#include "stella/crypto/digester.h"

namespace stella::operations {
namespace {

constexpr std::size_t kBatchSizeMaxBytes = std::size_t{256} << 20;
constexpr std::size_t kHashBlockBytes = std::size_t{1} << 20;

using attestation::Bundle;
using attestation::VerifyPolicy;

bool is_there(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// What kind of evidence a bundle claims to be: it decides which rule is applied, and that rule then demands
// the very type, so that a lie gains nothing.
std::string claimed_kind(const Bundle& bundle) {
  const statement::Envelope* envelope = bundle.envelope();
  if (envelope == nullptr) return std::string(attestation::kFileSignature);
  const auto statement = statement::parse_statement(envelope->payload);
  // A statement must not call itself a signature over a file, whose rule asks for no type.
  const bool named = statement && statement->predicate_type != attestation::kFileSignature;
  return named ? statement->predicate_type : std::string();
}

// An artifact, by which one bundle after another is judged; its bytes are read at most once for each need.
class Artifact {
 public:
  explicit Artifact(std::string name) : name_(std::move(name)) {}

  Result<std::optional<attestation::ArtifactDigest>> digest_for(const Bundle& bundle,
                                                                const VerifyPolicy& policy) {
    if (name_.empty()) return std::nullopt;
    STELLA_CHECK(read(needs_of(bundle, policy)));
    attestation::ArtifactDigest digest{.sha256 = *sha256_, .sha384 = sha384_, .sha512 = sha512_};
    if (content_) digest.content = *content_;
    return digest;
  }
  [[nodiscard]] const std::optional<Digest>& sha256() const { return sha256_; }

 private:
  struct Needs {
    bool sha384 = false;
    bool sha512 = false;
    bool content = false;
  };

  // A signature over a file may be over a longer digest of it, or over the file as a whole.
  static Needs needs_of(const Bundle& bundle, const VerifyPolicy& policy) {
    Needs needs;
    if (bundle.message_signature() == nullptr) return needs;
    const auto add = [&](crypto::KeyType type) {
      needs.sha384 |= type == crypto::KeyType::kEcdsaP384;
      needs.sha512 |= type == crypto::KeyType::kEcdsaP521;
      needs.content |= type == crypto::KeyType::kEd25519;
    };
    if (const crypto::Certificate* certificate = bundle.certificate()) {
      add(certificate->key().type());
    } else {
      for (const crypto::PublicKey& key : policy.keys) add(key.type());
    }
    const auto& hash = bundle.message_signature()->hash;
    needs.sha384 |= hash == crypto::Hash::kSha384;
    needs.sha512 |= hash == crypto::Hash::kSha512;
    return needs;
  }

  Status read(Needs needs) {
    if (is_digest(name_)) {
      if (!sha256_) {
        STELLA_TRY(sha256_, digest_of(name_));
      }
      return {};
    }
    const bool complete =
        sha256_ && (sha384_ || !needs.sha384) && (sha512_ || !needs.sha512) && (content_ || !needs.content);
    if (complete) return {};
    // All of them of one reading, or a file that changes in between would be judged by its former digest.
    needs.sha384 |= sha384_.has_value();
    needs.sha512 |= sha512_.has_value();
    needs.content |= content_.has_value();
    STELLA_TRY(const auto source, open_file(name_));
    if (needs.content && source->size() <= kSignedWholeMaxBytes) {
      STELLA_TRY(content_, read_all(*source, kSignedWholeMaxBytes));
    }
    Sha256 sha256;
    std::optional<crypto::Digester> sha384;
    std::optional<crypto::Digester> sha512;
    if (needs.sha384) sha384.emplace(crypto::Hash::kSha384);
    if (needs.sha512) sha512.emplace(crypto::Hash::kSha512);
    STELLA_CHECK(for_each_block(*source, kHashBlockBytes, [&](ByteView block) -> Status {
      sha256.update(block);
      if (sha384) sha384->update(block);
      if (sha512) sha512->update(block);
      return {};
    }));
    sha256_ = sha256.finish();
    if (sha384) sha384_ = sha384->finish();
    if (sha512) sha512_ = sha512->finish();
    return {};
  }

  std::string name_;
  std::optional<Digest> sha256_;
  std::optional<Bytes> sha384_;
  std::optional<Bytes> sha512_;
  std::optional<Bytes> content_;
};

// A verdict without any check made: why a bundle is refused before the verifier sees it.
attestation::Verdict refused(const Error& error) {
  attestation::Verdict verdict;
  verdict.report.checks.push_back({.id = attestation::CheckId::kIdentity,
                                   .state = attestation::CheckState::kFailed,
                                   .fatal = true,
                                   .message = error.message,
                                   .expected = error.expected,
                                   .found = error.found,
                                   .next = error.next});
  return verdict;
}

Result<attestation::Verdict> judge_bundle(const Bundle& bundle, Artifact& artifact, const Trust& trust,
                                          const attestation::Verifier& verifier) {
  const auto policy = trust.policy_for(claimed_kind(bundle));
  if (!policy) {
    if (policy.error().code != ErrorCode::kUntrusted) return std::unexpected(policy.error());
    return refused(policy.error());
  }
  STELLA_TRY(const auto digest, artifact.digest_for(bundle, *policy));
  return verifier.verify(bundle, digest, *policy);
}

Status judge(EvidenceVerdict& evidence, const Trust& trust, const attestation::Verifier& verifier) {
  STELLA_TRY(const std::vector<Bundle> bundles, attestation::load_bundles(evidence.bundle));
  Artifact artifact(evidence.artifact);
  for (const Bundle& bundle : bundles) {
    STELLA_TRY(attestation::Verdict verdict, judge_bundle(bundle, artifact, trust, verifier));
    evidence.accepted = evidence.accepted || verdict.report.accepted;
    evidence.verdicts.push_back(std::move(verdict));
  }
  evidence.sha256 = artifact.sha256();
  return {};
}

// Of many thousands of verdicts only what did not pass is of interest, and all of it would fill the memory.
void keep_what_matters(EvidenceVerdict& evidence) {
  for (attestation::Verdict& verdict : evidence.verdicts) {
    verdict.statement.reset();
    std::erase_if(verdict.report.checks, [](const attestation::Check& check) {
      return check.state == attestation::CheckState::kPassed;
    });
    verdict.report.checks.shrink_to_fit();
  }
}

Result<std::string> read_batch(const std::filesystem::path& path) {
  if (path != "-") {
    STELLA_TRY(const Bytes bytes, read_file(path, kBatchSizeMaxBytes));
    return std::string(as_text(bytes));
  }
  std::string text;
  std::vector<char> block(1 << 16);
  while (std::cin.read(block.data(), static_cast<std::streamsize>(block.size())) || std::cin.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(std::cin.gcount()));
    if (text.size() > kBatchSizeMaxBytes) {
      return fail(ErrorCode::kLimitExceeded,
                  fmt::format("a batch is larger than {} bytes", kBatchSizeMaxBytes));
    }
  }
  return text;
}

// "BUNDLE", "BUNDLE<tab>ARTIFACT" or "<tab>ARTIFACT"; empty lines and those that begin with "#" are skipped.
Result<std::vector<EvidenceOptions>> parse_batch(std::string_view text, const std::filesystem::path& folder) {
  std::vector<EvidenceOptions> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    if (lines.size() >= kBatchLinesMax) {
      return fail(ErrorCode::kLimitExceeded, fmt::format("a batch has more than {} lines", kBatchLinesMax));
    }
    const std::size_t tab = std::min(line.find('\t'), line.size());
    // As with an empty --artifact: nothing would be compared where something was meant to be.
    if (tab + 1 == line.size()) {
      return fail({.code = ErrorCode::kInvalidArgument,
                   .message = "a line of a batch names no artifact after its tab",
                   .found = std::string(line)});
    }
    lines.push_back({.bundle = std::string(line.substr(0, tab)),
                     .artifact = std::string(line.substr(std::min(tab + 1, line.size()))),
                     .folder = folder});
  }
  return lines;
}

}  // namespace

const attestation::Verdict* EvidenceVerdict::decisive() const {
  const auto found =
      std::ranges::find_if(verdicts, [](const auto& verdict) { return verdict.report.accepted; });
  if (found != verdicts.end()) return &*found;
  return verdicts.empty() ? nullptr : &verdicts.front();
}

Result<std::filesystem::path> find_evidence(const EvidenceOptions& options) {
  if (!options.bundle.empty()) return options.bundle;
  if (options.artifact.empty()) {
    return fail(
        {.code = ErrorCode::kInvalidArgument,
         .message = "neither the evidence nor the artifact is named",
         .expected =
             "--bundle FILE (where the evidence is), --artifact FILE (what it must be about), or both"});
  }
  std::vector<std::filesystem::path> candidates;
  const bool by_digest = is_digest(options.artifact);
  if (!by_digest) candidates.emplace_back(options.artifact + ".sigstore.json");
  if (!options.folder.empty()) {
    if (!by_digest) {
      candidates.push_back(options.folder /
                           (std::filesystem::path(options.artifact).filename().string() + ".sigstore.json"));
    }
    STELLA_TRY(const Digest digest, digest_of(options.artifact));
    const std::string hex = to_hex(digest.view());
    candidates.push_back(options.folder / ("sha256-" + hex + ".sigstore.json"));
    candidates.push_back(options.folder /
                         ("sha256:" + hex + ".jsonl"));  // as `gh attestation download` names it
  }
  std::string tried;
  for (const std::filesystem::path& candidate : candidates) {
    if (is_there(candidate)) return candidate;
    tried += (tried.empty() ? "" : ", ") + candidate.string();
  }
  return fail({.code = ErrorCode::kNotFound,
               .message = "there is no evidence for the artifact",
               .where = options.artifact,
               .expected = tried.empty() ? "--bundle FILE or --evidence FOLDER" : "one of " + tried,
               .next = "Say where it is by --bundle FILE or --evidence FOLDER."});
}

Result<AttestVerifyResult> attest_verify(const AttestVerifyOptions& options, const Context& context) {
  STELLA_TRY(const Trust trust, Trust::load(options.trust));
  AttestVerifyResult result{
      .is_batch = !options.batch.empty(), .policy = trust.lines(), .notes = trust.notes()};
  const attestation::Verifier verifier(trust.root());
  if (context.debug) {
    for (const auto& [name, what] : result.policy) context.debug(name + ": " + what);
  }
  if (!result.is_batch) {
    EvidenceVerdict evidence{.artifact = options.evidence.artifact};
    STELLA_TRY(evidence.bundle, find_evidence(options.evidence));
    STELLA_CHECK(judge(evidence, trust, verifier));
    result.accepted = evidence.accepted;
    result.evidence.push_back(std::move(evidence));
    return result;
  }

  if (!options.evidence.bundle.empty() || !options.evidence.artifact.empty()) {
    return fail({.code = ErrorCode::kInvalidArgument,
                 .message = "--batch names bundles and artifacts in its lines",
                 .expected = "--batch alone, or --bundle and --artifact without it",
                 .found = "both",
                 .next = "Put them into a line of their own: BUNDLE, a tab, ARTIFACT."});
  }
  STELLA_TRY(const std::string text, read_batch(options.batch));
  STELLA_TRY(const std::vector<EvidenceOptions> lines, parse_batch(text, options.evidence.folder));
  if (lines.empty()) {
    return fail(ErrorCode::kInvalidArgument, "a batch without any line proves nothing",
                options.batch.string());
  }
  result.evidence.resize(lines.size());
  STELLA_CHECK(parallel_for(lines.size(), context.threads, [&](std::size_t i) -> Status {
    EvidenceVerdict& evidence = result.evidence[i];
    evidence.artifact = lines[i].artifact;
    const auto found = find_evidence(lines[i]);
    if (found) evidence.bundle = *found;
    const Status judged = found ? judge(evidence, trust, verifier) : Status(std::unexpected(found.error()));
    if (!judged) {
      evidence.accepted = false;
      evidence.error = judged.error();
    }
    keep_what_matters(evidence);
    return {};
  }));
  result.accepted = std::ranges::all_of(result.evidence, &EvidenceVerdict::accepted);
  return result;
}

Result<AttestInspectResult> attest_inspect(const AttestInspectOptions& options) {
  AttestInspectResult result{.options = options};
  STELLA_TRY(result.bundle, find_evidence(options.evidence));
  STELLA_TRY(result.bundles, attestation::load_bundles(result.bundle));
  return result;
}

}  // namespace stella::operations
