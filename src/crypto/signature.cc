#include "stella/crypto/signature.h"

#include <openssl/rsa.h>

#include <array>
#include <optional>

#include <fmt/format.h>

#include "native.h"

namespace stella::crypto {
namespace {

struct Named {
  std::string_view name;
  SignatureAlgorithm algorithm;
  int rsa_bits;  // 0 for other keys
};

// sigstore/architecture-docs, algorithm-registry.md. The names without a hash are those of old trusted roots.
constexpr std::array<Named, 18> kNamed = {{
    {"PKIX_ECDSA_P256_SHA_256", {KeyType::kEcdsaP256, Hash::kSha256}, 0},
    {"PKIX_ECDSA_P384_SHA_384", {KeyType::kEcdsaP384, Hash::kSha384}, 0},
    {"PKIX_ECDSA_P521_SHA_512", {KeyType::kEcdsaP521, Hash::kSha512}, 0},
    {"PKIX_ECDSA_P384_SHA_256", {KeyType::kEcdsaP384, Hash::kSha256}, 0},
    {"PKIX_ECDSA_P521_SHA_256", {KeyType::kEcdsaP521, Hash::kSha256}, 0},
    {"PKIX_ECDSA_P256_HMAC_SHA_256", {KeyType::kEcdsaP256, Hash::kSha256}, 0},
    {"PKIX_ED25519", {KeyType::kEd25519, Hash::kSha512}, 0},
    {"PKIX_ED25519_PH", {KeyType::kEd25519, Hash::kSha512, RsaPadding::kPkcs1, true}, 0},
    {"PKIX_RSA_PKCS1V15_2048_SHA256", {KeyType::kRsa, Hash::kSha256}, 2048},
    {"PKIX_RSA_PKCS1V15_3072_SHA256", {KeyType::kRsa, Hash::kSha256}, 3072},
    {"PKIX_RSA_PKCS1V15_4096_SHA256", {KeyType::kRsa, Hash::kSha256}, 4096},
    {"PKIX_RSA_PSS_2048_SHA256", {KeyType::kRsa, Hash::kSha256, RsaPadding::kPss}, 2048},
    {"PKIX_RSA_PSS_3072_SHA256", {KeyType::kRsa, Hash::kSha256, RsaPadding::kPss}, 3072},
    {"PKIX_RSA_PSS_4096_SHA256", {KeyType::kRsa, Hash::kSha256, RsaPadding::kPss}, 4096},
    {"PKIX_RSA_PKCS1V5", {KeyType::kRsa, Hash::kSha256}, 0},
    {"PKIX_RSA_PSS", {KeyType::kRsa, Hash::kSha256, RsaPadding::kPss}, 0},
    {"PKCS1_RSA_PKCS1V5", {KeyType::kRsa, Hash::kSha256}, 0},
    {"PKCS1_RSA_PSS", {KeyType::kRsa, Hash::kSha256, RsaPadding::kPss}, 0},
}};

const EVP_MD* native_hash(Hash hash) {
  // Fetched once: an implicit fetch on each call costs more than hashing a few kilobytes.
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  static EVP_MD* const sha384 = EVP_MD_fetch(nullptr, "SHA384", nullptr);
  static EVP_MD* const sha512 = EVP_MD_fetch(nullptr, "SHA512", nullptr);
  return hash == Hash::kSha256 ? sha256 : hash == Hash::kSha384 ? sha384 : sha512;
}

std::unexpected<Error> wrong_signature(const PublicKey& key) {
  forget_errors();
  return fail({.code = ErrorCode::kUntrusted,
               .message = fmt::format("the signature does not fit the {} key and the signed bytes",
                                      to_string(key.type())),
               .where = fmt::format("key sha256:{}", to_hex(key.id().view()))});
}

Status check_algorithm(const PublicKey& key, const SignatureAlgorithm& algorithm) {
  if (key.type() != algorithm.key_type) {
    return fail({.code = ErrorCode::kInvalidArgument,
                 .message = "the signature algorithm is for another kind of key",
                 .expected = std::string(to_string(algorithm.key_type)),
                 .found = std::string(to_string(key.type()))});
  }
  if (algorithm.prehashed) {
    return fail(ErrorCode::kUnsupported, "Ed25519ph signatures cannot be checked or made by this build");
  }
  return {};
}

bool set_up(EVP_PKEY_CTX* context, const SignatureAlgorithm& algorithm) {
  if (EVP_PKEY_CTX_set_signature_md(context, native_hash(algorithm.hash)) <= 0) return false;
  if (algorithm.key_type != KeyType::kRsa) return true;
  if (algorithm.padding == RsaPadding::kPkcs1) {
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0;
  }
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0;
}

}  // namespace

std::string_view to_string(Hash hash) {
  return hash == Hash::kSha256 ? "SHA-256" : hash == Hash::kSha384 ? "SHA-384" : "SHA-512";
}

std::size_t size_bytes(Hash hash) { return hash == Hash::kSha256 ? 32 : hash == Hash::kSha384 ? 48 : 64; }

Bytes digest(Hash hash, ByteView message) {
  Bytes value(size_bytes(hash));
  if (hash == Hash::kSha256) {
    const Digest digest = sha256(message);
    std::copy(digest.bytes.begin(), digest.bytes.end(), value.begin());
    return value;
  }
  EVP_Digest(message.data(), message.size(), value.data(), nullptr, native_hash(hash), nullptr);
  return value;
}

SignatureAlgorithm default_algorithm(const PublicKey& key) {
  switch (key.type()) {
    case KeyType::kEcdsaP384:
      return {.key_type = key.type(), .hash = Hash::kSha384};
    case KeyType::kEcdsaP521:
    case KeyType::kEd25519:
      return {.key_type = key.type(), .hash = Hash::kSha512};
    case KeyType::kEcdsaP256:
    case KeyType::kRsa:
      break;
  }
  return {.key_type = key.type(), .hash = Hash::kSha256};
}

Result<SignatureAlgorithm> parse_key_details(std::string_view name) {
  for (const Named& named : kNamed) {
    if (named.name == name) return named.algorithm;
  }
  return fail({.code = ErrorCode::kUnsupported,
               .message = "the key is of a kind that is not known",
               .expected = "PKIX_ECDSA_P256_SHA_256 or another name of Sigstore's algorithm registry",
               .found = std::string(name.substr(0, 64))});
}

std::string key_details(const PublicKey& key, const SignatureAlgorithm& algorithm) {
  for (const Named& named : kNamed) {
    if (named.algorithm == algorithm && (named.rsa_bits == 0 || named.rsa_bits == key.bits())) {
      return std::string(named.name);
    }
  }
  return "PUBLIC_KEY_DETAILS_UNSPECIFIED";
}

Status verify_signature(const PublicKey& key, const SignatureAlgorithm& algorithm, ByteView message,
                        ByteView signature) {
  STELLA_CHECK(check_algorithm(key, algorithm));
  if (key.type() != KeyType::kEd25519) {
    return verify_digest_signature(key, algorithm, digest(algorithm.hash, message), signature);
  }
  const DigestContext context(EVP_MD_CTX_new());
  if (!context ||
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.native().key.get()) <= 0 ||
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) !=
          1) {
    return wrong_signature(key);
  }
  return {};
}

Status verify_digest_signature(const PublicKey& key, const SignatureAlgorithm& algorithm, ByteView digest,
                               ByteView signature) {
  STELLA_CHECK(check_algorithm(key, algorithm));
  if (key.type() == KeyType::kEd25519) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "an Ed25519 signature signs the whole message, and only its digest is given",
                 .next = "give the file itself"});
  }
  if (digest.size() != size_bytes(algorithm.hash)) {
    return fail(
        {.code = ErrorCode::kInvalidArgument,
         .message = "a digest has the wrong length",
         .expected = fmt::format("{} bytes of {}", size_bytes(algorithm.hash), to_string(algorithm.hash)),
         .found = fmt::format("{} bytes", digest.size())});
  }
  const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.native().key.get(), nullptr));
  if (!context || EVP_PKEY_verify_init(context.get()) <= 0 || !set_up(context.get(), algorithm) ||
      EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size()) != 1) {
    return wrong_signature(key);
  }
  return {};
}

Result<Bytes> sign(const PrivateKey& key, const SignatureAlgorithm& algorithm, ByteView message) {
  STELLA_CHECK(check_algorithm(key.public_key(), algorithm));
  const bool whole_message = algorithm.key_type == KeyType::kEd25519;
  const DigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  const EVP_MD* hash = whole_message ? nullptr : native_hash(algorithm.hash);
  std::size_t size = 0;
  Bytes signature;
  bool done =
      context && EVP_DigestSignInit(context.get(), &parameters, hash, nullptr, key.native().key.get()) > 0;
  if (done && algorithm.key_type == KeyType::kRsa) done = set_up(parameters, algorithm);
  done = done && EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) > 0;
  if (done) {
    signature.resize(size);
    done = EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) > 0;
    signature.resize(size);
  }
  if (!done) {
    forget_errors();
    return fail(ErrorCode::kInternal,
                fmt::format("signing with an {} key failed", to_string(algorithm.key_type)));
  }
  return signature;
}

}  // namespace stella::crypto
