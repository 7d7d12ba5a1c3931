// Metadata of The Update Framework: who may sign what, and which files are current. What is read here is
// claims; the rules that make more of them stand in tuf_trusted_set.h. Source:
// theupdateframework.github.io/specification, 1.0.34.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/error.h"
#include "stella/base/json.h"
#include "stella/base/time.h"
#include "stella/crypto/key.h"
#include "stella/crypto/signature.h"

namespace stella::attestation::tuf {

inline constexpr std::size_t kMetadataSizeMaxBytes = 5'000'000;  // same bound as python-tuf has for targets
inline constexpr std::size_t kKeysMax = 1024;
inline constexpr std::size_t kSignaturesMax = 1024;
inline constexpr std::size_t kDelegatedRolesMax = 4096;  // in one role
inline constexpr std::size_t kMetaFilesMax = 100'000;    // in a snapshot
inline constexpr std::size_t kTargetsMax = 100'000;      // in one role

inline constexpr std::string_view kRoot = "root";
inline constexpr std::string_view kTimestamp = "timestamp";
inline constexpr std::string_view kSnapshot = "snapshot";
inline constexpr std::string_view kTargets = "targets";
[[nodiscard]] bool is_top_level(std::string_view role);

// TUF's canonical JSON (OLPC's), which is not RFC 8785: keys in the order of code points, only '"' and '\'
// escaped, integers only. Errors: kCorrupt for a number that is not an integer within 64 bits.
[[nodiscard]] Result<std::string> olpc_canonical(const json::Value& value);

// A key of a kind that is not known here has no `key`; it counts for no threshold.
struct Key {
  std::optional<crypto::PublicKey> key{};
  crypto::SignatureAlgorithm algorithm{};
};
using Keys = std::map<std::string, Key, std::less<>>;  // by key id

struct RoleKeys {
  std::vector<std::string> key_ids{};  // each once
  std::size_t threshold = 1;
};

struct Signature {
  std::string key_id{};
  Bytes signature{};  // empty when the text was not hex: it counts for nothing
};

using Hashes = std::map<std::string, std::string, std::less<>>;  // "sha256" → hex

// What a role says of another role's file.
struct MetaFile {
  std::int64_t version = 0;
  std::optional<std::uint64_t> length{};  // bytes
  Hashes hashes{};                        // none: not bound
};

struct TargetFile {
  std::uint64_t length = 0;
  Hashes hashes{};
};

struct Root {
  std::int64_t version = 0;
  Time expires{};
  bool consistent_snapshot = false;
  Keys keys{};
  std::map<std::string, RoleKeys, std::less<>> roles{};  // the four top-level roles, always
};

struct Timestamp {
  std::int64_t version = 0;
  Time expires{};
  MetaFile snapshot{};
};

struct Snapshot {
  std::int64_t version = 0;
  Time expires{};
  std::map<std::string, MetaFile, std::less<>> meta{};  // "targets.json" →
};

struct DelegatedRole {
  std::string name{};
  RoleKeys keys{};
  bool terminating = false;
  std::vector<std::string> paths{};               // patterns; either these …
  std::vector<std::string> path_hash_prefixes{};  // … or these
};

// Targets spread over 2^bits roles by the first bits of the path's SHA-256 (TAP 15).
struct SuccinctRoles {
  RoleKeys keys{};
  unsigned bit_length = 1;  // 1 to 32
  std::string name_prefix{};
};

struct Delegations {
  Keys keys{};
  std::vector<DelegatedRole> roles{};  // in order of preference; names differ
  std::optional<SuccinctRoles> succinct{};
};

struct Targets {
  std::int64_t version = 0;
  Time expires{};
  std::map<std::string, TargetFile, std::less<>> targets{};
  Delegations delegations{};
};

// A file of metadata as it was signed.
template <typename T>
struct Metadata {
  T body{};
  std::string signed_bytes{};  // canonical form of "signed"
  std::vector<Signature> signatures{};
};

// Errors: kCorrupt with the JSON path, also for another type of role; kUnsupported for a specification that
// is not 1.x; kLimitExceeded.
[[nodiscard]] Result<Metadata<Root>> parse_root(ByteView json_text);
[[nodiscard]] Result<Metadata<Timestamp>> parse_timestamp(ByteView json_text);
[[nodiscard]] Result<Metadata<Snapshot>> parse_snapshot(ByteView json_text);
[[nodiscard]] Result<Metadata<Targets>> parse_targets(ByteView json_text);

// Errors: kUntrusted when fewer than the threshold of different keys signed `signed_bytes`. A wrong signature
// counts for nothing; a key listed under two ids counts once.
[[nodiscard]] Status verify_threshold(std::string_view role, const RoleKeys& role_keys, const Keys& keys,
                                      std::string_view signed_bytes,
                                      const std::vector<Signature>& signatures);

// Errors: kUntrusted when `bytes` are not what length and hashes say, or when none of the hashes is of an
// algorithm known here (SHA-256, SHA-384, SHA-512). `what` is their name.
[[nodiscard]] Status verify_file(const std::string& what, ByteView bytes, std::optional<std::uint64_t> length,
                                 const Hashes& hashes);

// Whether `role` is responsible for the target `path`.
[[nodiscard]] bool is_delegated_to(const DelegatedRole& role, std::string_view path);
// The one role of `roles` that is responsible for `path`: "<prefix>-<hex>".
[[nodiscard]] std::string succinct_role(const SuccinctRoles& roles, std::string_view path);

}  // namespace stella::attestation::tuf
