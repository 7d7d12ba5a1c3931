// A log entry proves something about a bundle only if it is the entry of this bundle. A verifier that leaves
// this out accepts any entry of the log as the proof of any signature (CVE-2026-22703).
#include <algorithm>

#include <fmt/format.h>

#include "run.h"

namespace stella::attestation {
namespace {

std::unexpected<Error> other(std::string what, ByteView expected, ByteView found) {
  return fail({.code = ErrorCode::kUntrusted,
               .message = fmt::format("the log entry is of another bundle: its {} differs", what),
               .expected = to_hex(expected.first(std::min<std::size_t>(expected.size(), 64))),
               .found = to_hex(found.first(std::min<std::size_t>(found.size(), 64)))});
}

crypto::Hash hash_of(tlog::HashAlgorithm algorithm) {
  switch (algorithm) {
    case tlog::HashAlgorithm::kSha384:
      return crypto::Hash::kSha384;
    case tlog::HashAlgorithm::kSha512:
      return crypto::Hash::kSha512;
    case tlog::HashAlgorithm::kSha256:
      break;
  }
  return crypto::Hash::kSha256;
}

Status compare_verifier(const Run& run, const tlog::EntryVerifier& verifier) {
  using Form = tlog::EntryVerifier::Form;
  if (const crypto::Certificate* certificate = run.bundle.certificate()) {
    if (verifier.form != Form::kCertificate) {
      return fail({.code = ErrorCode::kUntrusted,
                   .message = "the log entry is of another bundle: it holds a key instead of a certificate"});
    }
    if (!std::ranges::equal(verifier.der, certificate->der()))
      return other("certificate", certificate->der(), verifier.der);
    return {};
  }
  // The bundle only hints at its key: the entry's must be the trusted one that the signature fits.
  if (verifier.form != Form::kPublicKey || !run.key || !std::ranges::equal(run.key->spki(), verifier.der)) {
    return fail({.code = ErrorCode::kUntrusted,
                 .message = "the log entry is of another bundle: its key is not the one that signed",
                 .expected = run.key ? "key sha256:" + to_hex(run.key->id().view()) : "a trusted key",
                 .found = "sha256:" + to_hex(sha256(verifier.der).view())});
  }
  return {};
}

Status compare_digest(const Run& run, const tlog::LogEntry& body) {
  if (body.digest) {
    const auto expected = content_digest(run, hash_of(body.digest->algorithm));
    // Without the artifact, what the bundle says of its digest is all there is; the subject's check tells the
    // rest.
    if (!expected) return std::unexpected(expected.error());
    if (*expected != body.digest->value) return other("digest", *expected, body.digest->value);
    return {};
  }
  const statement::Envelope* envelope = run.bundle.envelope();
  if (envelope == nullptr || !body.payload_sha256) {
    return fail(ErrorCode::kUntrusted, "the log entry is of another bundle: it is about an envelope");
  }
  const Digest payload = sha256(envelope->payload);
  if (payload != *body.payload_sha256)
    return other("payload digest", payload.view(), body.payload_sha256->view());
  return {};
}

}  // namespace

Status compare_entry(const Run& run, const LogEntry& entry, const tlog::LogEntry& body) {
  const tlog::KindVersion kind = tlog::kind_version(body.kind);
  if (kind.kind != entry.kind || kind.version != entry.version) {
    return fail({.code = ErrorCode::kUntrusted,
                 .message = "the log entry is of another kind than the bundle says",
                 .expected = fmt::format("{} {}", entry.kind, entry.version),
                 .found = fmt::format("{} {}", kind.kind, kind.version)});
  }
  STELLA_CHECK(compare_digest(run, body));
  // Exactly one: with more, the entry would be of an envelope with more signatures than this one.
  if (body.signatures.size() != 1) {
    return fail({.code = ErrorCode::kUntrusted,
                 .message = "the log entry is of another bundle: it has more than one signature",
                 .expected = "1",
                 .found = fmt::format("{}", body.signatures.size())});
  }
  const tlog::EntrySignature& signature = body.signatures.front();
  if (!std::ranges::equal(signature.signature, run.signature())) {
    return other("signature", run.signature(), signature.signature);
  }
  return compare_verifier(run, signature.verifier);
}

}  // namespace stella::attestation
