// What of metadata is decided without any state: thresholds, hashes, and who is responsible for a path.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "stella/attestation/tuf_metadata.h"
#include "stella/base/digest.h"
#include "tuf_glob.h"

namespace stella::attestation::tuf {
namespace {

std::optional<crypto::Hash> hash_named(std::string_view name) {
  if (name == "sha256") return crypto::Hash::kSha256;
  if (name == "sha384") return crypto::Hash::kSha384;
  if (name == "sha512") return crypto::Hash::kSha512;
  return std::nullopt;
}

}  // namespace

Status verify_threshold(std::string_view role, const RoleKeys& role_keys, const Keys& keys,
                        std::string_view signed_bytes, const std::vector<Signature>& signatures) {
  std::set<Digest> signers;  // by the key itself: two ids may stand for one key
  for (const Signature& signature : signatures) {
    if (std::ranges::find(role_keys.key_ids, signature.key_id) == role_keys.key_ids.end()) continue;
    const auto key = keys.find(signature.key_id);
    if (key == keys.end() || !key->second.key) continue;
    if (crypto::verify_signature(*key->second.key, key->second.algorithm, as_bytes(signed_bytes),
                                 signature.signature)) {
      signers.insert(key->second.key->id());
    }
  }
  if (signers.size() >= role_keys.threshold) return {};
  return fail({.code = ErrorCode::kUntrusted,
               .message = fmt::format("metadata of the role {} is not signed by enough of its keys", role),
               .expected = fmt::format("{} of {} keys", role_keys.threshold, role_keys.key_ids.size()),
               .found = fmt::format("{} valid signatures", signers.size())});
}

Status verify_file(const std::string& what, ByteView bytes, std::optional<std::uint64_t> length,
                   const Hashes& hashes) {
  if (length && bytes.size() != *length) {
    return fail({.code = ErrorCode::kUntrusted,
                 .message = "a file has another length than its metadata says",
                 .where = what,
                 .expected = fmt::format("{} bytes", *length),
                 .found = fmt::format("{}", bytes.size())});
  }
  bool compared = hashes.empty();
  for (const auto& [name, expected] : hashes) {
    const auto hash = hash_named(name);
    if (!hash) continue;
    compared = true;
    const std::string found = to_hex(crypto::digest(*hash, bytes));
    std::string lower = expected;
    std::ranges::transform(lower, lower.begin(), [](char c) {
      return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (found != lower) {
      return fail({.code = ErrorCode::kUntrusted,
                   .message = fmt::format("a file has another {} than its metadata says", name),
                   .where = what,
                   .expected = expected,
                   .found = found});
    }
  }
  if (compared) return {};
  return fail({.code = ErrorCode::kUntrusted,
               .message = "none of the hashes of a file can be checked here",
               .where = what,
               .expected = "sha256, sha384 or sha512",
               .found = hashes.begin()->first});
}

bool is_delegated_to(const DelegatedRole& role, std::string_view path) {
  if (!role.paths.empty()) {
    return std::ranges::any_of(role.paths,
                               [&](const std::string& pattern) { return glob_matches(pattern, path); });
  }
  const std::string hash = to_hex(sha256(as_bytes(path)).view());
  return std::ranges::any_of(role.path_hash_prefixes,
                             [&](const std::string& prefix) { return hash.starts_with(prefix); });
}

std::string succinct_role(const SuccinctRoles& roles, std::string_view path) {
  const Digest hash = sha256(as_bytes(path));
  const std::uint32_t bin = load_be<std::uint32_t>(hash.bytes.data()) >> (32 - roles.bit_length);
  const std::uint64_t last = (std::uint64_t{1} << roles.bit_length) - 1;
  return fmt::format("{}-{:0{}x}", roles.name_prefix, bin, fmt::format("{:x}", last).size());
}

}  // namespace stella::attestation::tuf
