// Certificates, SCTs and timestamps made to measure, so that each field can be wrong once. For tests and
// benchmarks only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/time.h"
#include "stella/crypto/certificate.h"
#include "stella/crypto/key.h"
#include "stella/crypto/signature.h"

namespace stella::testing {

struct CertificateSpec {
  std::string subject{};  // common name; empty: no name at all
  std::string issuer{};
  std::uint64_t serial = 1;
  Time not_before{};
  Time not_after{};
  bool is_ca = false;
  std::optional<int> path_length_max{};
  std::optional<std::uint16_t> key_usage{};  // bits of crypto::KeyUsage
  std::vector<std::string> extended_key_usage{};
  bool extended_key_usage_critical = false;
  std::string uri{};                            // subject alternative name
  std::string email{};                          // likewise
  std::vector<crypto::Extension> extensions{};  // appended as they are
};

// DER of a certificate for `key`, signed by `issuer`. `change_tbs` may spoil the bytes before they are
// signed.
[[nodiscard]] Bytes make_certificate(const CertificateSpec& spec, const crypto::PublicKey& key,
                                     const crypto::PrivateKey& issuer,
                                     const std::function<void(Bytes&)>& change_tbs = {});
[[nodiscard]] crypto::Certificate certificate(const CertificateSpec& spec, const crypto::PublicKey& key,
                                              const crypto::PrivateKey& issuer);

// A certificate authority's, self-signed or not.
[[nodiscard]] CertificateSpec authority_spec(std::string subject, std::string issuer, Time not_before,
                                             Time not_after);

[[nodiscard]] crypto::Extension utf8_extension(std::string oid, std::string_view value);

// The extension with one SCT for each of `logs` over a certificate that is otherwise `spec`.
struct SctSpec {
  const crypto::PrivateKey* log = nullptr;
  Time time{};
  Bytes extensions{};
};
[[nodiscard]] crypto::Extension sct_extension(const CertificateSpec& spec, const crypto::PublicKey& key,
                                              const crypto::PrivateKey& issuer,
                                              const std::vector<SctSpec>& scts);

struct TimestampSpec {
  Bytes message{};
  Time time{};
  std::string fraction{};  // digits after the point of genTime, written as they are
  std::vector<crypto::Certificate> embedded{};
  bool first_attribute_form = false;  // signingCertificate with SHA-1 instead of signingCertificateV2
  bool bare_token = false;            // without the TimeStampResp around it
  crypto::Hash hash = crypto::Hash::kSha256;
};
[[nodiscard]] Bytes make_timestamp(const TimestampSpec& spec, const crypto::Certificate& signer,
                                   const crypto::PrivateKey& key);

}  // namespace stella::testing
