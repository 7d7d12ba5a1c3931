// Public and private keys: ECDSA over P-256, P-384 and P-521, Ed25519, RSA of 2048 to 8192 bits. Other
// curves, weaker RSA keys and explicit curve parameters are refused when a key is read, so that no later step
// has to think of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "stella/base/bytes.h"
#include "stella/base/digest.h"
#include "stella/base/error.h"

namespace stella::crypto {

enum class KeyType { kEcdsaP256, kEcdsaP384, kEcdsaP521, kEd25519, kRsa };

[[nodiscard]] std::string_view to_string(KeyType type);  // "ECDSA P-256", "Ed25519", "RSA" …

inline constexpr std::size_t kSpkiSizeMaxBytes = 4096;  // RSA-8192 has about 1,060
inline constexpr int kRsaBitsMin = 2048;
inline constexpr int kRsaBitsMax = 8192;

// OpenSSL's own form of a key; only the sources of this floor look inside.
struct NativeKey;

// Cheap to copy; safe to use from several threads.
class PublicKey {
 public:
  // DER of SubjectPublicKeyInfo (RFC 5280). Errors: kCorrupt, kUnsupported (kind or size), kLimitExceeded.
  [[nodiscard]] static Result<PublicKey> from_spki(ByteView der);
  // One "PUBLIC KEY" block, or one "RSA PUBLIC KEY" block (PKCS#1). Errors: those of from_spki.
  [[nodiscard]] static Result<PublicKey> from_pem(std::string_view pem);
  // PKCS#1 RSAPublicKey, as old trusted roots have it.
  [[nodiscard]] static Result<PublicKey> from_rsa_pkcs1(ByteView der);
  // The 32 bytes of an Ed25519 key.
  [[nodiscard]] static Result<PublicKey> from_ed25519(ByteView raw);

  [[nodiscard]] KeyType type() const;
  [[nodiscard]] int bits() const;  // of the modulus or curve
  [[nodiscard]] ByteView spki() const;
  [[nodiscard]] const Digest& id() const;  // SHA-256 of the SPKI: the log id of RFC 6962
  [[nodiscard]] std::string to_pem() const;
  [[nodiscard]] Result<Bytes> ed25519_bytes() const;  // kInvalidArgument for other types

  // Equal as SubjectPublicKeyInfo, byte for byte.
  friend bool operator==(const PublicKey& a, const PublicKey& b) { return a.id() == b.id(); }

  [[nodiscard]] const NativeKey& native() const { return *key_; }

 private:
  explicit PublicKey(std::shared_ptr<const NativeKey> key) : key_(std::move(key)) {}
  std::shared_ptr<const NativeKey> key_;
};

// Its memory is wiped when the last copy goes.
class PrivateKey {
 public:
  // PKCS#8 ("PRIVATE KEY") or SEC 1 ("EC PRIVATE KEY") or PKCS#1 ("RSA PRIVATE KEY") without a password.
  // Errors: kCorrupt, kUnsupported; kUnauthorised when the key is encrypted.
  [[nodiscard]] static Result<PrivateKey> from_pem(std::string_view pem);
  // RSA keys get kRsaBitsMin bits.
  [[nodiscard]] static Result<PrivateKey> generate(KeyType type);
  // The Ed25519 key of a 32-byte seed.
  [[nodiscard]] static Result<PrivateKey> from_ed25519_seed(ByteView seed);

  [[nodiscard]] const PublicKey& public_key() const;
  [[nodiscard]] Result<std::string> to_pem() const;  // PKCS#8

  [[nodiscard]] const NativeKey& native() const { return *key_; }

 private:
  explicit PrivateKey(std::shared_ptr<const NativeKey> key) : key_(std::move(key)) {}
  std::shared_ptr<const NativeKey> key_;
};

}  // namespace stella::crypto
