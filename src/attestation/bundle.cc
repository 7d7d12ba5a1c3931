#include "stella/attestation/bundle.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "proto_json.h"
#include "stella/base/json_view.h"

namespace stella::attestation {
namespace {

struct MediaType {
  std::string_view name;
  BundleVersion version;
};
constexpr std::array<MediaType, 4> kMediaTypes = {
    {{"application/vnd.dev.sigstore.bundle.v0.3+json", BundleVersion::kV03},
     {"application/vnd.dev.sigstore.bundle+json;version=0.3", BundleVersion::kV03},
     {"application/vnd.dev.sigstore.bundle+json;version=0.2", BundleVersion::kV02},
     {"application/vnd.dev.sigstore.bundle+json;version=0.1", BundleVersion::kV01}}};

Result<BundleVersion> read_version(const json::View& root) {
  STELLA_TRY(const json::View view, root.at("mediaType"));
  STELLA_TRY(const std::string name, view.text());
  for (const MediaType& known : kMediaTypes) {
    if (known.name == name) return known.version;
  }
  return view.fail("a bundle is of a kind that is not known",
                   std::string(kMediaTypes[0].name) + " and earlier", name, ErrorCode::kUnsupported);
}

Result<crypto::Certificate> read_certificate(const json::View& view) {
  STELLA_TRY(const Bytes der, bytes_at(view, "rawBytes"));
  auto certificate = crypto::Certificate::from_der(der);
  if (!certificate) return fail(std::move(certificate).error().at(view.path()));
  return certificate;
}

// Self-issued authorities do not belong into a bundle: what is trusted comes from the verifier's side only.
Status refuse_roots(const std::vector<crypto::Certificate>& chain, const json::View& view) {
  for (const crypto::Certificate& certificate : chain) {
    const crypto::CertificateFields& fields = certificate.fields();
    if (fields.is_ca && fields.issuer_der == fields.subject_der) {
      return view.fail("the certificates of a bundle hold a root", "signer and intermediates only",
                       fields.subject);
    }
  }
  return {};
}

Status read_signer(const json::View& material, Bundle& bundle) {
  STELLA_TRY(const auto single, material.find("certificate"));
  STELLA_TRY(const auto chain, material.find("x509CertificateChain"));
  STELLA_TRY(const auto key, material.find("publicKey"));
  if (int{single.has_value()} + int{chain.has_value()} + int{key.has_value()} != 1) {
    return material.fail("a bundle must say in exactly one way under what it is signed",
                         "one of certificate, x509CertificateChain, publicKey");
  }
  if (key) {
    STELLA_TRY(std::string hint, optional_string(*key, "hint"));
    bundle.signer = KeyHint{std::move(hint)};
    return {};
  }
  std::vector<crypto::Certificate> certificates;
  if (single) {
    STELLA_TRY(crypto::Certificate certificate, read_certificate(*single));
    certificates.push_back(std::move(certificate));
  } else {
    if (bundle.version == BundleVersion::kV03) {
      return chain->fail("a bundle of version 0.3 holds one certificate, not a chain", "certificate");
    }
    STELLA_TRY(const json::View list, chain->at("certificates"));
    STELLA_TRY(const auto elements, list.elements(kBundleCertificatesMax));
    for (const json::View& element : elements) {
      STELLA_TRY(crypto::Certificate certificate, read_certificate(element));
      certificates.push_back(std::move(certificate));
    }
    if (certificates.empty()) return list.fail("a certificate chain is empty");
    STELLA_CHECK(refuse_roots(certificates, list));
  }
  bundle.signer = std::move(certificates);
  return {};
}

Result<InclusionProof> read_proof(const json::View& view) {
  InclusionProof proof;
  STELLA_TRY(proof.log_index, unsigned_at(view, "logIndex"));
  STELLA_TRY(proof.tree_size, unsigned_at(view, "treeSize"));
  STELLA_TRY(proof.root_hash, digest_at(view, "rootHash"));
  STELLA_TRY(const auto list, view.find("hashes"));
  if (list) {
    STELLA_TRY(const auto hashes, list->elements(kProofHashesMax));
    for (const json::View& hash : hashes) {
      STELLA_TRY(const Digest digest, digest_of(hash));
      proof.hashes.push_back(digest);
    }
  }
  STELLA_TRY(const auto checkpoint, view.find("checkpoint"));
  if (checkpoint) {
    STELLA_TRY(proof.checkpoint, optional_string(*checkpoint, "envelope"));
  }
  return proof;
}

Result<LogEntry> read_log_entry(const json::View& view) {
  LogEntry entry;
  STELLA_TRY(entry.log_index, unsigned_at(view, "logIndex"));
  STELLA_TRY(const json::View log_id, view.at("logId"));
  STELLA_TRY(entry.log_id, bytes_at(log_id, "keyId"));
  STELLA_TRY(const json::View kind, view.at("kindVersion"));
  STELLA_TRY(const json::View kind_name, kind.at("kind"));
  STELLA_TRY(entry.kind, kind_name.text());
  STELLA_TRY(const json::View kind_version, kind.at("version"));
  STELLA_TRY(entry.version, kind_version.text());
  STELLA_TRY(const std::uint64_t time, unsigned_at(view, "integratedTime"));
  if (time > std::uint64_t{kTimeMax}) return view.fail("an integrated time is beyond the year 9999");
  entry.integrated_time = static_cast<std::int64_t>(time);
  STELLA_TRY(const auto promise, view.find("inclusionPromise"));
  if (promise) {
    STELLA_TRY(entry.signed_entry_timestamp, bytes_at(*promise, "signedEntryTimestamp"));
  }
  STELLA_TRY(const auto proof, view.find("inclusionProof"));
  if (proof) {
    STELLA_TRY(entry.inclusion_proof, read_proof(*proof));
  }
  STELLA_TRY(entry.body, bytes_at(view, "canonicalizedBody"));
  return entry;
}

// v0.1 promises inclusion, later versions prove it (sigstore_bundle.proto, field tlog_entries).
Status check_proofs(const Bundle& bundle, const json::View& list) {
  for (std::size_t i = 0; i < bundle.log_entries.size(); ++i) {
    const LogEntry& entry = bundle.log_entries[i];
    const std::string where = fmt::format("{}[{}]", list.path(), i);
    if (bundle.version == BundleVersion::kV01 && !entry.signed_entry_timestamp) {
      return fail(ErrorCode::kCorrupt, "a log entry in a bundle of version 0.1 lacks the log's promise",
                  where);
    }
    if (bundle.version != BundleVersion::kV01 &&
        (!entry.inclusion_proof || entry.inclusion_proof->checkpoint.empty())) {
      return fail({.code = ErrorCode::kCorrupt,
                   .message = "a log entry lacks its inclusion proof or the proof's checkpoint",
                   .where = where,
                   .next = "ask the log for the proof and store it with the bundle"});
    }
  }
  return {};
}

Status read_material(const json::View& material, Bundle& bundle) {
  STELLA_CHECK(read_signer(material, bundle));
  STELLA_TRY(const auto entries, material.find("tlogEntries"));
  if (entries) {
    STELLA_TRY(const auto elements, entries->elements(kLogEntriesMax));
    for (const json::View& element : elements) {
      STELLA_TRY(LogEntry entry, read_log_entry(element));
      bundle.log_entries.push_back(std::move(entry));
    }
    STELLA_CHECK(check_proofs(bundle, *entries));
  }
  STELLA_TRY(const auto timestamps, material.find("timestampVerificationData"));
  if (!timestamps) return {};
  STELLA_TRY(const auto list, timestamps->find("rfc3161Timestamps"));
  if (!list) return {};
  STELLA_TRY(const auto elements, list->elements(kTimestampsMax));
  for (const json::View& element : elements) {
    STELLA_TRY(Bytes timestamp, bytes_at(element, "signedTimestamp"));
    bundle.timestamps.push_back(std::move(timestamp));
  }
  return {};
}

Result<MessageSignature> read_message_signature(const json::View& view) {
  MessageSignature message;
  STELLA_TRY(const auto digest, view.find("messageDigest"));
  if (digest) {
    STELLA_TRY(const json::View name_view, digest->at("algorithm"));
    STELLA_TRY(const std::string name, name_view.text());
    STELLA_TRY(message.digest, bytes_at(*digest, "digest"));
    if (name == "SHA2_256") {
      message.hash = crypto::Hash::kSha256;
    } else if (name == "SHA2_384") {
      message.hash = crypto::Hash::kSha384;
    } else if (name == "SHA2_512") {
      message.hash = crypto::Hash::kSha512;
    } else {
      return name_view.fail("a message digest is of an algorithm that is not known",
                            "SHA2_256, SHA2_384, SHA2_512", name, ErrorCode::kUnsupported);
    }
    if (message.digest.size() != size_bytes(*message.hash)) {
      return digest->fail("a message digest has the wrong length",
                          fmt::format("{} bytes", size_bytes(*message.hash)),
                          fmt::format("{} bytes", message.digest.size()));
    }
  }
  STELLA_TRY(message.signature, bytes_at(view, "signature"));
  return message;
}

Status read_content(const json::View& root, Bundle& bundle) {
  STELLA_TRY(const auto envelope, root.find("dsseEnvelope"));
  STELLA_TRY(const auto message, root.find("messageSignature"));
  if (envelope.has_value() == message.has_value()) {
    return root.fail("a bundle must hold exactly one signed content",
                     "either dsseEnvelope or messageSignature");
  }
  if (message) {
    STELLA_TRY(bundle.content, read_message_signature(*message));
    return {};
  }
  auto read = statement::envelope_from_json(envelope->value());
  if (!read) return fail(std::move(read).error().at(envelope->path()));
  if (read->signatures.size() != 1) {
    return envelope->fail("an envelope in a bundle must have exactly one signature", "1",
                          fmt::format("{}", read->signatures.size()));
  }
  bundle.content = *std::move(read);
  return {};
}

}  // namespace

std::string_view to_string(BundleVersion version) {
  switch (version) {
    case BundleVersion::kV01:
      return "0.1";
    case BundleVersion::kV02:
      return "0.2";
    case BundleVersion::kV03:
      return "0.3";
    case BundleVersion::kDetached:
      return "detached";
  }
  return "unknown";
}

const crypto::Certificate* Bundle::certificate() const {
  const auto* chain = std::get_if<std::vector<crypto::Certificate>>(&signer);
  return chain == nullptr ? nullptr : &chain->front();
}
const statement::Envelope* Bundle::envelope() const { return std::get_if<statement::Envelope>(&content); }
const MessageSignature* Bundle::message_signature() const { return std::get_if<MessageSignature>(&content); }

Result<Bundle> parse_bundle(std::string_view json_text) {
  STELLA_TRY(const json::Value value,
             json::parse(json_text, {.depth_max = 32, .size_max_bytes = kBundleSizeMaxBytes}));
  return bundle_from_json(value);
}

Result<Bundle> bundle_from_json(const json::Value& value) {
  const json::View root(value);
  Bundle bundle;
  STELLA_TRY(bundle.version, read_version(root));
  STELLA_CHECK(read_content(root, bundle));
  STELLA_TRY(const json::View material, root.at("verificationMaterial"));
  STELLA_CHECK(read_material(material, bundle));
  return bundle;
}

Result<LogEntry> log_entry_from_json(const json::Value& value, const std::string& where) {
  return read_log_entry(json::View(value, where));
}

}  // namespace stella::attestation
