#include "stella/crypto/key.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "der.h"
#include "stella/crypto/signature.h"

namespace stella::crypto {
namespace {

const KeyType kTypes[] = {KeyType::kEcdsaP256, KeyType::kEcdsaP384, KeyType::kEcdsaP521, KeyType::kEd25519,
                          KeyType::kRsa};
constexpr std::string_view kMessage = "to be signed";

// The SPKI of a key that OpenSSL makes, of a kind that we do not take.
Bytes openssl_spki(EVP_PKEY* key) {
  std::uint8_t* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  EVP_PKEY_free(key);
  return bytes;
}

TEST(Key, ReadsBackEveryKind) {
  for (const KeyType type : kTypes) {
    const PrivateKey key = PrivateKey::generate(type).value();
    EXPECT_EQ(key.public_key().type(), type);
    EXPECT_EQ(PublicKey::from_pem(key.public_key().to_pem()).value(), key.public_key());
    EXPECT_EQ(PrivateKey::from_pem(key.to_pem().value())->public_key(), key.public_key());
    EXPECT_EQ(key.public_key().id(), sha256(key.public_key().spki()));
  }
}

TEST(Key, RefusesAKeyCutOffAtEveryByte) {
  for (const KeyType type : kTypes) {
    const PrivateKey key = PrivateKey::generate(type).value();
    const ByteView spki = key.public_key().spki();
    for (std::size_t size = 0; size < spki.size(); ++size)
      EXPECT_FALSE(PublicKey::from_spki(spki.first(size)));
    Bytes longer(spki.begin(), spki.end());
    longer.push_back(0);
    EXPECT_FALSE(PublicKey::from_spki(longer));
  }
}

TEST(Key, RefusesWhatIsNotOnItsCurve) {
  const PrivateKey key = PrivateKey::generate(KeyType::kEcdsaP256).value();
  Bytes spki(key.public_key().spki().begin(), key.public_key().spki().end());
  spki.back() ^= 1;
  EXPECT_EQ(PublicKey::from_spki(spki).error().code, ErrorCode::kCorrupt);
}

TEST(Key, RefusesOtherCurvesAndSmallRsa) {
  EXPECT_EQ(
      PublicKey::from_spki(openssl_spki(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "secp256k1"))).error().code,
      ErrorCode::kUnsupported);
  EXPECT_EQ(PublicKey::from_spki(openssl_spki(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"))).error().code,
            ErrorCode::kUnsupported);
  const auto small =
      PublicKey::from_spki(openssl_spki(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{1024})));
  EXPECT_EQ(small.error().found, "1024 bits");
}

TEST(Key, RefusesRsaExponentsThatAreEvenOrOne) {
  const Bytes modulus = [] {
    Bytes bytes(257, 0xa5);
    bytes[0] = 0;
    return bytes;
  }();
  for (const std::uint8_t exponent : Bytes{1, 2, 4}) {
    const Bytes pkcs1 = der::encode(der::kSequence, {der::encode(der::kInteger, {modulus}),
                                                     der::encode(der::kInteger, {ByteView(&exponent, 1)})});
    EXPECT_EQ(PublicKey::from_rsa_pkcs1(pkcs1).error().code, ErrorCode::kCorrupt) << int{exponent};
  }
}

TEST(Key, SaysWhatToDoAboutAnEncryptedKey) {
  const auto error = PrivateKey::from_pem(
                         "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
                         .error();
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_NE(error.next.find("openssl pkcs8"), std::string::npos);
  EXPECT_EQ(PrivateKey::from_pem("nothing").error().code, ErrorCode::kCorrupt);
}

TEST(Signature, FitsOneMessageAndOneKey) {
  for (const KeyType type : kTypes) {
    const PrivateKey key = PrivateKey::generate(type).value();
    const SignatureAlgorithm algorithm = default_algorithm(key.public_key());
    const Bytes signature = sign(key, algorithm, as_bytes(kMessage)).value();
    EXPECT_TRUE(verify_signature(key.public_key(), algorithm, as_bytes(kMessage), signature));
    EXPECT_EQ(verify_signature(key.public_key(), algorithm, as_bytes("another"), signature).error().code,
              ErrorCode::kUntrusted);
    const PrivateKey other = PrivateKey::generate(type).value();
    EXPECT_FALSE(verify_signature(other.public_key(), algorithm, as_bytes(kMessage), signature));
    for (std::size_t i = 0; i < signature.size(); i += 7) {
      Bytes changed = signature;
      changed[i] ^= 1;
      EXPECT_FALSE(verify_signature(key.public_key(), algorithm, as_bytes(kMessage), changed));
    }
    Bytes longer = signature;
    longer.push_back(0);
    EXPECT_FALSE(verify_signature(key.public_key(), algorithm, as_bytes(kMessage), longer));
    EXPECT_FALSE(verify_signature(key.public_key(), algorithm, as_bytes(kMessage), {}));
  }
}

TEST(Signature, VerifiesDigestsWhereTheKeyAllowsIt) {
  for (const KeyType type : kTypes) {
    const PrivateKey key = PrivateKey::generate(type).value();
    const SignatureAlgorithm algorithm = default_algorithm(key.public_key());
    const Bytes signature = sign(key, algorithm, as_bytes(kMessage)).value();
    const Bytes hash = digest(algorithm.hash, as_bytes(kMessage));
    const auto status = verify_digest_signature(key.public_key(), algorithm, hash, signature);
    EXPECT_EQ(status.has_value(), type != KeyType::kEd25519);
    EXPECT_FALSE(verify_digest_signature(key.public_key(), algorithm, ByteView(hash).first(20), signature));
  }
}

TEST(Signature, TellsPssFromPkcs1) {
  const PrivateKey key = PrivateKey::generate(KeyType::kRsa).value();
  const SignatureAlgorithm pss{.key_type = KeyType::kRsa, .padding = RsaPadding::kPss};
  const Bytes signature = sign(key, pss, as_bytes(kMessage)).value();
  EXPECT_TRUE(verify_signature(key.public_key(), pss, as_bytes(kMessage), signature));
  EXPECT_FALSE(
      verify_signature(key.public_key(), {.key_type = KeyType::kRsa}, as_bytes(kMessage), signature));
}

TEST(Signature, RefusesTheAlgorithmOfAnotherKey) {
  const PrivateKey key = PrivateKey::generate(KeyType::kEcdsaP256).value();
  EXPECT_EQ(verify_signature(key.public_key(), {.key_type = KeyType::kEd25519}, as_bytes(kMessage), Bytes(64))
                .error()
                .code,
            ErrorCode::kInvalidArgument);
}

// RFC 8032, section 7.1, test 2.
TEST(Signature, KnowsAPublishedEd25519Vector) {
  const PrivateKey key =
      PrivateKey::from_ed25519_seed(
          parse_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").value())
          .value();
  EXPECT_EQ(to_hex(key.public_key().ed25519_bytes().value()),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const Bytes message{0x72};
  EXPECT_EQ(to_hex(sign(key, default_algorithm(key.public_key()), message).value()),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb0"
            "0d291612bb0c00");
}

TEST(Signature, KnowsItsAlgorithmsByName) {
  for (const char* name :
       {"PKIX_ECDSA_P256_SHA_256", "PKIX_ECDSA_P384_SHA_384", "PKIX_ECDSA_P521_SHA_512", "PKIX_ED25519"}) {
    const SignatureAlgorithm algorithm = parse_key_details(name).value();
    EXPECT_EQ(key_details(PrivateKey::generate(algorithm.key_type)->public_key(), algorithm), name);
  }
  EXPECT_EQ(parse_key_details("PKIX_RSA_PSS_3072_SHA256")->padding, RsaPadding::kPss);
  EXPECT_EQ(parse_key_details("PKIX_ML_DSA_44").error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace stella::crypto
