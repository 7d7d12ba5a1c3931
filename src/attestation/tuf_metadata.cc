// Reading: one function a type of role.
#include "stella/attestation/tuf_metadata.h"

#include <algorithm>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "stella/base/json_view.h"

namespace stella::attestation::tuf {
namespace {

constexpr std::int64_t kVersionMax = std::int64_t{1} << 31;

Result<std::int64_t> version_of(const json::View& view) {
  STELLA_TRY(const json::View version, view.at("version"));
  return version.integer(1, kVersionMax);
}

// Keys of an unknown kind are kept without a value: they must not make a file unreadable, and count for
// nothing.
Key key_from_json(const json::View& view) {
  const auto text_of = [&](std::string_view name) {
    const json::Value* value = view.value().find(name);
    return value != nullptr && value->string() != nullptr ? *value->string() : std::string();
  };
  const json::Value* keyval = view.value().find("keyval");
  const json::Value* public_value = keyval == nullptr ? nullptr : keyval->find("public");
  if (public_value == nullptr || public_value->string() == nullptr) return {};
  const std::string& text = *public_value->string();
  const std::string scheme = text_of("scheme");
  const std::string type = text_of("keytype");

  crypto::SignatureAlgorithm algorithm;
  Result<crypto::PublicKey> key = fail(ErrorCode::kUnsupported, "a kind of key that is not known here");
  if (type == "ed25519" && scheme == "ed25519") {
    algorithm.key_type = crypto::KeyType::kEd25519;
    const auto raw = parse_hex(text);
    if (raw) key = crypto::PublicKey::from_ed25519(*raw);
  } else if ((type == "ecdsa" || type == scheme) && scheme == "ecdsa-sha2-nistp256") {
    key = crypto::PublicKey::from_pem(text);
  } else if ((type == "ecdsa" || type == scheme) && scheme == "ecdsa-sha2-nistp384") {
    algorithm = {.key_type = crypto::KeyType::kEcdsaP384, .hash = crypto::Hash::kSha384};
    key = crypto::PublicKey::from_pem(text);
  } else if (type == "rsa" && scheme == "rsassa-pss-sha256") {
    algorithm = {.key_type = crypto::KeyType::kRsa, .padding = crypto::RsaPadding::kPss};
    key = crypto::PublicKey::from_pem(text);
  }
  if (!key || key->type() != algorithm.key_type) return {};
  return {.key = *std::move(key), .algorithm = algorithm};
}

Result<Keys> keys_from_json(const json::View& view) {
  STELLA_TRY(const auto members, view.members(kKeysMax));
  Keys keys;
  for (const auto& [id, key] : members) {
    if (key.value().object() == nullptr) return key.fail("a JSON value has another type", "an object");
    keys.emplace(id, key_from_json(key));
  }
  return keys;
}

Result<RoleKeys> role_keys_from_json(const json::View& view) {
  RoleKeys role;
  STELLA_TRY(const json::View threshold, view.at("threshold"));
  STELLA_TRY(const std::int64_t value, threshold.integer(1, static_cast<std::int64_t>(kKeysMax)));
  role.threshold = static_cast<std::size_t>(value);
  STELLA_TRY(const json::View key_ids, view.at("keyids"));
  STELLA_TRY(const auto elements, key_ids.elements(kKeysMax));
  std::set<std::string> seen;
  for (const json::View& element : elements) {
    STELLA_TRY(std::string id, element.text());
    if (!seen.insert(id).second) return element.fail("a role lists a key id twice", {}, id.substr(0, 80));
    role.key_ids.push_back(std::move(id));
  }
  return role;
}

Result<Hashes> hashes_from_json(const json::View& view) {
  STELLA_TRY(const auto members, view.members(16));
  if (members.empty()) return view.fail("there is no hash");
  Hashes hashes;
  for (const auto& [algorithm, value] : members) {
    STELLA_TRY(std::string hex, value.text());
    // The hash becomes part of a file's name.
    if (!parse_hex(hex)) return value.fail("not a hash", "hex digits", hex.substr(0, 80));
    hashes.emplace(algorithm, std::move(hex));
  }
  return hashes;
}

Result<MetaFile> meta_file_from_json(const json::View& view) {
  MetaFile file;
  STELLA_TRY(file.version, version_of(view));
  STELLA_TRY(const auto length, view.find("length"));
  if (length) {
    STELLA_TRY(const std::int64_t value, length->integer(1));
    file.length = static_cast<std::uint64_t>(value);
  }
  STELLA_TRY(const auto hashes, view.find("hashes"));
  if (hashes) {
    STELLA_TRY(file.hashes, hashes_from_json(*hashes));
  }
  return file;
}

Result<TargetFile> target_file_from_json(const json::View& view) {
  TargetFile file;
  STELLA_TRY(const json::View length, view.at("length"));
  STELLA_TRY(const std::int64_t value, length.integer(0));
  file.length = static_cast<std::uint64_t>(value);
  STELLA_TRY(const json::View hashes, view.at("hashes"));
  STELLA_TRY(file.hashes, hashes_from_json(hashes));
  return file;
}

Result<std::vector<std::string>> texts_from_json(const json::View& view) {
  STELLA_TRY(const auto elements, view.elements(kDelegatedRolesMax));
  std::vector<std::string> texts;
  for (const json::View& element : elements) {
    STELLA_TRY(std::string text, element.string());
    texts.push_back(std::move(text));
  }
  return texts;
}

Result<DelegatedRole> delegated_role_from_json(const json::View& view) {
  DelegatedRole role;
  STELLA_TRY(const json::View name, view.at("name"));
  STELLA_TRY(role.name, name.text());
  if (is_top_level(role.name))
    return name.fail("a delegated role has the name of a top-level role", {}, role.name);
  STELLA_TRY(role.keys, role_keys_from_json(view));
  STELLA_TRY(const json::View terminating, view.at("terminating"));
  STELLA_TRY(role.terminating, terminating.boolean());
  STELLA_TRY(const auto paths, view.find("paths"));
  STELLA_TRY(const auto prefixes, view.find("path_hash_prefixes"));
  if (paths.has_value() == prefixes.has_value()) {
    return view.fail("a delegation is ambiguous", "either paths or path_hash_prefixes",
                     paths ? "both" : "neither");
  }
  if (paths) {
    STELLA_TRY(role.paths, texts_from_json(*paths));
  } else {
    STELLA_TRY(role.path_hash_prefixes, texts_from_json(*prefixes));
  }
  return role;
}

Result<SuccinctRoles> succinct_roles_from_json(const json::View& view) {
  SuccinctRoles roles;
  STELLA_TRY(roles.keys, role_keys_from_json(view));
  STELLA_TRY(const json::View bits, view.at("bit_length"));
  STELLA_TRY(const std::int64_t value, bits.integer(1, 32));
  roles.bit_length = static_cast<unsigned>(value);
  STELLA_TRY(const json::View prefix, view.at("name_prefix"));
  STELLA_TRY(roles.name_prefix, prefix.text());
  return roles;
}

Result<Delegations> delegations_from_json(const json::View& view) {
  Delegations delegations;
  STELLA_TRY(const json::View keys, view.at("keys"));
  STELLA_TRY(delegations.keys, keys_from_json(keys));
  STELLA_TRY(const auto roles, view.find("roles"));
  STELLA_TRY(const auto succinct, view.find("succinct_roles"));
  if (roles.has_value() == succinct.has_value()) {
    return view.fail("delegations are ambiguous", "either roles or succinct_roles",
                     roles ? "both" : "neither");
  }
  if (succinct) {
    STELLA_TRY(delegations.succinct, succinct_roles_from_json(*succinct));
    return delegations;
  }
  STELLA_TRY(const auto elements, roles->elements(kDelegatedRolesMax));
  std::set<std::string> names;
  for (const json::View& element : elements) {
    STELLA_TRY(DelegatedRole role, delegated_role_from_json(element));
    if (!names.insert(role.name).second) return element.fail("a role is delegated to twice", {}, role.name);
    delegations.roles.push_back(std::move(role));
  }
  return delegations;
}

Result<Root> body_from_json(const json::View& view, const Root*) {
  Root root;
  STELLA_TRY(const auto consistent, view.find("consistent_snapshot"));
  if (consistent) {
    STELLA_TRY(root.consistent_snapshot, consistent->boolean());
  }
  STELLA_TRY(const json::View keys, view.at("keys"));
  STELLA_TRY(root.keys, keys_from_json(keys));
  STELLA_TRY(const json::View roles, view.at("roles"));
  for (const std::string_view name : {kRoot, kTimestamp, kSnapshot, kTargets}) {
    STELLA_TRY(const json::View role, roles.at(name));
    STELLA_TRY(RoleKeys role_keys, role_keys_from_json(role));
    root.roles.emplace(std::string(name), std::move(role_keys));
  }
  return root;
}

Result<Timestamp> body_from_json(const json::View& view, const Timestamp*) {
  Timestamp timestamp;
  STELLA_TRY(const json::View meta, view.at("meta"));
  STELLA_TRY(const json::View snapshot, meta.at("snapshot.json"));
  STELLA_TRY(timestamp.snapshot, meta_file_from_json(snapshot));
  return timestamp;
}

Result<Snapshot> body_from_json(const json::View& view, const Snapshot*) {
  Snapshot snapshot;
  STELLA_TRY(const json::View meta, view.at("meta"));
  STELLA_TRY(const auto members, meta.members(kMetaFilesMax));
  for (const auto& [name, member] : members) {
    STELLA_TRY(MetaFile file, meta_file_from_json(member));
    snapshot.meta.emplace(name, std::move(file));
  }
  return snapshot;
}

Result<Targets> body_from_json(const json::View& view, const Targets*) {
  Targets targets;
  STELLA_TRY(const json::View files, view.at("targets"));
  STELLA_TRY(const auto members, files.members(kTargetsMax));
  for (const auto& [path, member] : members) {
    STELLA_TRY(TargetFile file, target_file_from_json(member));
    targets.targets.emplace(path, std::move(file));
  }
  STELLA_TRY(const auto delegations, view.find("delegations"));
  if (delegations) {
    STELLA_TRY(targets.delegations, delegations_from_json(*delegations));
  }
  return targets;
}

Status check_specification(const json::View& body) {
  STELLA_TRY(const json::View view, body.at("spec_version"));
  STELLA_TRY(const std::string version, view.text());
  const bool well_formed = version.find_first_not_of("0123456789.") == std::string::npos;
  if (well_formed && version.starts_with("1.")) return {};
  return view.fail("metadata of a version of the TUF specification that is not known here", "1.x",
                   version.substr(0, 80), ErrorCode::kUnsupported);
}

Result<std::vector<Signature>> signatures_from_json(const json::View& view) {
  STELLA_TRY(const auto elements, view.elements(kSignaturesMax));
  std::vector<Signature> signatures;
  std::set<std::string> seen;
  for (const json::View& element : elements) {
    Signature signature;
    STELLA_TRY(const json::View key_id, element.at("keyid"));
    STELLA_TRY(signature.key_id, key_id.text());
    if (!seen.insert(signature.key_id).second) {
      return key_id.fail("a key signed twice", {}, signature.key_id.substr(0, 80));
    }
    STELLA_TRY(const json::View sig, element.at("sig"));
    STELLA_TRY(const std::string hex, sig.string());
    signature.signature = parse_hex(hex).value_or(Bytes{});
    signatures.push_back(std::move(signature));
  }
  return signatures;
}

template <typename T>
Result<Metadata<T>> parse(ByteView json_text, std::string_view role) {
  const auto parsed = [&]() -> Result<Metadata<T>> {
    STELLA_TRY(const json::Value value,
               json::parse(as_text(json_text), {.size_max_bytes = kMetadataSizeMaxBytes}));
    const json::View root(value);
    Metadata<T> metadata;
    STELLA_TRY(const json::View signatures, root.at("signatures"));
    STELLA_TRY(metadata.signatures, signatures_from_json(signatures));
    STELLA_TRY(const json::View body, root.at("signed"));
    STELLA_TRY(const json::View type_view, body.at("_type"));
    STELLA_TRY(const std::string type, type_view.text());
    // Else a key that may sign a harmless role could write a mightier one.
    if (type != role)
      return type_view.fail("metadata is of another role", std::string(role), type.substr(0, 80));
    STELLA_CHECK(check_specification(body));
    STELLA_TRY(metadata.body, body_from_json(body, static_cast<const T*>(nullptr)));
    STELLA_TRY(metadata.body.version, version_of(body));
    STELLA_TRY(const json::View expires, body.at("expires"));
    STELLA_TRY(const std::string expires_text, expires.text());
    auto time = parse_time(expires_text);
    if (!time) return fail(std::move(time).error().at(expires.path()));
    metadata.body.expires = *time;
    STELLA_TRY(metadata.signed_bytes, olpc_canonical(body.value()));
    return metadata;
  }();
  if (!parsed) return fail(Error(parsed.error()).at(fmt::format("{} metadata", role)));
  return parsed;
}

}  // namespace

bool is_top_level(std::string_view role) {
  return role == kRoot || role == kTimestamp || role == kSnapshot || role == kTargets;
}

Result<Metadata<Root>> parse_root(ByteView json_text) { return parse<Root>(json_text, kRoot); }
Result<Metadata<Timestamp>> parse_timestamp(ByteView json_text) {
  return parse<Timestamp>(json_text, kTimestamp);
}
Result<Metadata<Snapshot>> parse_snapshot(ByteView json_text) {
  return parse<Snapshot>(json_text, kSnapshot);
}
Result<Metadata<Targets>> parse_targets(ByteView json_text) { return parse<Targets>(json_text, kTargets); }

}  // namespace stella::attestation::tuf
