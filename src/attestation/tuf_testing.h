// A TUF repository in memory, whose every file can be made wrong.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "stella/attestation/tuf_client.h"
#include "stella/base/digest.h"
#include "stella/crypto/key.h"
#include "stella/crypto/signature.h"

namespace stella::attestation::tuf {

struct TestKey {
  std::string id;
  crypto::PrivateKey secret;
  std::string type = "ed25519";
  std::string scheme = "ed25519";
  crypto::SignatureAlgorithm algorithm{.key_type = crypto::KeyType::kEd25519};

  [[nodiscard]] json::Value to_json() const {
    const bool raw = type == "ed25519";
    const std::string value =
        raw ? to_hex(secret.public_key().ed25519_bytes().value()) : secret.public_key().to_pem();
    return json::Object{{"keytype", type}, {"scheme", scheme}, {"keyval", json::Object{{"public", value}}}};
  }
};

inline TestKey test_key(const std::string& name) {
  return {.id = to_hex(sha256(as_bytes(name)).view()),
          .secret = crypto::PrivateKey::from_ed25519_seed(sha256(as_bytes(name)).view()).value()};
}

inline json::Value role_json(const std::vector<TestKey>& keys, int threshold = 1) {
  json::Array ids;
  for (const TestKey& key : keys) ids.emplace_back(key.id);
  return json::Object{{"keyids", std::move(ids)}, {"threshold", threshold}};
}

inline json::Value keys_json(const std::vector<TestKey>& keys) {
  json::Object object;
  for (const TestKey& key : keys) object.insert_or_assign(key.id, key.to_json());
  return object;
}

// Signs `body` with `keys`.
inline Bytes signed_file(json::Object body, const std::vector<TestKey>& keys) {
  const std::string bytes = olpc_canonical(json::Value(body)).value();
  json::Array signatures;
  for (const TestKey& key : keys) {
    signatures.emplace_back(
        json::Object{{"keyid", key.id},
                     {"sig", to_hex(crypto::sign(key.secret, key.algorithm, as_bytes(bytes)).value())}});
  }
  const std::string text =
      json::canonical(json::Object{{"signed", std::move(body)}, {"signatures", std::move(signatures)}});
  return {text.begin(), text.end()};
}

class Repository final : public Fetcher {
 public:
  Repository() {
    for (const char* role : {"root", "timestamp", "snapshot", "targets"}) keys[role] = {test_key(role)};
    publish_root();
    publish();
  }

  json::Object body(const std::string& type, std::int64_t version) const {
    return {{"_type", type}, {"spec_version", "1.0.34"}, {"version", version}, {"expires", expires.at(type)}};
  }

  void publish_root() {
    json::Object root = body("root", ++versions["root"]);
    std::vector<TestKey> all;
    json::Object roles;
    for (const auto& [role, role_keys] : keys) {
      all.insert(all.end(), role_keys.begin(), role_keys.end());
      roles.emplace(role, role_json(role_keys, thresholds[role]));
    }
    root.emplace("consistent_snapshot", true);
    root.emplace("keys", keys_json(all));
    root.emplace("roles", std::move(roles));
    std::vector<TestKey> signers = keys["root"];
    signers.insert(signers.end(), extra_root_signers.begin(), extra_root_signers.end());
    files[std::to_string(versions["root"]) + ".root.json"] = signed_file(std::move(root), signers);
  }
  // New targets, snapshot and timestamp.
  void publish() {
    json::Object targets = body("targets", ++versions["targets"]);
    json::Object described;
    for (const auto& [path, bytes] : target_files) {
      const std::string hash = to_hex(sha256(bytes).view());
      described.emplace(path,
                        json::Object{{"length", bytes.size()}, {"hashes", json::Object{{"sha256", hash}}}});
      files["targets/" + hash + "." + path] = bytes;
    }
    targets.emplace("targets", std::move(described));
    if (!delegations.is_null()) targets.emplace("delegations", delegations);
    files[std::to_string(versions["targets"]) + ".targets.json"] =
        signed_file(std::move(targets), keys["targets"]);
    meta["targets.json"] = versions["targets"];
    publish_snapshot();
  }
  void publish_snapshot() {
    json::Object snapshot = body("snapshot", ++versions["snapshot"]);
    json::Object listed;
    for (const auto& [name, version] : meta) listed.emplace(name, json::Object{{"version", version}});
    snapshot.emplace("meta", std::move(listed));
    const Bytes file = signed_file(std::move(snapshot), keys["snapshot"]);
    snapshot_sha256 = to_hex(sha256(file).view());
    files[std::to_string(versions["snapshot"]) + ".snapshot.json"] = file;
    publish_timestamp();
  }
  void publish_timestamp() {
    json::Object timestamp = body("timestamp", ++versions["timestamp"]);
    timestamp.emplace(
        "meta",
        json::Object{{"snapshot.json", json::Object{{"version", versions["snapshot"]},
                                                    {"hashes", json::Object{{"sha256", snapshot_sha256}}}}}});
    files["timestamp.json"] = signed_file(std::move(timestamp), keys["timestamp"]);
  }

  Result<Bytes> fetch(const std::string& url, std::size_t size_max_bytes) override {
    requests.push_back(url);
    const auto found = files.find(url);
    if (found == files.end()) return fail(ErrorCode::kNotFound, "no such file", url);
    if (found->second.size() > size_max_bytes) return fail(ErrorCode::kLimitExceeded, "too large", url);
    return found->second;
  }

  std::map<std::string, std::vector<TestKey>> keys;
  std::map<std::string, int> thresholds{{"root", 1}, {"timestamp", 1}, {"snapshot", 1}, {"targets", 1}};
  std::map<std::string, std::string> expires{{"root", "2030-01-01T00:00:00Z"},
                                             {"timestamp", "2030-01-01T00:00:00Z"},
                                             {"snapshot", "2030-01-01T00:00:00Z"},
                                             {"targets", "2030-01-01T00:00:00Z"}};
  std::map<std::string, std::int64_t> versions;
  std::map<std::string, std::int64_t> meta;
  std::map<std::string, Bytes> target_files;
  std::vector<TestKey> extra_root_signers;
  json::Value delegations;
  std::string snapshot_sha256;
  std::map<std::string, Bytes> files;
  std::vector<std::string> requests;
};

class MemoryStore final : public Store {
 public:
  Result<Bytes> load(const std::string& name) const override {
    const auto found = files.find(name);
    if (found == files.end()) return fail(ErrorCode::kNotFound, "no such file", name);
    return found->second;
  }
  Status save(const std::string& name, ByteView bytes) override {
    if (saves_left == 0) return fail(ErrorCode::kIo, "the machine has crashed");
    --saves_left;
    files[name] = Bytes(bytes.begin(), bytes.end());
    return {};
  }

  std::map<std::string, Bytes> files;
  int saves_left = 1'000'000;
};

}  // namespace stella::attestation::tuf
