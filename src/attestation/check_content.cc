// What was signed: the statement or the file, its subject, its predicate.
#include <algorithm>

#include <fmt/format.h>

#include "run.h"

namespace stella::attestation {
namespace {

std::string join(const std::vector<std::string>& texts) { return fmt::format("{}", fmt::join(texts, ", ")); }

Error error(std::string message, std::string expected = {}, std::string found = {}, std::string next = {}) {
  return {.code = ErrorCode::kUntrusted,
          .message = std::move(message),
          .expected = std::move(expected),
          .found = std::move(found),
          .next = std::move(next)};
}

std::string digest_text(crypto::Hash hash, ByteView digest) {
  return fmt::format("sha{}:{}", 8 * size_bytes(hash), to_hex(digest));
}

Result<Bytes> artifact_digest(const Run& run, crypto::Hash hash) {
  const std::optional<ArtifactDigest>& artifact = run.artifact;
  if (artifact && hash == crypto::Hash::kSha256) {
    return Bytes(artifact->sha256.bytes.begin(), artifact->sha256.bytes.end());
  }
  if (artifact && hash == crypto::Hash::kSha384 && artifact->sha384) return *artifact->sha384;
  if (artifact && hash == crypto::Hash::kSha512 && artifact->sha512) return *artifact->sha512;
  return fail({.code = ErrorCode::kUntrusted,
               .message = fmt::format("the artifact's {} is needed and not known", to_string(hash)),
               .next = "give the file itself instead of its sha256"});
}

void check_subject(Run& run) {
  if (!run.artifact) {
    run.not_checked(CheckId::kSubject, "no artifact was given to compare with the statement's subjects",
                    "name the artifact, or its sha256");
    return;
  }
  run.report.artifact = run.artifact->sha256;
  if (const statement::Subject* subject = statement::find_subject(*run.statement, run.artifact->sha256)) {
    run.passed(CheckId::kSubject,
               subject->name.empty()
                   ? "the artifact is a subject of the statement"
                   : fmt::format("the artifact is the statement's subject {}", subject->name));
    return;
  }
  std::vector<std::string> found;
  for (const statement::Subject& subject : run.statement->subjects) {
    const auto digest = subject.digests.find("sha256");
    if (digest != subject.digests.end()) found.push_back("sha256:" + digest->second);
    if (found.size() == 4) break;
  }
  run.failed(CheckId::kSubject,
             error("the statement is about other artifacts", sha256_text(run.artifact->sha256),
                   found.empty() ? "no subject with a SHA-256" : join(found)));
}

void check_message_digest(Run& run) {
  const MessageSignature& message = *run.bundle.message_signature();
  if (!run.artifact) {
    run.failed(CheckId::kSubject,
               error("a signature over a file cannot be checked without the file", "a file or its sha256",
                     "nothing", "name the artifact, or its sha256"));
    return;
  }
  run.report.artifact = run.artifact->sha256;
  if (!message.hash) {
    run.passed(CheckId::kSubject, "the bundle names no digest; the signature itself is over the artifact");
    return;
  }
  const auto digest = artifact_digest(run, *message.hash);
  if (!digest) {
    run.failed(CheckId::kSubject, digest.error());
  } else if (*digest != message.digest) {
    run.failed(CheckId::kSubject,
               error("the bundle is about another file", digest_text(*message.hash, *digest),
                     digest_text(*message.hash, message.digest)));
  } else {
    run.passed(CheckId::kSubject, fmt::format("the artifact has the digest that the bundle names ({})",
                                              to_string(*message.hash)));
  }
}

// The level that the provenance supports, given who signed it (slsa.dev/spec/v1.0/levels): 1 for provenance,
// 2 when a build platform signed it, 3 when the builder is one that keeps its keys from the build.
int slsa_level(const Run& run) {
  if (!run.claims) return 1;
  const std::string* runner = run.claims->extension("runner_environment");
  if (runner == nullptr || !runner->ends_with("-hosted") || *runner == "self-hosted") return 1;
  // A reusable workflow that builds in isolation signs under its own name, which the build cannot choose.
  constexpr std::string_view kIsolated =
      "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/";
  const std::string* signer = run.claims->extension("build_signer_uri");
  const bool isolated = signer != nullptr && signer->starts_with(kIsolated) &&
                        run.provenance->builder_id.starts_with(kIsolated);
  return isolated ? 3 : 2;
}

void check_builder(Run& run) {
  const VerifyPolicy& policy = run.policy;
  const bool asked = !policy.builders.empty() || policy.slsa_level_min > 0;
  if (!run.provenance) {
    // What was signed may call itself provenance and be none; that matters to whoever asks for a builder.
    if (run.provenance_error) {
      run.failed(CheckId::kBuilder, *run.provenance_error, asked);
    } else if (asked) {
      run.failed(CheckId::kBuilder, error("the statement is no SLSA provenance, and a builder is demanded"));
    }
    return;
  }
  const std::string& builder = run.provenance->builder_id;
  const int level = slsa_level(run);
  run.report.builder_id = builder;
  run.report.slsa_level = level;
  const auto fits = [&](const TextPattern& pattern) { return pattern.matches(builder); };
  if (!asked) {
    run.not_asked(CheckId::kBuilder,
                  fmt::format("built by {}, SLSA level {}; the policy demands none", builder, level));
  } else if (!policy.builders.empty() && std::ranges::none_of(policy.builders, fits)) {
    std::vector<std::string> wanted;
    for (const TextPattern& pattern : policy.builders) wanted.push_back(pattern.text());
    run.failed(CheckId::kBuilder, error("the artifact was built by another builder", join(wanted), builder));
  } else if (level < policy.slsa_level_min) {
    run.failed(CheckId::kBuilder,
               error("the provenance supports a lower SLSA level than demanded",
                     fmt::format("level {}", policy.slsa_level_min), fmt::format("level {}", level)));
  } else {
    run.passed(CheckId::kBuilder, fmt::format("built by {}, SLSA level {}", builder, level));
  }
}

void check_materials(Run& run) {
  const std::vector<Digest>& wanted = run.policy.materials;
  if (wanted.empty()) return;
  if (!run.provenance) {
    run.failed(CheckId::kMaterials, error("the statement is no SLSA provenance, and materials are given"));
    return;
  }
  for (const Digest& digest : wanted) {
    const std::string hex = to_hex(digest.view());
    const auto has = [&](const statement::Material& material) {
      const auto found = material.digests.find("sha256");
      return found != material.digests.end() && found->second == hex;
    };
    if (std::ranges::any_of(run.provenance->materials, has)) continue;
    run.failed(CheckId::kMaterials,
               error("a material is not among those that the provenance lists", sha256_text(digest),
                     fmt::format("{} other materials", run.provenance->materials.size())));
    return;
  }
  run.passed(CheckId::kMaterials,
             fmt::format("{} of {} materials compared", wanted.size(), run.provenance->materials.size()));
}

}  // namespace

Result<Bytes> content_digest(const Run& run, crypto::Hash hash) {
  if (run.bundle.envelope() != nullptr) return crypto::digest(hash, run.signed_message);
  // What the bundle says of the file; that it is true of the artifact is the subject's check, which is always
  // fatal.
  const MessageSignature& message = *run.bundle.message_signature();
  return message.hash == hash ? message.digest : artifact_digest(run, hash);
}

void check_content(Run& run) {
  const statement::Envelope* envelope = run.bundle.envelope();
  if (envelope == nullptr) return;
  run.signed_message = statement::pre_authentication_encoding(*envelope);
  run.report.payload_type = envelope->payload_type;
  if (envelope->payload_type != statement::kInTotoPayloadType) {
    run.failed(CheckId::kPayloadType,
               error("the envelope holds another type of payload", std::string(statement::kInTotoPayloadType),
                     envelope->payload_type));
    return;
  }
  auto statement = statement::parse_statement(envelope->payload);
  if (!statement) {
    run.failed(CheckId::kPayloadType, std::move(statement).error().at("payload"));
    return;
  }
  run.report.predicate_type = statement->predicate_type;
  if (statement::is_slsa_provenance(statement->predicate_type)) {
    auto provenance = statement::provenance_of(*statement);
    if (provenance) {
      run.provenance = *std::move(provenance);
    } else {
      run.provenance_error = std::move(provenance).error().at("payload");
    }
  }
  run.statement = *std::move(statement);
  run.passed(CheckId::kPayloadType, "an in-toto statement");
}

void check_signature(Run& run) {
  if (run.bundle.envelope() == nullptr) {
    check_message_digest(run);
  } else if (run.statement) {
    check_subject(run);
  }
  if (!run.key) return;  // the failed check of the signer says why
  const auto status = verify_content_signature(run, *run.key);
  if (status) {
    run.passed(CheckId::kSignature, fmt::format("signed with {}", to_string(run.key->type())));
  } else {
    run.failed(CheckId::kSignature, status.error());
  }
}

void check_statement(Run& run) {
  const std::vector<std::string>& wanted = run.policy.predicate_types;
  if (!run.statement) {
    if (!wanted.empty() && run.bundle.envelope() == nullptr) {
      run.failed(CheckId::kPredicateType,
                 error("the bundle signs a file, and a statement is demanded", join(wanted)));
    }
    // What is demanded of a statement is not met by there being none.
    check_builder(run);
    check_materials(run);
    return;
  }
  const std::string& found = run.statement->predicate_type;
  if (wanted.empty()) {
    run.not_asked(CheckId::kPredicateType, fmt::format("{}; the policy demands no type", found));
  } else if (std::ranges::find(wanted, found) == wanted.end()) {
    run.failed(CheckId::kPredicateType, error("the statement is of another type", join(wanted), found));
  } else {
    run.passed(CheckId::kPredicateType, found);
  }
  check_builder(run);
  check_materials(run);
}

}  // namespace stella::attestation
