// The standard extensions of certificates (RFC 5280, 4.2.1) read into CertificateFields.
#pragma once

#include "der.h"
#include "stella/base/error.h"
#include "stella/crypto/certificate.h"

namespace stella::crypto {

// Reads the list of extensions into `fields`. Errors: kCorrupt, kLimitExceeded.
[[nodiscard]] Status read_extensions(der::Reader list, CertificateFields& fields);

// Whether a critical extension of this kind is one that chain building understands.
[[nodiscard]] bool is_understood(std::string_view oid);

// The AlgorithmIdentifier of a signature. For "rsaEncryption", as CMS has it, the hash comes from elsewhere:
// `hash_if_absent`. Errors: kUnsupported.
[[nodiscard]] Result<IssuerAlgorithm> read_algorithm(der::Reader algorithm,
                                                     std::optional<Hash> hash_if_absent = {});
[[nodiscard]] Result<Hash> read_hash_algorithm(der::Reader algorithm);
// Errors: kUntrusted when `key` is not of that kind.
[[nodiscard]] Result<SignatureAlgorithm> algorithm_for(const IssuerAlgorithm& algorithm,
                                                       const PublicKey& key);

}  // namespace stella::crypto
