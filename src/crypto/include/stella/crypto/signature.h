// Signatures over messages and over digests. ECDSA signatures are DER (ECDSA-Sig-Value), Ed25519 ones 64
// bytes. The names of algorithms are those of Sigstore's algorithm registry, as trusted roots and log entries
// carry them.
#pragma once

#include <string>
#include <string_view>

#include "stella/base/bytes.h"
#include "stella/base/error.h"
#include "stella/crypto/key.h"

namespace stella::crypto {

enum class Hash { kSha256, kSha384, kSha512 };

[[nodiscard]] std::string_view to_string(Hash hash);  // "SHA-256" …
[[nodiscard]] std::size_t size_bytes(Hash hash);
[[nodiscard]] Bytes digest(Hash hash, ByteView message);

enum class RsaPadding { kPkcs1, kPss };

// What a signature is made with, beside the key. `hash` means nothing for pure Ed25519.
struct SignatureAlgorithm {
  KeyType key_type = KeyType::kEcdsaP256;
  Hash hash = Hash::kSha256;
  RsaPadding padding = RsaPadding::kPkcs1;
  bool prehashed = false;  // Ed25519ph (RFC 8032)

  auto operator<=>(const SignatureAlgorithm&) const = default;
};

// What a signature in X.509 and CMS names: not the size of the key.
struct IssuerAlgorithm {
  enum class Kind { kEcdsa, kRsa, kEd25519 } kind = Kind::kEcdsa;
  Hash hash = Hash::kSha256;
};

// The usual algorithm of a key: the curve's own hash for ECDSA (P-256 SHA-256, P-384 SHA-384, P-521 SHA-512),
// SHA-256 with PKCS#1 v1.5 for RSA.
[[nodiscard]] SignatureAlgorithm default_algorithm(const PublicKey& key);

// "PKIX_ECDSA_P256_SHA_256" and its like. Errors: kUnsupported with the names that are known.
[[nodiscard]] Result<SignatureAlgorithm> parse_key_details(std::string_view name);
[[nodiscard]] std::string key_details(const PublicKey& key, const SignatureAlgorithm& algorithm);

// Errors: kUntrusted when the signature does not fit; kInvalidArgument when the algorithm is not one of the
// key.
[[nodiscard]] Status verify_signature(const PublicKey& key, const SignatureAlgorithm& algorithm,
                                      ByteView message, ByteView signature);

// The same over the digest of a message. Errors: also kUnsupported for pure Ed25519, which signs whole
// messages.
[[nodiscard]] Status verify_digest_signature(const PublicKey& key, const SignatureAlgorithm& algorithm,
                                             ByteView digest, ByteView signature);

[[nodiscard]] Result<Bytes> sign(const PrivateKey& key, const SignatureAlgorithm& algorithm,
                                 ByteView message);

}  // namespace stella::crypto
