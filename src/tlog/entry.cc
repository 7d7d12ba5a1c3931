#include "stella/tlog/entry.h"

#include <algorithm>

#include <fmt/format.h>

#include "stella/base/base64.h"
#include "stella/base/json_view.h"
#include "stella/crypto/signature.h"

namespace stella::tlog {
namespace {

struct AlgorithmName {
  HashAlgorithm algorithm;
  std::string_view v1;  // in hashedrekord 0.0.1
  std::string_view v2;  // in hashedrekord 0.0.2
  std::size_t size_bytes;
};
constexpr AlgorithmName kAlgorithms[] = {{HashAlgorithm::kSha256, "sha256", "SHA2_256", 32},
                                         {HashAlgorithm::kSha384, "sha384", "SHA2_384", 48},
                                         {HashAlgorithm::kSha512, "sha512", "SHA2_512", 64}};

Result<const AlgorithmName*> algorithm_named(const json::View& view,
                                             std::string_view AlgorithmName::* version) {
  STELLA_TRY(const std::string name, view.text());
  for (const AlgorithmName& algorithm : kAlgorithms) {
    if (algorithm.*version == name) return &algorithm;
  }
  return view.fail("a hash algorithm that is not known here", {}, name.substr(0, 80),
                   ErrorCode::kUnsupported);
}

Status check_size(const json::View& view, const AlgorithmName& algorithm, const Bytes& digest) {
  if (digest.size() == algorithm.size_bytes) return {};
  return view.fail("a digest has a wrong length", fmt::format("{} bytes", algorithm.size_bytes),
                   fmt::format("{}", digest.size()));
}

// {"algorithm": "sha256", "value": hex}
Result<EntryDigest> digest_v1(const json::View& view) {
  STELLA_TRY(const json::View name, view.at("algorithm"));
  STELLA_TRY(const AlgorithmName* algorithm, algorithm_named(name, &AlgorithmName::v1));
  STELLA_TRY(const json::View value, view.at("value"));
  STELLA_TRY(const std::string hex, value.text());
  auto bytes = parse_hex(hex);
  if (!bytes) return fail(std::move(bytes).error().at(value.path()));
  STELLA_CHECK(check_size(value, *algorithm, *bytes));
  return EntryDigest{.algorithm = algorithm->algorithm, .value = *std::move(bytes)};
}

Result<Digest> sha256_v1(const json::View& view) {
  STELLA_TRY(const EntryDigest digest, digest_v1(view));
  Digest sha256;
  if (digest.value.size() != sha256.bytes.size()) return view.fail("a digest is not of SHA-256");
  std::ranges::copy(digest.value, sha256.bytes.begin());
  return sha256;
}

// Base64 of one PEM block: a certificate or a bare key.
Result<EntryVerifier> verifier_v1(const json::View& view) {
  STELLA_TRY(const Bytes pem, view.base64());
  auto blocks = parse_pem(as_text(pem));
  if (!blocks) return fail(std::move(blocks).error().at(view.path()));
  if (blocks->size() != 1) {
    return view.fail("the verifier of a log entry is not one PEM block", "1",
                     fmt::format("{}", blocks->size()));
  }
  PemBlock& block = blocks->front();
  if (block.label == "CERTIFICATE")
    return EntryVerifier{EntryVerifier::Form::kCertificate, std::move(block.der)};
  if (block.label == "PUBLIC KEY")
    return EntryVerifier{EntryVerifier::Form::kPublicKey, std::move(block.der)};
  return view.fail("the verifier of a log entry is of another kind", "CERTIFICATE or PUBLIC KEY",
                   block.label.substr(0, 80), ErrorCode::kUnsupported);
}

Result<Bytes> signature_bytes(const json::View& view) {
  STELLA_TRY(Bytes signature, view.base64());
  if (signature.empty()) return view.fail("the signature of a log entry is empty");
  return signature;
}

Result<std::vector<json::View>> signature_elements(const json::View& view) {
  STELLA_TRY(auto elements, view.elements(kEntrySignaturesMax));
  if (elements.empty()) return view.fail("a log entry holds no signature");
  return elements;
}

Result<LogEntry> hashedrekord_v001(const json::View& spec) {
  LogEntry entry{.kind = EntryKind::kHashedRekordV001};
  STELLA_TRY(const json::View data, spec.at("data"));
  STELLA_TRY(const json::View hash, data.at("hash"));
  STELLA_TRY(entry.digest, digest_v1(hash));
  STELLA_TRY(const json::View signature, spec.at("signature"));
  STELLA_TRY(const json::View content, signature.at("content"));
  STELLA_TRY(const json::View public_key, signature.at("publicKey"));
  STELLA_TRY(const json::View pem, public_key.at("content"));
  EntrySignature made;
  STELLA_TRY(made.signature, signature_bytes(content));
  STELLA_TRY(made.verifier, verifier_v1(pem));
  entry.signatures.push_back(std::move(made));
  return entry;
}

Result<LogEntry> dsse_v001(const json::View& spec) {
  LogEntry entry{.kind = EntryKind::kDsseV001};
  STELLA_TRY(const json::View envelope_hash, spec.at("envelopeHash"));
  STELLA_TRY(entry.envelope_sha256, sha256_v1(envelope_hash));
  STELLA_TRY(const json::View payload_hash, spec.at("payloadHash"));
  STELLA_TRY(entry.payload_sha256, sha256_v1(payload_hash));
  STELLA_TRY(const json::View signatures, spec.at("signatures"));
  STELLA_TRY(const auto elements, signature_elements(signatures));
  for (const json::View& element : elements) {
    STELLA_TRY(const json::View signature, element.at("signature"));
    STELLA_TRY(const json::View verifier, element.at("verifier"));
    EntrySignature made;
    STELLA_TRY(made.signature, signature_bytes(signature));
    STELLA_TRY(made.verifier, verifier_v1(verifier));
    entry.signatures.push_back(std::move(made));
  }
  return entry;
}

Result<LogEntry> intoto_v002(const json::View& spec) {
  LogEntry entry{.kind = EntryKind::kIntotoV002};
  STELLA_TRY(const json::View content, spec.at("content"));
  STELLA_TRY(const json::View payload_hash, content.at("payloadHash"));
  STELLA_TRY(entry.payload_sha256, sha256_v1(payload_hash));
  STELLA_TRY(const auto hash, content.find("hash"));
  if (hash) {
    STELLA_TRY(entry.envelope_sha256, sha256_v1(*hash));
  }
  STELLA_TRY(const json::View envelope, content.at("envelope"));
  STELLA_TRY(const json::View signatures, envelope.at("signatures"));
  STELLA_TRY(const auto elements, signature_elements(signatures));
  for (const json::View& element : elements) {
    STELLA_TRY(const json::View sig, element.at("sig"));
    STELLA_TRY(const json::View public_key, element.at("publicKey"));
    EntrySignature made;
    // This kind alone holds the envelope's base64 text once more in base64.
    STELLA_TRY(const Bytes inner, signature_bytes(sig));
    auto signature = parse_base64(as_text(inner));
    if (!signature) return fail(std::move(signature).error().at(sig.path()));
    if (signature->empty()) return sig.fail("the signature of a log entry is empty");
    made.signature = *std::move(signature);
    STELLA_TRY(made.verifier, verifier_v1(public_key));
    entry.signatures.push_back(std::move(made));
  }
  return entry;
}

Result<EntryVerifier> verifier_v2(const json::View& view) {
  STELLA_TRY(const auto certificate, view.find("x509Certificate"));
  STELLA_TRY(const auto public_key, view.find("publicKey"));
  if (certificate.has_value() == public_key.has_value()) {
    return view.fail("the verifier of a log entry is ambiguous or missing", "x509Certificate or publicKey",
                     certificate ? "both" : "neither");
  }
  EntryVerifier verifier{.form = certificate ? EntryVerifier::Form::kCertificate
                                             : EntryVerifier::Form::kPublicKey};
  STELLA_TRY(const json::View raw, (certificate ? *certificate : *public_key).at("rawBytes"));
  STELLA_TRY(verifier.der, raw.base64());
  if (verifier.der.empty()) return raw.fail("the verifier of a log entry is empty");
  STELLA_TRY(const json::View details, view.at("keyDetails"));
  STELLA_TRY(verifier.key_details, details.text());
  return verifier;
}

Result<LogEntry> hashedrekord_v002(const json::View& spec) {
  LogEntry entry{.kind = EntryKind::kHashedRekordV002};
  STELLA_TRY(const json::View record, spec.at("hashedRekordV002"));
  STELLA_TRY(const json::View data, record.at("data"));
  STELLA_TRY(const json::View name, data.at("algorithm"));
  STELLA_TRY(const AlgorithmName* algorithm, algorithm_named(name, &AlgorithmName::v2));
  STELLA_TRY(const json::View digest, data.at("digest"));
  entry.digest = EntryDigest{.algorithm = algorithm->algorithm};
  STELLA_TRY(entry.digest->value, digest.base64());
  STELLA_CHECK(check_size(digest, *algorithm, entry.digest->value));
  STELLA_TRY(const json::View signature, record.at("signature"));
  STELLA_TRY(const json::View content, signature.at("content"));
  STELLA_TRY(const json::View verifier, signature.at("verifier"));
  EntrySignature made;
  STELLA_TRY(made.signature, signature_bytes(content));
  STELLA_TRY(made.verifier, verifier_v2(verifier));
  entry.signatures.push_back(std::move(made));
  return entry;
}

struct Format {
  EntryKind kind;
  std::string_view name;
  std::string_view version;
  Result<LogEntry> (*read)(const json::View& spec);
};
constexpr Format kFormats[] = {{EntryKind::kHashedRekordV001, "hashedrekord", "0.0.1", hashedrekord_v001},
                               {EntryKind::kDsseV001, "dsse", "0.0.1", dsse_v001},
                               {EntryKind::kIntotoV002, "intoto", "0.0.2", intoto_v002},
                               {EntryKind::kHashedRekordV002, "hashedrekord", "0.0.2", hashedrekord_v002}};

}  // namespace

KindVersion kind_version(EntryKind kind) {
  const auto* format = std::ranges::find(kFormats, kind, &Format::kind);
  return {.kind = std::string(format->name), .version = std::string(format->version)};
}

Result<LogEntry> parse_entry(ByteView body) {
  STELLA_TRY(const json::Value value, json::parse(as_text(body), {.size_max_bytes = kEntrySizeMaxBytes}));
  const json::View root(value);
  STELLA_TRY(const json::View kind_view, root.at("kind"));
  STELLA_TRY(const std::string kind, kind_view.text());
  STELLA_TRY(const json::View version_view, root.at("apiVersion"));
  STELLA_TRY(const std::string version, version_view.text());
  STELLA_TRY(const json::View spec, root.at("spec"));
  for (const Format& format : kFormats) {
    if (format.name == kind && format.version == version) return format.read(spec);
  }
  return kind_view.fail("a kind of log entry that is not known here",
                        "hashedrekord 0.0.1 or 0.0.2, dsse 0.0.1, intoto 0.0.2",
                        kind.substr(0, 80) + " " + version.substr(0, 80), ErrorCode::kUnsupported);
}

std::string hashedrekord_v002_body(const EntryDigest& digest, const EntrySignature& signature) {
  const auto* algorithm = std::ranges::find(kAlgorithms, digest.algorithm, &AlgorithmName::algorithm);
  const EntryVerifier& verifier = signature.verifier;
  const bool is_certificate = verifier.form == EntryVerifier::Form::kCertificate;
  return json::canonical(json::Object{
      {"apiVersion", "0.0.2"},
      {"kind", "hashedrekord"},
      {"spec",
       json::Object{
           {"hashedRekordV002",
            json::Object{
                {"data", json::Object{{"algorithm", algorithm->v2}, {"digest", to_base64(digest.value)}}},
                {"signature",
                 json::Object{{"content", to_base64(signature.signature)},
                              {"verifier",
                               json::Object{{"keyDetails", verifier.key_details},
                                            {is_certificate ? "x509Certificate" : "publicKey",
                                             json::Object{{"rawBytes", to_base64(verifier.der)}}}}}}}}}}}});
}

std::string promise_payload(const EntryPromise& promise) {
  return json::canonical(json::Object{{"body", to_base64(promise.body)},
                                      {"integratedTime", promise.integrated_time},
                                      {"logID", to_hex(promise.log_id.view())},
                                      {"logIndex", promise.log_index}});
}

Status verify_promise(const EntryPromise& promise, ByteView signed_entry_timestamp,
                      const crypto::PublicKey& log_key) {
  crypto::SignatureAlgorithm algorithm = crypto::default_algorithm(log_key);
  algorithm.hash = crypto::Hash::kSha256;
  const std::string payload = promise_payload(promise);
  if (crypto::verify_signature(log_key, algorithm, as_bytes(payload), signed_entry_timestamp)) return {};
  return fail({.code = ErrorCode::kUntrusted,
               .message = "the log did not sign this entry with this index and time",
               .where = "signed entry timestamp"});
}

}  // namespace stella::tlog
