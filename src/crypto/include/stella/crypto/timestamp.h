// Timestamp tokens (RFC 3161): CMS signed data (RFC 5652) over a TSTInfo.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/error.h"
#include "stella/base/time.h"
#include "stella/crypto/certificate.h"
#include "stella/crypto/chain.h"
#include "stella/crypto/signature.h"

namespace stella::crypto {

inline constexpr std::size_t kTimestampSizeMaxBytes = 64 << 10;
inline constexpr std::size_t kTimestampCertificatesMax = 16;

struct TimestampToken {
  Hash imprint_hash = Hash::kSha256;
  Bytes imprint{};  // the hashed message
  Time time{};      // genTime, with as many fraction digits as it has
  std::string policy{};
  Bytes serial{};
  Bytes nonce{};                            // empty when there is none
  std::vector<Certificate> certificates{};  // embedded, untrusted

  // Who signed: issuer and serial number, or a subject key id; and the digest of the certificate.
  Bytes signer_issuer_der{};
  Bytes signer_serial{};
  Bytes signer_key_id{};
  Bytes signer_certificate_digest{};  // SHA-1 (20 bytes), SHA-256, SHA-384 or SHA-512; always there

  IssuerAlgorithm algorithm{};
  Bytes signed_attributes{};  // as they are signed: a SET OF
  Bytes signature{};
};

// Reads a TimeStampResp, or the bare token in it. Checks form, and that the signed attributes are about this
// content; no signature. Errors: kCorrupt, kUnsupported, kLimitExceeded; kUntrusted for a response that
// grants nothing.
[[nodiscard]] Result<TimestampToken> parse_timestamp(ByteView der);

struct TimestampAuthority {
  std::span<const Certificate> roots{};
  std::span<const PublicKey> root_keys{};
  std::span<const Certificate> others{};  // intermediates and signing certificates that are known for it
  const ChainCache* cache = nullptr;
};

// Checks that the token is over `message` and was signed by a certificate for timestamping alone (critical),
// whose chain to one of the roots was valid at the token's time. Gives the chain, signer first. Errors:
// kUntrusted.
[[nodiscard]] Result<Chain> verify_timestamp(const TimestampToken& token, ByteView message,
                                             const TimestampAuthority& authority);

}  // namespace stella::crypto
