// Who signed: a managed key that the policy names, or a certificate: its chain, its transparency, its
// identity.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "run.h"
#include "stella/crypto/sct.h"

namespace stella::attestation {
namespace {

std::unexpected<Error> wrong(std::string message, std::string expected = {}, std::string found = {},
                             std::string next = {}) {
  return fail({.code = ErrorCode::kUntrusted,
               .message = std::move(message),
               .expected = std::move(expected),
               .found = std::move(found),
               .next = std::move(next)});
}

std::string key_name(const crypto::PublicKey& key) {
  return fmt::format("{} key sha256:{}", to_string(key.type()), to_hex(key.id().view()));
}

}  // namespace

void check_key(Run& run) {
  if (run.keyless()) return;
  if (run.policy.keys.empty()) {
    return run.failed(CheckId::kKey, wrong("the signature was made with a managed key, and no key is trusted",
                                           "a trusted key", "none",
                                           "give the key with --key, or in the policy's trust section")
                                         .error());
  }
  for (const crypto::PublicKey& key : run.policy.keys) {
    if (!verify_content_signature(run, key)) continue;
    run.key = key;
    run.report.signer = key_name(key);
    return run.passed(CheckId::kKey, run.report.signer);
  }
  if (run.policy.keys.size() == 1) {
    // Let the signature's check give its reason.
    run.key = run.policy.keys.front();
    run.report.signer = key_name(*run.key);
  }
  std::string trusted;
  for (const crypto::PublicKey& key : run.policy.keys)
    trusted += (trusted.empty() ? "" : ", ") + key_name(key);
  run.failed(CheckId::kKey, wrong("the signature does not fit any trusted key", trusted).error());
}

namespace {

// Chain at the first time; at the others the same chain must have been valid.
Result<crypto::Chain> chain_at_all_times(const Run& run, const TrustedAuthority& authority,
                                         std::span<const crypto::Certificate> intermediates) {
  const Time first = run.times.front().time;
  for (const ProvenTime& proven : run.times) {
    if (!authority.valid.contains(proven.time)) {
      return wrong("the certificate authority was not trusted at the signing time",
                   to_string(authority.valid), to_string(proven.time));
    }
  }
  STELLA_TRY(crypto::Chain chain,
             crypto::build_chain(*run.bundle.certificate(), {.roots = authority.roots,
                                                             .root_keys = authority.root_keys,
                                                             .intermediates = intermediates,
                                                             .at = first,
                                                             .purpose = crypto::kOidCodeSigning,
                                                             .cache = &run.cache}));
  for (const ProvenTime& proven : run.times) {
    for (const crypto::Certificate& certificate : chain.certificates) {
      if (certificate.valid_at(proven.time)) continue;
      return wrong(certificate == chain.certificates.front()
                       ? "the certificate was not valid at the signing time"
                       : "an authority's certificate was not valid at the signing time",
                   fmt::format("{} to {}", to_string(certificate.fields().not_before),
                               to_string(certificate.fields().not_after)),
                   fmt::format("{} ({})", to_string(proven.time), to_string(proven.source)));
    }
  }
  return chain;
}

std::optional<crypto::Chain> check_certificate(Run& run) {
  const auto& bundled = std::get<std::vector<crypto::Certificate>>(run.bundle.signer);
  if (run.times.empty()) {
    run.not_asked(CheckId::kCertificate,
                  "without a proven signing time nothing says when it had to be valid");
    return std::nullopt;
  }
  std::optional<Error> reason;
  // The authority whose name the leaf carries tells more than the first one.
  bool reason_is_named = false;
  for (const TrustedAuthority& authority : run.root.certificate_authorities) {
    std::vector<crypto::Certificate> intermediates = authority.intermediates;
    intermediates.insert(intermediates.end(), bundled.begin() + 1, bundled.end());
    auto chain = chain_at_all_times(run, authority, intermediates);
    if (chain) {
      run.passed(CheckId::kCertificate,
                 fmt::format("issued by {}, valid at the signing time", authority.name));
      return *std::move(chain);
    }
    const auto named = [&](const crypto::Certificate& certificate) {
      return certificate.fields().subject_der == bundled.front().fields().issuer_der;
    };
    const bool is_named =
        std::ranges::any_of(intermediates, named) || std::ranges::any_of(authority.roots, named);
    if (!reason || (is_named && !reason_is_named)) {
      reason = std::move(chain).error();
      reason_is_named = is_named;
    }
  }
  if (!reason) {
    reason = wrong("no certificate authority is trusted", "a trusted root with certificate authorities",
                   "none", "give --trusted-root, or --fulcio-root")
                 .error();
  }
  run.failed(CheckId::kCertificate, *std::move(reason));
  return std::nullopt;
}

void check_scts(Run& run, const crypto::Chain& chain) {
  const crypto::Certificate& leaf = *run.bundle.certificate();
  const std::size_t wanted = run.policy.scts_min;
  const auto scts = crypto::embedded_scts(leaf);
  if (!scts) return run.failed(CheckId::kSct, scts.error());
  std::set<Digest> logs;  // one log counts once
  std::size_t unknown = 0;
  std::optional<Error> outside;
  for (const crypto::Sct& sct : *scts) {
    bool known = false;
    for (const TrustedLog& log : run.root.ct_logs) {
      if (log.key.id() != sct.log_id) continue;
      known = true;
      if (!log.valid.contains(sct.time())) {
        outside = wrong("the CT log's key was not valid at the time of the SCT", to_string(log.valid),
                        to_string(sct.time()))
                      .error();
        continue;
      }
      if (auto status = crypto::verify_embedded_sct(sct, leaf, chain.leaf_issuer, log.key); !status) {
        return run.failed(CheckId::kSct, std::move(status).error().at("SCT of " + log.url));
      }
      logs.insert(sct.log_id);
      break;
    }
    unknown += known ? 0 : 1;
  }
  if (wanted == 0 && logs.empty()) {
    if (!run.root.ct_logs.empty()) return run.not_asked(CheckId::kSct, "the policy demands none");
    return run.not_checked(CheckId::kSct, "no certificate transparency log is trusted",
                           "give its key with --ct-root");
  }
  const std::string found = fmt::format("{} SCTs, {} of trusted logs", scts->size(), logs.size());
  if (logs.size() >= wanted) return run.passed(CheckId::kSct, found);
  if (outside) return run.failed(CheckId::kSct, *std::move(outside));
  std::string message = "the certificate carries too few signed certificate timestamps of trusted logs";
  if (scts->empty())
    message = "the certificate carries no signed certificate timestamp";
  else if (unknown == scts->size())
    message = "the certificate's SCT is of a log that is not trusted";
  run.failed(CheckId::kSct, wrong(std::move(message), fmt::format("{} of trusted CT logs", wanted), found,
                                  "trust the CT log (--ct-root, or ctlogs in the trusted root)")
                                .error());
}

void check_identity(Run& run) {
  auto claims = claims_of(*run.bundle.certificate());
  if (!claims) return run.failed(CheckId::kIdentity, std::move(claims).error());
  run.claims = *std::move(claims);
  run.report.signer = run.claims->names.empty() ? "" : run.claims->names.front().value;
  run.report.issuer = run.claims->issuer;
  const std::vector<SignerRule>& rules = run.policy.signers;
  if (rules.empty()) {
    return run.failed(
        CheckId::kIdentity,
        wrong("the signature is by a certificate, and no identity is trusted", "an identity and its issuer",
              fmt::format("{} by {}", run.report.signer, run.report.issuer),
              "give --certificate-identity and --certificate-oidc-issuer, or a policy with a trust section")
            .error());
  }
  std::optional<Error> reason;
  for (const SignerRule& rule : rules) {
    auto status = match(rule, *run.claims);
    if (status) {
      return run.passed(CheckId::kIdentity, fmt::format("{} by {}", run.report.signer, run.report.issuer));
    }
    if (!reason) reason = std::move(status).error();
  }
  if (rules.size() > 1) {
    std::string expected;
    for (const SignerRule& rule : rules) {
      expected +=
          fmt::format("{}{} by {}", expected.empty() ? "" : "; ", rule.identity.text, rule.issuer.text());
    }
    reason = wrong("the signer is none of those trusted", expected,
                   fmt::format("{} by {}", run.report.signer, run.report.issuer))
                 .error();
  }
  run.failed(CheckId::kIdentity, *std::move(reason));
}

}  // namespace

Status verify_content_signature(const Run& run, const crypto::PublicKey& key) {
  const auto verify = [&](const crypto::SignatureAlgorithm& algorithm) -> Status {
    if (run.bundle.envelope() != nullptr) {
      return crypto::verify_signature(key, algorithm, run.signed_message, run.signature());
    }
    if (key.type() == crypto::KeyType::kEd25519 && run.artifact && run.artifact->content) {
      // One artifact, not two: a file that changes while it is read must not be judged by its other half.
      if (sha256(*run.artifact->content) != run.artifact->sha256) {
        return wrong("the artifact changed while it was read", sha256_text(run.artifact->sha256),
                     sha256_text(sha256(*run.artifact->content)));
      }
      return crypto::verify_signature(key, algorithm, *run.artifact->content, run.signature());
    }
    STELLA_TRY(const Bytes digest, content_digest(run, algorithm.hash));
    return crypto::verify_digest_signature(key, algorithm, digest, run.signature());
  };
  const crypto::SignatureAlgorithm usual = crypto::default_algorithm(key);
  auto status = verify(usual);
  const bool larger_curve =
      key.type() == crypto::KeyType::kEcdsaP384 || key.type() == crypto::KeyType::kEcdsaP521;
  if (status || !larger_curve) return status;
  // Clients of old signed with SHA-256 whatever the curve.
  if (verify({.key_type = key.type(), .hash = crypto::Hash::kSha256})) return {};
  return status;
}

void check_signer(Run& run) {
  if (!run.keyless()) return;
  run.key = run.bundle.certificate()->key();
  if (const auto chain = check_certificate(run)) check_scts(run, *chain);
  check_identity(run);
}

}  // namespace stella::attestation
