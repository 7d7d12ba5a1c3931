#include "stella/crypto/key.h"

#include <openssl/core_names.h>
#include <openssl/x509.h>

#include <array>

#include <fmt/format.h>

#include "der.h"
#include "native.h"
#include "stella/base/base64.h"

namespace stella::crypto {
namespace {

constexpr std::string_view kOidEc = "1.2.840.10045.2.1";
constexpr std::string_view kOidRsa = "1.2.840.113549.1.1.1";
constexpr std::string_view kOidEd25519 = "1.3.101.112";
constexpr std::size_t kPrivateKeySizeMaxBytes = 16 << 10;

struct Curve {
  KeyType type;
  std::string_view oid;
  const char* name;  // OpenSSL's
  int bits;
};
constexpr std::array<Curve, 3> kCurves = {{{KeyType::kEcdsaP256, "1.2.840.10045.3.1.7", "P-256", 256},
                                           {KeyType::kEcdsaP384, "1.3.132.0.34", "P-384", 384},
                                           {KeyType::kEcdsaP521, "1.3.132.0.35", "P-521", 521}}};

std::unexpected<Error> unsupported(std::string message, std::string found) {
  return fail({.code = ErrorCode::kUnsupported,
               .message = std::move(message),
               .expected = "ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048 to 8192 bits",
               .found = std::move(found)});
}

std::unexpected<Error> damaged(std::string message) {
  forget_errors();
  return fail(ErrorCode::kCorrupt, std::move(message), "public key");
}

Result<KeyPointer> from_params(const char* kind, const OSSL_PARAM* params) {
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(params)) <= 0) {
    return damaged(fmt::format("the numbers of a public key do not make a key of type {}", kind));
  }
  return KeyPointer(key);
}

Result<NativeKey> ec_key(const Curve& curve, ByteView point) {
  // Uncompressed points only: one key, one encoding, one log id.
  const std::size_t expected = 1 + 2 * ((static_cast<std::size_t>(curve.bits) + 7) / 8);
  if (point.size() != expected || point[0] != 0x04) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "the point of an ECDSA key has a wrong form",
                 .where = "public key",
                 .expected = fmt::format("an uncompressed point of {} bytes", expected),
                 .found = fmt::format("{} bytes", point.size())});
  }
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(curve.name), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, const_cast<std::uint8_t*>(point.data()),
                                        point.size()),
      OSSL_PARAM_construct_end()};
  STELLA_TRY(KeyPointer key, from_params("EC", params));
  return NativeKey{.key = std::move(key), .type = curve.type, .bits = curve.bits};
}

Result<NativeKey> ed25519_key(ByteView raw) {
  KeyPointer key;
  if (raw.size() == 32) {
    key.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw.data(), raw.size()));
  }
  if (!key) return damaged("an Ed25519 key does not have 32 bytes");
  return NativeKey{.key = std::move(key), .type = KeyType::kEd25519, .bits = 256};
}

Result<NativeKey> rsa_key(ByteView pkcs1) {
  der::Reader outer(pkcs1, "RSA public key");
  STELLA_TRY(der::Reader numbers, outer.enter(der::kSequence, "RSAPublicKey"));
  STELLA_CHECK(outer.end());
  STELLA_TRY(const Bytes modulus, numbers.integer("modulus"));
  STELLA_TRY(const Bytes exponent, numbers.integer("publicExponent"));
  STELLA_CHECK(numbers.end());
  if (modulus[0] >= 0x80 || exponent[0] >= 0x80) return damaged("a number of an RSA key is negative");

  const BigNumber n(BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr));
  const BigNumber e(BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr));
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder) return fail(ErrorCode::kInternal, "no memory for an RSA key");
  const int bits = BN_num_bits(n.get());
  if (bits < kRsaBitsMin || bits > kRsaBitsMax) {
    return unsupported("an RSA key has a size that is not accepted", fmt::format("{} bits", bits));
  }
  // Exponents of 3 and above, odd, of at most 64 bits: a huge one would make each verification slow.
  if (BN_num_bits(e.get()) < 2 || BN_num_bits(e.get()) > 64 || BN_is_odd(e.get()) == 0) {
    return damaged("the exponent of an RSA key is even, 1 or longer than 64 bits");
  }
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return damaged("an RSA key cannot be read");
  }
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  STELLA_TRY(KeyPointer key, from_params("RSA", params.get()));
  return NativeKey{.key = std::move(key), .type = KeyType::kRsa, .bits = bits};
}

Result<NativeKey> key_of_spki(ByteView spki) {
  if (spki.size() > kSpkiSizeMaxBytes) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "a public key is too large",
                 .expected = fmt::format("at most {} bytes", kSpkiSizeMaxBytes),
                 .found = fmt::format("{} bytes", spki.size())});
  }
  der::Reader outer(spki, "public key");
  STELLA_TRY(der::Reader info, outer.enter(der::kSequence, "SubjectPublicKeyInfo"));
  STELLA_CHECK(outer.end());
  STELLA_TRY(der::Reader algorithm, info.enter(der::kSequence, "algorithm"));
  STELLA_TRY(const std::string oid, algorithm.object_id("algorithm"));
  STELLA_TRY(const ByteView bits, info.bit_string("subjectPublicKey"));
  STELLA_CHECK(info.end());

  if (oid == kOidEc) {
    if (!algorithm.next_is(der::kObjectId))
      return unsupported("an ECDSA key names no curve", "explicit parameters");
    STELLA_TRY(const std::string curve_oid, algorithm.object_id("namedCurve"));
    STELLA_CHECK(algorithm.end());
    for (const Curve& curve : kCurves) {
      if (curve.oid == curve_oid) return ec_key(curve, bits);
    }
    return unsupported("an ECDSA key is of a curve that is not accepted", curve_oid);
  }
  if (oid == kOidEd25519) {
    STELLA_CHECK(algorithm.end());
    return ed25519_key(bits);
  }
  if (oid == kOidRsa) {
    STELLA_TRY(const der::Element null, algorithm.take(der::kNull, "parameters"));
    if (!null.content.empty()) return damaged("the parameters of an RSA key are not NULL");
    STELLA_CHECK(algorithm.end());
    return rsa_key(bits);
  }
  return unsupported("a key is of a kind that is not accepted", oid);
}

Bytes spki_of_ed25519(ByteView raw) {
  const Bytes algorithm = der::encode(der::kSequence, {der::encode_object_id(kOidEd25519)});
  const std::uint8_t unused_bits = 0;
  return der::encode(der::kSequence,
                     {algorithm, der::encode(der::kBitString, {ByteView(&unused_bits, 1), raw})});
}

Bytes spki_of_rsa(ByteView pkcs1) {
  const Bytes algorithm =
      der::encode(der::kSequence, {der::encode_object_id(kOidRsa), der::encode(der::kNull, {})});
  const std::uint8_t unused_bits = 0;
  return der::encode(der::kSequence,
                     {algorithm, der::encode(der::kBitString, {ByteView(&unused_bits, 1), pkcs1})});
}

Result<PrivateKey> refuse_encrypted() {
  return fail(
      {.code = ErrorCode::kUnsupported,
       .message = "a private key is encrypted",
       .expected = "PKCS#8 or SEC 1 in PEM without a password",
       .next = "decrypt it to a place that only you can read, with: openssl pkcs8 -in KEY -out PLAIN"});
}

}  // namespace

std::string_view to_string(KeyType type) {
  switch (type) {
    case KeyType::kEcdsaP256:
      return "ECDSA P-256";
    case KeyType::kEcdsaP384:
      return "ECDSA P-384";
    case KeyType::kEcdsaP521:
      return "ECDSA P-521";
    case KeyType::kEd25519:
      return "Ed25519";
    case KeyType::kRsa:
      return "RSA";
  }
  return "unknown";
}

Result<PublicKey> PublicKey::from_spki(ByteView der) {
  STELLA_TRY(NativeKey key, key_of_spki(der));
  key.spki.assign(der.begin(), der.end());
  key.id = sha256(der);
  return PublicKey(std::make_shared<const NativeKey>(std::move(key)));
}

Result<PublicKey> PublicKey::from_rsa_pkcs1(ByteView der) {
  if (der.size() > kSpkiSizeMaxBytes) return fail(ErrorCode::kLimitExceeded, "a public key is too large");
  return from_spki(spki_of_rsa(der));
}

Result<PublicKey> PublicKey::from_ed25519(ByteView raw) {
  if (raw.size() != 32) return damaged("an Ed25519 key does not have 32 bytes");
  return from_spki(spki_of_ed25519(raw));
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  STELLA_TRY(const std::vector<PemBlock> blocks, parse_pem(pem));
  if (blocks.size() != 1 || (blocks[0].label != "PUBLIC KEY" && blocks[0].label != "RSA PUBLIC KEY")) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "not a public key in PEM",
                 .expected = "one block -----BEGIN PUBLIC KEY-----",
                 .found = blocks.empty()
                              ? "no PEM block"
                              : fmt::format("{} block(s), the first is {}", blocks.size(), blocks[0].label)});
  }
  return blocks[0].label == "PUBLIC KEY" ? from_spki(blocks[0].der) : from_rsa_pkcs1(blocks[0].der);
}

KeyType PublicKey::type() const { return key_->type; }
int PublicKey::bits() const { return key_->bits; }
ByteView PublicKey::spki() const { return key_->spki; }
const Digest& PublicKey::id() const { return key_->id; }
std::string PublicKey::to_pem() const { return stella::to_pem("PUBLIC KEY", key_->spki); }

Result<Bytes> PublicKey::ed25519_bytes() const {
  if (type() != KeyType::kEd25519) {
    return fail({.code = ErrorCode::kInvalidArgument,
                 .message = "a key is of another kind",
                 .expected = "Ed25519",
                 .found = std::string(to_string(type()))});
  }
  return Bytes(key_->spki.end() - 32, key_->spki.end());
}

namespace {

// The private key in OpenSSL's hands, with its public half read back by our own rules.
Result<NativeKey> with_public_half(KeyPointer key) {
  if (!key) {
    forget_errors();
    return fail(ErrorCode::kCorrupt, "a private key cannot be read");
  }
  std::uint8_t* encoded = nullptr;
  const int size = i2d_PUBKEY(key.get(), &encoded);
  const std::unique_ptr<std::uint8_t, decltype([](std::uint8_t* p) { OPENSSL_free(p); })> owner(encoded);
  if (size <= 0) return damaged("a private key has no public half");
  STELLA_TRY(PublicKey half, PublicKey::from_spki(ByteView(encoded, static_cast<std::size_t>(size))));
  NativeKey native{.key = std::move(key), .type = half.type(), .bits = half.bits()};
  native.public_key.emplace(std::move(half));
  return native;
}

}  // namespace

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  STELLA_TRY(std::vector<PemBlock> blocks, parse_pem(pem));
  std::erase_if(blocks, [](const PemBlock& block) { return block.label == "EC PARAMETERS"; });
  if (blocks.size() != 1 || !blocks[0].label.ends_with("PRIVATE KEY")) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "not a private key in PEM",
                 .expected = "one block -----BEGIN PRIVATE KEY-----",
                 .found = blocks.empty() ? "no PEM block" : blocks[0].label});
  }
  Bytes& der = blocks[0].der;
  if (blocks[0].label == "ENCRYPTED PRIVATE KEY" || pem.find("Proc-Type:") != std::string_view::npos) {
    return refuse_encrypted();
  }
  if (der.size() > kPrivateKeySizeMaxBytes)
    return fail(ErrorCode::kLimitExceeded, "a private key is too large");
  const std::uint8_t* at = der.data();
  KeyPointer key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
  const bool whole = at == der.data() + der.size();
  OPENSSL_cleanse(der.data(), der.size());
  if (key && !whole) return fail(ErrorCode::kCorrupt, "bytes follow a private key");
  STELLA_TRY(NativeKey native, with_public_half(std::move(key)));
  return PrivateKey(std::make_shared<const NativeKey>(std::move(native)));
}

Result<PrivateKey> PrivateKey::generate(KeyType type) {
  KeyPointer key;
  if (type == KeyType::kEd25519) {
    key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  } else if (type == KeyType::kRsa) {
    key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(kRsaBitsMin)));
  } else {
    for (const Curve& curve : kCurves) {
      if (curve.type == type) key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve.name));
    }
  }
  STELLA_TRY(NativeKey native, with_public_half(std::move(key)));
  return PrivateKey(std::make_shared<const NativeKey>(std::move(native)));
}

Result<PrivateKey> PrivateKey::from_ed25519_seed(ByteView seed) {
  KeyPointer key;
  if (seed.size() == 32) {
    key.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  }
  STELLA_TRY(NativeKey native, with_public_half(std::move(key)));
  return PrivateKey(std::make_shared<const NativeKey>(std::move(native)));
}

const PublicKey& PrivateKey::public_key() const { return *key_->public_key; }

Result<std::string> PrivateKey::to_pem() const {
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, Freed<PKCS8_PRIV_KEY_INFO_free>> info(
      EVP_PKEY2PKCS8(key_->key.get()));
  std::uint8_t* encoded = nullptr;
  const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), &encoded) : -1;
  if (size <= 0) {
    forget_errors();
    return fail(ErrorCode::kInternal, "a private key cannot be written");
  }
  std::string pem = stella::to_pem("PRIVATE KEY", ByteView(encoded, static_cast<std::size_t>(size)));
  OPENSSL_clear_free(encoded, static_cast<std::size_t>(size));
  return pem;
}

}  // namespace stella::crypto
