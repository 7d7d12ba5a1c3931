// Signed certificate timestamps embedded in certificates (RFC 6962, section 3).
#pragma once

#include <cstdint>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/base/time.h"
#include "stella/crypto/certificate.h"
#include "stella/crypto/key.h"
#include "stella/crypto/signature.h"

namespace stella::crypto {

inline constexpr std::size_t kSctsMax = 32;

struct Sct {
  Digest log_id{};
  std::uint64_t timestamp_ms = 0;
  Bytes extensions{};
  Hash hash = Hash::kSha256;
  bool rsa = false;  // otherwise ECDSA
  Bytes signature{};

  [[nodiscard]] Time time() const;
};

// The SCTs of a certificate; none when it has no such extension. Errors: kCorrupt; kLimitExceeded;
// kUnsupported for a version other than v1 or an algorithm other than SHA-256 with ECDSA or RSA.
[[nodiscard]] Result<std::vector<Sct>> embedded_scts(const Certificate& certificate);

// Checks `sct` over the pre-certificate of `leaf`, which `issuer` signed. Errors: kUntrusted;
// kInvalidArgument when `log` is not the log that the SCT names.
[[nodiscard]] Status verify_embedded_sct(const Sct& sct, const Certificate& leaf, const PublicKey& issuer,
                                         const PublicKey& log);

}  // namespace stella::crypto
