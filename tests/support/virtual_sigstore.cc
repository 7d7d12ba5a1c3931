#include "virtual_sigstore.h"

#include <fmt/format.h>

#include "stella/base/base64.h"
#include "stella/base/json.h"
#include "stella/base/merkle.h"
#include "stella/tlog/checkpoint.h"
#include "stella/tlog/cosignature.h"
#include "stella/tlog/entry.h"

namespace stella::testing {
namespace {

using attestation::Bundle;
using attestation::LogEntry;
using crypto::KeyType;

crypto::PrivateKey new_key(KeyType type) { return crypto::PrivateKey::generate(type).value(); }

crypto::PrivateKey seeded(std::uint8_t seed) {
  return crypto::PrivateKey::from_ed25519_seed(Bytes(32, seed)).value();
}

Bytes sign_with(const crypto::PrivateKey& key, ByteView message) {
  return crypto::sign(key, crypto::default_algorithm(key.public_key()), message).value();
}

std::string hash_object(ByteView bytes) {
  return json::canonical(json::Object{{"algorithm", "sha256"}, {"value", to_hex(sha256(bytes).view())}});
}

tlog::NoteKey note_key(const std::string& name, const crypto::PublicKey& key) {
  return tlog::note_key(name, key).value();
}

crypto::Certificate tsa_certificate(const crypto::PublicKey& key, const crypto::PrivateKey& issuer) {
  return certificate({.subject = "tsa",
                      .issuer = "tsa root",
                      .serial = 4,
                      .not_before = kStart,
                      .not_after = kEnd,
                      .key_usage = static_cast<std::uint16_t>(crypto::KeyUsage::kDigitalSignature),
                      .extended_key_usage = {std::string(crypto::kOidTimeStamping)},
                      .extended_key_usage_critical = true},
                     key, issuer);
}

}  // namespace

VirtualLog::VirtualLog(LogKind kind, std::string url)
    : kind_(kind),
      url_(std::move(url)),
      origin_(url_.substr(url_.find("://") + 3)),
      key_(kind == LogKind::kV1 ? new_key(KeyType::kEcdsaP256)
                                : seeded(static_cast<std::uint8_t>(url_[url_.size() / 2]))) {}

Bytes VirtualLog::id() const {
  if (kind_ == LogKind::kV1) return Bytes(key().id().bytes.begin(), key().id().bytes.end());
  Bytes named(origin_.begin(), origin_.end());
  append(named, Bytes{'\n', 1});
  append(named, key().ed25519_bytes().value());
  const Digest id = sha256(named);
  return Bytes(id.bytes.begin(), id.bytes.end());
}

attestation::TrustedLog VirtualLog::trusted() const {
  return {.url = url_,
          .origin = origin_,
          .key = key(),
          .algorithm = crypto::default_algorithm(key()),
          .id = id(),
          .valid = {.start = kStart, .end = kEnd}};
}

std::string VirtualLog::sign_note(const std::string& text) const {
  const tlog::NoteKey key = note_key(text.substr(0, text.find('\n')), key_.public_key());
  Bytes signature(key.id.begin(), key.id.end());
  append(signature, sign_with(key_, as_bytes(text)));
  return fmt::format("{}\n\u2014 {} {}\n", text, key.name, to_base64(signature));
}

std::string VirtualLog::checkpoint(std::optional<std::string> origin) const {
  return sign_note(tlog::checkpoint_text(
      {.origin = origin.value_or(origin_), .tree_size = leaves_.size(), .root_hash = merkle::root(leaves_)}));
}

LogEntry VirtualLog::add(const std::string& body, std::string kind, std::string version, Time time) {
  const std::uint64_t index = leaves_.size();
  leaves_.push_back(merkle::leaf_hash(as_bytes(body)));
  LogEntry entry{.log_index = index,
                 .log_id = id(),
                 .kind = std::move(kind),
                 .version = std::move(version),
                 .body = Bytes(body.begin(), body.end())};
  entry.inclusion_proof =
      attestation::InclusionProof{.log_index = index,
                                  .tree_size = leaves_.size(),
                                  .root_hash = merkle::root(leaves_),
                                  .hashes = merkle::inclusion_proof(leaves_, index).value(),
                                  .checkpoint = checkpoint()};
  if (kind_ == LogKind::kV2) return entry;
  entry.integrated_time = time.seconds;
  const std::string payload = tlog::promise_payload(
      {.body = entry.body, .integrated_time = time.seconds, .log_id = key().id(), .log_index = index});
  entry.signed_entry_timestamp = sign_with(key_, as_bytes(payload));
  return entry;
}

VirtualWitness::VirtualWitness(std::string name, std::uint8_t seed)
    : name_(std::move(name)), key_(seeded(seed)) {}

std::string VirtualWitness::policy_key() const {
  return tlog::to_string(tlog::witness_key(name_, key_.public_key()).value());
}

std::string VirtualWitness::cosign(const std::string& note, Time time) const {
  const std::string text = tlog::parse_note(note).value().text;
  const tlog::NoteKey key = tlog::witness_key(name_, key_.public_key()).value();
  const auto seconds = static_cast<std::uint64_t>(time.seconds);
  Bytes signature(key.id.begin(), key.id.end());
  for (int i = 7; i >= 0; --i) signature.push_back(static_cast<std::uint8_t>(seconds >> (8 * i)));
  append(signature, sign_with(key_, as_bytes(tlog::cosigned_message(seconds, text))));
  return fmt::format("{}\u2014 {} {}\n", note, name_, to_base64(signature));
}

VirtualSigstore::VirtualSigstore(KeyType authority_keys, KeyType ct_key)
    : v1(LogKind::kV1, "https://rekor.example"),
      v2(LogKind::kV2, "https://log2026.example"),
      ct_log(new_key(ct_key)),
      root_key(new_key(authority_keys)),
      intermediate_key(new_key(authority_keys)),
      tsa_root_key(new_key(authority_keys)),
      tsa_key(new_key(authority_keys)),
      ca_root(
          certificate(authority_spec("ca root", "ca root", kStart, kEnd), root_key.public_key(), root_key)),
      ca_intermediate(certificate(
          [] {
            CertificateSpec spec = authority_spec("ca intermediate", "ca root", kStart, kEnd);
            spec.serial = 2;
            spec.path_length_max = 0;
            spec.extended_key_usage = {std::string(crypto::kOidCodeSigning)};
            return spec;
          }(),
          intermediate_key.public_key(), root_key)),
      tsa_root(certificate(authority_spec("tsa root", "tsa root", kStart, kEnd), tsa_root_key.public_key(),
                           tsa_root_key)),
      tsa(tsa_certificate(tsa_key.public_key(), tsa_root_key)) {}

attestation::TrustedRoot VirtualSigstore::root() const {
  const attestation::Validity valid{.start = kStart, .end = kEnd};
  attestation::TrustedRoot root;
  root.logs = {v1.trusted(), v2.trusted()};
  const ByteView ct_id = ct_log.public_key().id().view();
  root.ct_logs.push_back({.url = "https://ct.example",
                          .origin = "ct.example",
                          .key = ct_log.public_key(),
                          .algorithm = crypto::default_algorithm(ct_log.public_key()),
                          .id = Bytes(ct_id.begin(), ct_id.end()),
                          .valid = valid});
  root.certificate_authorities.push_back({.name = "https://fulcio.example",
                                          .intermediates = {ca_intermediate},
                                          .roots = {ca_root},
                                          .valid = valid});
  root.timestamp_authorities.push_back(
      {.name = "https://tsa.example", .intermediates = {tsa}, .roots = {tsa_root}, .valid = valid});
  return root;
}

crypto::Certificate VirtualSigstore::issue(const crypto::PublicKey& key, const SignRequest& request) {
  CertificateSpec spec{.issuer = "ca intermediate",
                       .serial = ++serial_,
                       .not_before = request.time,
                       .not_after = {.seconds = request.time.seconds + request.lifetime_seconds},
                       .key_usage = static_cast<std::uint16_t>(crypto::KeyUsage::kDigitalSignature),
                       .extended_key_usage = {std::string(crypto::kOidCodeSigning)}};
  (request.identity.find('@') != std::string::npos && !request.identity.starts_with("https:") ? spec.email
                                                                                              : spec.uri) =
      request.identity;
  if (!request.issuer.empty()) {
    spec.extensions.push_back(
        {.oid = "1.3.6.1.4.1.57264.1.1", .value = Bytes(request.issuer.begin(), request.issuer.end())});
    spec.extensions.push_back(utf8_extension("1.3.6.1.4.1.57264.1.8", request.issuer));
  }
  spec.extensions.insert(spec.extensions.end(), request.extensions.begin(), request.extensions.end());
  if (request.sct) {
    spec.extensions.push_back(
        sct_extension(spec, key, intermediate_key,
                      {{.log = request.ct_key != nullptr ? request.ct_key : &ct_log, .time = request.time}}));
  }
  return certificate(spec, key, intermediate_key);
}

Bytes VirtualSigstore::timestamp(ByteView signature, Time time, bool embedded) const {
  TimestampSpec spec{.message = Bytes(signature.begin(), signature.end()), .time = time};
  if (embedded) spec.embedded = {tsa, tsa_root};
  return make_timestamp(spec, tsa, tsa_key);
}

Bundle VirtualSigstore::sign(std::variant<statement::Envelope, attestation::MessageSignature> content,
                             ByteView message, const SignRequest& request) {
  const crypto::PrivateKey key = request.managed_key ? *request.managed_key : new_key(request.leaf_key);
  const Bytes signature = sign_with(key, message);
  if (auto* envelope = std::get_if<statement::Envelope>(&content)) {
    envelope->signatures = {{.signature = signature}};
  } else {
    std::get<attestation::MessageSignature>(content).signature = signature;
  }
  Bundle bundle;
  bundle.content = std::move(content);
  if (request.managed_key) {
    bundle.signer = attestation::KeyHint{to_hex(key.public_key().id().view())};
  } else {
    bundle.signer = std::vector{issue(key.public_key(), request)};
  }
  if (request.log) log_to(*request.log == LogKind::kV1 ? v1 : v2, bundle, message, request);
  if (request.timestamp)
    bundle.timestamps.push_back(timestamp(signature, request.timestamp_time.value_or(request.time)));
  return bundle;
}

void VirtualSigstore::log_to(VirtualLog& log, Bundle& bundle, ByteView message, const SignRequest& request) {
  const crypto::Certificate* certificate = bundle.certificate();
  const crypto::PublicKey key =
      certificate != nullptr ? certificate->key() : request.managed_key->public_key();
  const std::string pem = to_base64(as_bytes(certificate != nullptr ? certificate->to_pem() : key.to_pem()));
  const Time time = request.log_time.value_or(request.time);
  const statement::Envelope* envelope = bundle.envelope();
  const Bytes& signature =
      envelope != nullptr ? envelope->signatures[0].signature : bundle.message_signature()->signature;
  if (log.kind() == LogKind::kV2) {
    using Form = tlog::EntryVerifier::Form;
    const ByteView der = certificate != nullptr ? certificate->der() : key.spki();
    const Digest digest = sha256(message);
    const std::string body = tlog::hashedrekord_v002_body(
        {.value = Bytes(digest.bytes.begin(), digest.bytes.end())},
        {.signature = signature,
         .verifier = {.form = certificate != nullptr ? Form::kCertificate : Form::kPublicKey,
                      .der = Bytes(der.begin(), der.end()),
                      .key_details = crypto::key_details(key, crypto::default_algorithm(key))}});
    bundle.log_entries.push_back(log.add(body, "hashedrekord", "0.0.2", time));
  } else if (envelope == nullptr) {
    const std::string body = fmt::format(
        R"({{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{{"data":{{"hash":{}}},"signature":{{"content":"{}","publicKey":{{"content":"{}"}}}}}}}})",
        hash_object(message), to_base64(signature), pem);
    bundle.log_entries.push_back(log.add(body, "hashedrekord", "0.0.1", time));
  } else if (request.intoto_entry) {
    const std::string body = fmt::format(
        R"({{"apiVersion":"0.0.2","kind":"intoto","spec":{{"content":{{"envelope":{{"payloadType":"{}","signatures":[{{"publicKey":"{}","sig":"{}"}}]}},"hash":{},"payloadHash":{}}}}}}})",
        envelope->payload_type, pem, to_base64(as_bytes(to_base64(signature))),
        hash_object(as_bytes(json::canonical(statement::to_json(*envelope)))),
        hash_object(envelope->payload));
    bundle.log_entries.push_back(log.add(body, "intoto", "0.0.2", time));
  } else {
    const std::string body = fmt::format(
        R"({{"apiVersion":"0.0.1","kind":"dsse","spec":{{"envelopeHash":{},"payloadHash":{},"signatures":[{{"signature":"{}","verifier":"{}"}}]}}}})",
        hash_object(as_bytes(json::canonical(statement::to_json(*envelope)))), hash_object(envelope->payload),
        to_base64(signature), pem);
    bundle.log_entries.push_back(log.add(body, "dsse", "0.0.1", time));
  }
}

Bundle VirtualSigstore::sign_file(ByteView content, const SignRequest& request) {
  const Digest digest = sha256(content);
  return sign(attestation::MessageSignature{.hash = crypto::Hash::kSha256,
                                            .digest = Bytes(digest.bytes.begin(), digest.bytes.end())},
              content, request);
}

Bundle VirtualSigstore::sign_payload(std::string_view payload, const SignRequest& request) {
  statement::Envelope envelope{.payload_type = request.payload_type,
                               .payload = Bytes(payload.begin(), payload.end())};
  const Bytes message = statement::pre_authentication_encoding(envelope);
  return sign(std::move(envelope), message, request);
}

std::string statement_about(ByteView content, std::string_view predicate_type, std::string_view predicate) {
  return fmt::format(
      R"({{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"app","digest":{{"sha256":"{}"}}}}],"predicateType":"{}","predicate":{}}})",
      to_hex(sha256(content).view()), predicate_type, predicate);
}

attestation::VerifyPolicy policy() {
  attestation::VerifyPolicy policy{.at = {.seconds = kSigned.seconds + 3600}};
  policy.signers.push_back(
      attestation::make_signer_rule(attestation::parse_identity(kIdentity).value(), kIssuer).value());
  return policy;
}

attestation::ArtifactDigest artifact(ByteView content) { return {.sha256 = sha256(content)}; }

}  // namespace stella::testing
