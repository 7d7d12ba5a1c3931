// Bundles as JSON, version 0.3.
#include <fmt/format.h>

#include "stella/attestation/bundle.h"
#include "stella/base/base64.h"

namespace stella::attestation {
namespace {

json::Value raw_bytes(ByteView bytes) { return json::Object{{"rawBytes", to_base64(bytes)}}; }

json::Value hash_list(const std::vector<Digest>& hashes) {
  json::Array list;
  for (const Digest& hash : hashes) list.emplace_back(to_base64(hash.view()));
  return list;
}

std::string_view hash_name(crypto::Hash hash) {
  return hash == crypto::Hash::kSha256 ? "SHA2_256" : hash == crypto::Hash::kSha384 ? "SHA2_384" : "SHA2_512";
}

std::unexpected<Error> cannot_hold(std::string what) {
  return fail({.code = ErrorCode::kInvalidArgument,
               .message = "a bundle of version 0.3 cannot hold this",
               .where = std::move(what)});
}

}  // namespace

json::Value to_json(const LogEntry& entry) {
  json::Object object{
      {"logIndex", std::to_string(entry.log_index)},
      {"logId", json::Object{{"keyId", to_base64(entry.log_id)}}},
      {"kindVersion", json::Object{{"kind", entry.kind}, {"version", entry.version}}},
      {"canonicalizedBody", to_base64(entry.body)},
  };
  if (entry.integrated_time != 0) object.emplace("integratedTime", std::to_string(entry.integrated_time));
  if (entry.signed_entry_timestamp) {
    object.emplace("inclusionPromise",
                   json::Object{{"signedEntryTimestamp", to_base64(*entry.signed_entry_timestamp)}});
  }
  if (const auto& proof = entry.inclusion_proof) {
    json::Object written{{"logIndex", std::to_string(proof->log_index)},
                         {"treeSize", std::to_string(proof->tree_size)},
                         {"rootHash", to_base64(proof->root_hash.view())},
                         {"hashes", hash_list(proof->hashes)}};
    if (!proof->checkpoint.empty())
      written.emplace("checkpoint", json::Object{{"envelope", proof->checkpoint}});
    object.emplace("inclusionProof", std::move(written));
  }
  return object;
}

Result<std::string> to_json_text(const Bundle& bundle) {
  json::Object material;
  if (const auto* chain = std::get_if<std::vector<crypto::Certificate>>(&bundle.signer)) {
    if (chain->empty()) return cannot_hold("no certificate");
    // Intermediates are left out: a verifier has them in its trusted root.
    material.emplace("certificate", raw_bytes(chain->front().der()));
  } else {
    material.emplace("publicKey", json::Object{{"hint", std::get<KeyHint>(bundle.signer).hint}});
  }
  json::Array entries;
  for (const LogEntry& entry : bundle.log_entries) {
    if (!entry.inclusion_proof || entry.inclusion_proof->checkpoint.empty()) {
      return cannot_hold(fmt::format("log entry {} without inclusion proof and checkpoint", entry.log_index));
    }
    entries.push_back(to_json(entry));
  }
  material.emplace("tlogEntries", std::move(entries));
  if (!bundle.timestamps.empty()) {
    json::Array timestamps;
    for (const Bytes& timestamp : bundle.timestamps) {
      timestamps.push_back(json::Object{{"signedTimestamp", to_base64(timestamp)}});
    }
    material.emplace("timestampVerificationData", json::Object{{"rfc3161Timestamps", std::move(timestamps)}});
  }
  json::Object object{{"mediaType", "application/vnd.dev.sigstore.bundle.v0.3+json"},
                      {"verificationMaterial", std::move(material)}};
  if (const statement::Envelope* envelope = bundle.envelope()) {
    if (envelope->signatures.size() != 1) return cannot_hold("an envelope without exactly one signature");
    object.emplace("dsseEnvelope", statement::to_json(*envelope));
  } else {
    const MessageSignature& message = *bundle.message_signature();
    json::Object written{{"signature", to_base64(message.signature)}};
    if (message.hash) {
      written.emplace("messageDigest", json::Object{{"algorithm", hash_name(*message.hash)},
                                                    {"digest", to_base64(message.digest)}});
    }
    object.emplace("messageSignature", std::move(written));
  }
  return json::canonical(object);
}

}  // namespace stella::attestation
