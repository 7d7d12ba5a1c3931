// Whom a verifier trusts to issue certificates, to keep logs and to tell the time, and when.
// Source: sigstore/protobuf-specs, sigstore_trustroot.proto, media types v0.1 and v0.2.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/error.h"
#include "stella/base/time.h"
#include "stella/crypto/certificate.h"
#include "stella/crypto/key.h"
#include "stella/crypto/signature.h"

namespace stella::attestation {

inline constexpr std::size_t kTrustedRootSizeMaxBytes = std::size_t{4} << 20;
inline constexpr std::size_t kTrustedEntriesMax = 256;  // of each kind

// Closed on both sides; without an end it is open to the future. A start is always there.
struct Validity {
  Time start{};
  std::optional<Time> end{};

  [[nodiscard]] bool contains(Time time) const { return start <= time && (!end || time <= *end); }
};
[[nodiscard]] std::string to_string(const Validity& validity);

// A transparency log (Rekor) or a certificate transparency log.
struct TrustedLog {
  std::string url{};     // empty when only the key was given
  std::string origin{};  // of checkpoints: host and path of the url; empty when any will do
  crypto::PublicKey key;
  crypto::SignatureAlgorithm algorithm{};
  Bytes id{};             // logId.keyId
  Bytes checkpoint_id{};  // the four bytes or more that its checkpoints carry, when told apart from `id`;
                          // else empty
  Validity valid{};
};

// A certificate authority or timestamp authority.
struct TrustedAuthority {
  std::string name{};                                // uri, or the subject of its first certificate
  std::vector<crypto::Certificate> intermediates{};  // for a timestamp authority also its signing certificate
  std::vector<crypto::Certificate> roots{};
  std::vector<crypto::PublicKey> root_keys{};  // given without a certificate
  Validity valid{};
};

struct TrustedRoot {
  std::vector<TrustedLog> logs{};
  std::vector<TrustedLog> ct_logs{};
  std::vector<TrustedAuthority> certificate_authorities{};
  std::vector<TrustedAuthority> timestamp_authorities{};
};

// Reads a Sigstore trusted root. Errors: kCorrupt with the JSON path, also for a window without a start or
// reversed and for a log id that is not its key's; kUnsupported; kLimitExceeded.
[[nodiscard]] Result<TrustedRoot> parse_trusted_root(std::string_view json_text);

// Parts given one by one: texts of PEM with certificates or bare public keys, valid without limit
// (certificates: as long as they themselves are). Several of each are trusted side by side.
struct TrustedParts {
  std::vector<std::string> logs{};
  std::vector<std::string> ct_logs{};
  std::vector<std::string> certificate_authorities{};
  std::vector<std::string> certificate_chains{};  // intermediates and roots of a certificate authority
  std::vector<std::string> timestamp_authorities{};
};
[[nodiscard]] Result<TrustedRoot> trusted_root_from_parts(const TrustedParts& parts);

// Adds all of `more` to `root`.
void merge(TrustedRoot& root, const TrustedRoot& more);

// Sigstore's public-good instance, built in.
struct BuiltInRoot {
  std::string_view json{};
  std::string_view origin{};  // where it was taken from
  std::string_view sha256{};  // of `json`, hex
  Time taken{};
};
[[nodiscard]] const BuiltInRoot& public_good_root();

}  // namespace stella::attestation
