#include "stella/crypto/certificate.h"

#include <gtest/gtest.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "certificates.h"
#include "name.h"
#include "stella/crypto/chain.h"
#include "stella/crypto/sct.h"

namespace stella::crypto {
namespace {

using testing::authority_spec;
using testing::certificate;
using testing::CertificateSpec;
using testing::make_certificate;

constexpr Time kStart{.seconds = 1'700'000'000};
constexpr Time kNow{.seconds = 1'790'000'000};
constexpr Time kEnd{.seconds = 1'900'000'000};

const PrivateKey& root_key() {
  static const PrivateKey key = PrivateKey::generate(KeyType::kEcdsaP256).value();
  return key;
}
const PrivateKey& middle_key() {
  static const PrivateKey key = PrivateKey::generate(KeyType::kEcdsaP384).value();
  return key;
}
const PrivateKey& leaf_key() {
  static const PrivateKey key = PrivateKey::generate(KeyType::kEcdsaP256).value();
  return key;
}

CertificateSpec leaf_spec() {
  return {.issuer = "middle",
          .serial = 99,
          .not_before = kNow,
          .not_after = {.seconds = kNow.seconds + 600},
          .key_usage = static_cast<std::uint16_t>(KeyUsage::kDigitalSignature),
          .extended_key_usage = {std::string(kOidCodeSigning)},
          .uri = "https://example.com/signer"};
}
CertificateSpec middle_spec() { return authority_spec("middle", "root", kStart, kEnd); }
Certificate root() {
  static const Certificate made =
      certificate(authority_spec("root", "root", kStart, kEnd), root_key().public_key(), root_key());
  return made;
}
Certificate middle(const CertificateSpec& spec = middle_spec()) {
  return certificate(spec, middle_key().public_key(), root_key());
}
Certificate leaf(const CertificateSpec& spec = leaf_spec()) {
  return certificate(spec, leaf_key().public_key(), middle_key());
}

Result<Chain> chain(const Certificate& leaf, const std::vector<Certificate>& intermediates, Time at = kNow,
                    const ChainCache* cache = nullptr) {
  const std::vector<Certificate> roots{root()};
  return build_chain(
      leaf,
      {.roots = roots, .intermediates = intermediates, .at = at, .purpose = kOidCodeSigning, .cache = cache});
}
std::string refusal(const Result<Chain>& chain) { return chain ? "accepted" : to_string(chain.error()); }

TEST(Certificate, ReadsEveryField) {
  CertificateSpec spec = leaf_spec();
  spec.subject = "signer";
  spec.email = "a@example.com";
  const Certificate read = leaf(spec);
  const CertificateFields& fields = read.fields();
  EXPECT_EQ(fields.subject, "CN=signer");
  EXPECT_EQ(fields.issuer, "CN=middle");
  EXPECT_EQ(fields.serial, Bytes{99});
  EXPECT_EQ(fields.not_before, kNow);
  ASSERT_EQ(fields.names.size(), 2U);
  EXPECT_EQ(fields.names[0].value, "https://example.com/signer");
  EXPECT_EQ(fields.names[1].kind, SubjectAlternativeName::Kind::kEmail);
  EXPECT_FALSE(fields.is_ca);
  EXPECT_TRUE(read.allows(KeyUsage::kDigitalSignature));
  EXPECT_FALSE(read.allows(KeyUsage::kCertSign));
  EXPECT_EQ(read.key(), leaf_key().public_key());
  EXPECT_EQ(certificates_from_pem(read.to_pem() + root().to_pem())->size(), 2U);
}

TEST(Certificate, IsValidToTheLastSecond) {
  EXPECT_TRUE(leaf().valid_at(kNow));
  EXPECT_TRUE(leaf().valid_at({.seconds = kNow.seconds + 600, .nanoseconds = 999'999'999}));
  EXPECT_FALSE(leaf().valid_at({.seconds = kNow.seconds + 601}));
  EXPECT_FALSE(leaf().valid_at({.seconds = kNow.seconds - 1, .nanoseconds = 999'999'999}));
}

TEST(Certificate, IsRefusedCutOffAtEveryByte) {
  const Certificate whole = leaf();
  for (std::size_t size = 0; size < whole.der().size(); ++size) {
    EXPECT_FALSE(Certificate::from_der(whole.der().first(size)));
  }
}

// OpenSSL reads and verifies what we make and read: dates, names, signatures.
TEST(Certificate, MeansTheSameToOpenSsl) {
  for (const Certificate& ours : {leaf(), middle(), root()}) {
    const std::uint8_t* at = ours.der().data();
    const std::unique_ptr<X509, decltype(&X509_free)> theirs(
        d2i_X509(nullptr, &at, static_cast<long>(ours.der().size())), X509_free);
    ASSERT_TRUE(theirs);
    EXPECT_EQ(X509_check_ca(theirs.get()) != 0, ours.fields().is_ca);
    EXPECT_EQ(ASN1_TIME_cmp_time_t(X509_get0_notBefore(theirs.get()), ours.fields().not_before.seconds), 0);
    EXPECT_EQ(ASN1_TIME_cmp_time_t(X509_get0_notAfter(theirs.get()), ours.fields().not_after.seconds), 0);
  }
}

TEST(Certificate, HasEachExtensionOnce) {
  CertificateSpec spec = leaf_spec();
  spec.extensions = {testing::utf8_extension("1.2.3", "a"), testing::utf8_extension("1.2.3", "b")};
  const auto read = Certificate::from_der(make_certificate(spec, leaf_key().public_key(), middle_key()));
  EXPECT_NE(read.error().message.find("twice"), std::string::npos);
}

TEST(Certificate, WithTenThousandExtensionsIsRefused) {
  CertificateSpec spec = leaf_spec();
  for (std::size_t i = 0; i <= kCertificateExtensionsMax; ++i) {
    spec.extensions.push_back(testing::utf8_extension("1.2.3." + std::to_string(i), ""));
  }
  EXPECT_EQ(Certificate::from_der(make_certificate(spec, leaf_key().public_key(), middle_key())).error().code,
            ErrorCode::kLimitExceeded);
  for (std::size_t i = 0; i < 10'000; ++i)
    spec.extensions.push_back(testing::utf8_extension("1.2.4." + std::to_string(i), ""));
  EXPECT_EQ(Certificate::from_der(make_certificate(spec, leaf_key().public_key(), middle_key())).error().code,
            ErrorCode::kLimitExceeded);
}

TEST(Certificate, HoldsNoUnprintableNames) {
  for (const std::string& uri :
       {std::string("https://a\0.example.com", 22), std::string("https://a\n"), std::string("\xff")}) {
    CertificateSpec spec = leaf_spec();
    spec.uri = uri;
    EXPECT_FALSE(Certificate::from_der(make_certificate(spec, leaf_key().public_key(), middle_key())));
  }
  EXPECT_TRUE(is_printable("grüße"));
  EXPECT_FALSE(is_printable("\xc2\x85"));
  EXPECT_FALSE(is_printable("\xe0\x80\x80"));
  EXPECT_FALSE(is_printable("\xed\xa0\x80"));
}

TEST(Chain, LeadsFromTheLeafToTheRoot) {
  const Chain found = chain(leaf(), {middle()}).value();
  ASSERT_EQ(found.certificates.size(), 3U);
  EXPECT_EQ(found.certificates[2], root());
  EXPECT_EQ(found.leaf_issuer, middle_key().public_key());
}

// OpenSSL's answer about the same leaf, intermediate and root at the same time.
bool openssl_accepts(const Certificate& leaf, const Certificate& intermediate, const Certificate& root,
                     Time at) {
  const auto native = [](const Certificate& certificate) {
    const std::uint8_t* bytes = certificate.der().data();
    return std::unique_ptr<X509, decltype(&X509_free)>(
        d2i_X509(nullptr, &bytes, static_cast<long>(certificate.der().size())), X509_free);
  };
  const auto leaf_x509 = native(leaf);
  const auto intermediate_x509 = native(intermediate);
  const auto root_x509 = native(root);
  const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(), X509_STORE_free);
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(X509_STORE_CTX_new(),
                                                                                X509_STORE_CTX_free);
  STACK_OF(X509)* const untrusted = sk_X509_new_null();
  sk_X509_push(untrusted, intermediate_x509.get());
  X509_STORE_add_cert(store.get(), root_x509.get());
  X509_STORE_CTX_init(context.get(), store.get(), leaf_x509.get(), untrusted);
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()), at.seconds);
  const bool accepted = X509_verify_cert(context.get()) == 1;
  sk_X509_free(untrusted);
  return accepted;
}

TEST(Chain, IsJudgedAsOpenSslJudgesIt) {
  const auto agree = [](const Certificate& intermediate, Time at, bool expected) {
    EXPECT_EQ(chain(leaf(), {intermediate}, at).has_value(), expected);
    EXPECT_EQ(openssl_accepts(leaf(), intermediate, root(), at), expected);
  };
  agree(middle(), kNow, true);
  agree(middle(), {.seconds = kNow.seconds + 599},
        true);  // at the last second itself, OpenSSL departs from RFC 5280
  agree(middle(), {.seconds = kNow.seconds + 601}, false);
  agree(middle(), {.seconds = kNow.seconds - 1}, false);
  CertificateSpec spec = middle_spec();
  spec.is_ca = false;
  agree(middle(spec), kNow, false);
  spec = middle_spec();
  spec.key_usage = 1;
  agree(middle(spec), kNow, false);
  spec = middle_spec();
  spec.extensions = {{.oid = "1.2.3", .critical = true, .value = {5, 0}}};
  agree(middle(spec), kNow, false);
  agree(certificate(middle_spec(), middle_key().public_key(), leaf_key()), kNow, false);
}

TEST(Chain, RefusesEachCertificateThatMayNotBeThere) {
  const auto with = [](auto change) {
    CertificateSpec spec = middle_spec();
    change(spec);
    return refusal(chain(leaf(), {middle(spec)}));
  };
  EXPECT_NE(with([](auto& spec) { spec.is_ca = false; }).find("without being a certificate authority"),
            std::string::npos);
  EXPECT_NE(with([](auto& spec) { spec.key_usage = 1; }).find("must not sign certificates"),
            std::string::npos);
  EXPECT_NE(with([](auto& spec) {
              spec.extended_key_usage = {std::string(kOidTimeStamping)};
            }).find("another purpose"),
            std::string::npos);
  EXPECT_NE(with([](auto& spec) { spec.not_after = {.seconds = kNow.seconds - 1}; }).find("had expired"),
            std::string::npos);
  EXPECT_NE(with([](auto& spec) {
              spec.extensions = {{.oid = "2.5.29.30", .value = {0x30, 0}}};
            }).find("must be understood"),
            std::string::npos);
  EXPECT_NE(with([](auto& spec) {
              spec.extensions = {{.oid = "1.2.3", .critical = true, .value = {5, 0}}};
            }).find("must be understood"),
            std::string::npos);
  EXPECT_NE(refusal(chain(leaf(), {})).find("no trusted certificate authority"), std::string::npos);
}

TEST(Chain, RefusesEachLeafThatMayNotSign) {
  const auto with = [](auto change) {
    CertificateSpec spec = leaf_spec();
    change(spec);
    return refusal(chain(leaf(spec), {middle()}));
  };
  EXPECT_NE(with([](auto& spec) {
              spec.extended_key_usage = {std::string(kOidTimeStamping)};
            }).find("another purpose"),
            std::string::npos);
  EXPECT_NE(with([](auto& spec) { spec.extended_key_usage.clear(); }).find("another purpose"),
            std::string::npos);
  EXPECT_NE(with([](auto& spec) { spec.is_ca = true; }).find("certificate authority's certificate"),
            std::string::npos);
  EXPECT_NE(with([](auto& spec) { spec.key_usage = 0x20; }).find("must not be used for signatures"),
            std::string::npos);
  EXPECT_NE(with([](auto& spec) {
              spec.extensions = {{.oid = std::string(kOidCtPoison), .critical = true, .value = {5, 0}}};
            }).find("must be understood"),
            std::string::npos);
  EXPECT_NE(refusal(chain(leaf(), {middle()}, {.seconds = kNow.seconds - 1})).find("not yet valid"),
            std::string::npos);
}

TEST(Chain, KeepsThePathLength) {
  const PrivateKey lower_key = PrivateKey::generate(KeyType::kEcdsaP256).value();
  CertificateSpec limited = middle_spec();
  limited.path_length_max = 0;
  const Certificate lower =
      certificate(authority_spec("lower", "middle", kStart, kEnd), lower_key.public_key(), middle_key());
  CertificateSpec spec = leaf_spec();
  spec.issuer = "lower";
  const Certificate low_leaf = certificate(spec, leaf_key().public_key(), lower_key);
  EXPECT_TRUE(chain(low_leaf, {lower, middle()}));
  EXPECT_NE(refusal(chain(low_leaf, {lower, middle(limited)})).find("longer than its authority allows"),
            std::string::npos);
}

TEST(Chain, RefusesASignatureOfAnother) {
  const Certificate forged = certificate(leaf_spec(), leaf_key().public_key(), root_key());  // says "middle"
  EXPECT_NE(refusal(chain(forged, {middle()})).find("does not fit"), std::string::npos);
}

TEST(Chain, TakesABareKeyAsRoot) {
  const std::vector<PublicKey> keys{middle_key().public_key()};
  const auto found = build_chain(leaf(), {.root_keys = keys, .at = kNow, .purpose = kOidCodeSigning}).value();
  EXPECT_EQ(found.certificates.size(), 1U);
  EXPECT_EQ(found.leaf_issuer, middle_key().public_key());
}

TEST(Chain, RemembersWhatIsTrueAndNothingElse) {
  const ChainCache cache;
  EXPECT_TRUE(chain(leaf(), {middle()}, kNow, &cache));
  EXPECT_TRUE(chain(leaf(), {middle()}, kNow, &cache));
  // The same certificates at another time are as expired as they were without the cache.
  EXPECT_FALSE(chain(leaf(), {middle()}, kStart, &cache));
  const Certificate forged = certificate(middle_spec(), middle_key().public_key(), leaf_key());
  EXPECT_FALSE(chain(leaf(), {forged}, kNow, &cache));
}

TEST(Chain, EndsAmongAuthoritiesThatSignEachOther) {
  std::vector<Certificate> crowd;
  for (int i = 0; i < 100; ++i) {
    CertificateSpec spec = authority_spec("middle", "middle", kStart, kEnd);
    spec.serial = static_cast<std::uint64_t>(i + 10);
    crowd.push_back(certificate(spec, middle_key().public_key(), middle_key()));
  }
  EXPECT_FALSE(chain(leaf(), crowd));
}

TEST(Sct, FitsTheCertificateThatItIsIn) {
  for (const KeyType type : {KeyType::kEcdsaP256, KeyType::kRsa}) {
    const PrivateKey log = PrivateKey::generate(type).value();
    CertificateSpec spec = leaf_spec();
    spec.extensions.push_back(testing::sct_extension(spec, leaf_key().public_key(), middle_key(),
                                                     {{.log = &log, .time = kNow, .extensions = {1, 2, 3}}}));
    const Certificate with = leaf(spec);
    const std::vector<Sct> scts = embedded_scts(with).value();
    ASSERT_EQ(scts.size(), 1U);
    EXPECT_EQ(scts[0].time(), kNow);
    EXPECT_EQ(scts[0].extensions, (Bytes{1, 2, 3}));
    EXPECT_TRUE(verify_embedded_sct(scts[0], with, middle_key().public_key(), log.public_key()));
    // Not of this issuer, not of this log, not with other extensions or at another time, not in another
    // certificate.
    EXPECT_FALSE(verify_embedded_sct(scts[0], with, root_key().public_key(), log.public_key()));
    EXPECT_FALSE(verify_embedded_sct(scts[0], with, middle_key().public_key(), root_key().public_key()));
    Sct changed = scts[0];
    changed.extensions.pop_back();
    EXPECT_FALSE(verify_embedded_sct(changed, with, middle_key().public_key(), log.public_key()));
    changed = scts[0];
    changed.timestamp_ms += 1;
    EXPECT_FALSE(verify_embedded_sct(changed, with, middle_key().public_key(), log.public_key()));
    spec.serial = 100;
    EXPECT_FALSE(verify_embedded_sct(scts[0], leaf(spec), middle_key().public_key(), log.public_key()));
  }
}

TEST(Sct, IsRefusedInAnyOtherForm) {
  const auto read = [](Bytes value) {
    CertificateSpec spec = leaf_spec();
    spec.extensions = {{.oid = std::string(kOidSctList), .value = std::move(value)}};
    return embedded_scts(leaf(spec));
  };
  EXPECT_TRUE(embedded_scts(leaf())->empty());
  EXPECT_FALSE(read({}));
  EXPECT_FALSE(read({4, 2, 0, 1}));
  EXPECT_FALSE(read({4, 5, 0, 3, 0, 1, 1}));  // version 2
  EXPECT_TRUE(read({4, 2, 0, 0})->empty());
}

TEST(FulcioExtensions, AreReadInBothForms) {
  CertificateSpec spec = leaf_spec();
  const std::string issuer = "https://issuer.example";
  spec.extensions = {testing::utf8_extension("1.3.6.1.4.1.57264.1.23", "production"),
                     {.oid = "1.3.6.1.4.1.57264.1.1", .value = Bytes(issuer.begin(), issuer.end())},
                     testing::utf8_extension("1.3.6.1.4.1.57264.1.8", issuer),
                     testing::utf8_extension("1.3.6.1.4.1.57264.1.999", "unknown"),
                     testing::utf8_extension("1.3.6.1.4.1.57264.2", "elsewhere")};
  const auto found = fulcio_extensions(leaf(spec)).value();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].name, "issuer_raw");
  EXPECT_EQ(found[1].value, issuer);
  EXPECT_EQ(found[2].name, "environment");
  EXPECT_EQ(found[2].value, "production");
}

TEST(FulcioExtensions, MustNotContradictThemselves) {
  CertificateSpec spec = leaf_spec();
  spec.extensions = {{.oid = "1.3.6.1.4.1.57264.1.1", .value = {'a'}},
                     testing::utf8_extension("1.3.6.1.4.1.57264.1.8", "b")};
  EXPECT_EQ(fulcio_extensions(leaf(spec)).error().code, ErrorCode::kCorrupt);
  spec.extensions = {{.oid = "1.3.6.1.4.1.57264.1.8", .value = {'b'}}};  // not DER
  EXPECT_FALSE(fulcio_extensions(leaf(spec)));
  spec.extensions = {testing::utf8_extension("1.3.6.1.4.1.57264.1.12", "a\nb")};
  EXPECT_FALSE(fulcio_extensions(leaf(spec)));
}

}  // namespace
}  // namespace stella::crypto
