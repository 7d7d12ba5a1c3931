#include "stella/crypto/timestamp.h"

#include <gtest/gtest.h>
#include <openssl/ts.h>

#include <functional>
#include <memory>

#include "certificates.h"

namespace stella::crypto {
namespace {

using testing::certificate;
using testing::CertificateSpec;
using testing::make_timestamp;
using testing::TimestampSpec;

constexpr Time kStart{.seconds = 1'700'000'000};
constexpr Time kNow{.seconds = 1'790'000'000};
constexpr Time kEnd{.seconds = 1'900'000'000};
const Bytes kMessage{'s', 'i', 'g', 'n', 'e', 'd'};

struct Authority {
  PrivateKey root_key = PrivateKey::generate(KeyType::kEcdsaP256).value();
  PrivateKey key = PrivateKey::generate(KeyType::kEcdsaP384).value();
  Certificate root = certificate(testing::authority_spec("tsa root", "tsa root", kStart, kEnd),
                                 root_key.public_key(), root_key);
  Certificate signer = make_signer([](CertificateSpec&) {});

  Certificate make_signer(const std::function<void(CertificateSpec&)>& change) const {
    CertificateSpec spec{.subject = "tsa",
                         .issuer = "tsa root",
                         .serial = 3,
                         .not_before = kStart,
                         .not_after = kEnd,
                         .key_usage = static_cast<std::uint16_t>(KeyUsage::kDigitalSignature),
                         .extended_key_usage = {std::string(kOidTimeStamping)},
                         .extended_key_usage_critical = true};
    change(spec);
    return certificate(spec, key.public_key(), root_key);
  }
};

const Authority& authority() {
  static const Authority made;
  return made;
}

TimestampSpec spec() { return {.message = kMessage, .time = kNow}; }
Bytes token_der(const TimestampSpec& spec) {
  return make_timestamp(spec, authority().signer, authority().key);
}

std::string outcome(ByteView der, ByteView message,
                    const std::vector<Certificate>& others = {authority().signer}) {
  const auto token = parse_timestamp(der);
  if (!token) return to_string(token.error());
  const std::vector<Certificate> roots{authority().root};
  const auto chain = verify_timestamp(*token, message, {.roots = roots, .others = others});
  return chain ? "" : to_string(chain.error());
}

TEST(Timestamp, IsReadAndVerifiedInEveryForm) {
  EXPECT_EQ(outcome(token_der(spec()), kMessage), "");
  TimestampSpec embedded = spec();
  embedded.embedded = {authority().signer};
  EXPECT_EQ(outcome(token_der(embedded), kMessage, {}), "");
  TimestampSpec bare = spec();
  bare.bare_token = true;
  EXPECT_EQ(outcome(token_der(bare), kMessage), "");
  TimestampSpec old = spec();
  old.first_attribute_form = true;
  EXPECT_EQ(outcome(token_der(old), kMessage), "");
  TimestampSpec longer = spec();
  longer.hash = Hash::kSha512;
  EXPECT_EQ(outcome(token_der(longer), kMessage), "");
}

TEST(Timestamp, KeepsFractionsOfAnyLength) {
  for (const auto& [fraction, nanoseconds] : std::vector<std::pair<std::string, std::int32_t>>{
           {"5", 500'000'000}, {"25", 250'000'000}, {"123456", 123'456'000}, {"1234567891", 123'456'789}}) {
    TimestampSpec with = spec();
    with.fraction = fraction;
    EXPECT_EQ(parse_timestamp(token_der(with))->time.nanoseconds, nanoseconds);
    EXPECT_EQ(outcome(token_der(with), kMessage), "");
  }
}

TEST(Timestamp, IsOverOneMessage) {
  EXPECT_NE(outcome(token_der(spec()), as_bytes("other")).find("over something else"), std::string::npos);
}

TEST(Timestamp, NeedsAKnownSigner) {
  EXPECT_NE(outcome(token_der(spec()), kMessage, {}).find("no certificate is known"), std::string::npos);
  const Authority stranger;
  EXPECT_NE(outcome(make_timestamp({.message = kMessage, .time = kNow, .embedded = {stranger.signer}},
                                   stranger.signer, stranger.key),
                    kMessage, {})
                .find("certificate"),
            std::string::npos);
}

TEST(Timestamp, RefusesASignerThatIsNotForTimestampingAlone) {
  const auto with = [](const std::function<void(CertificateSpec&)>& change) {
    const Certificate signer = authority().make_signer(change);
    return outcome(make_timestamp(spec(), signer, authority().key), kMessage, {signer});
  };
  EXPECT_NE(with([](auto& s) { s.extended_key_usage_critical = false; }).find("alone (critical)"),
            std::string::npos);
  EXPECT_NE(with([](auto& s) { s.extended_key_usage.emplace_back(kOidCodeSigning); }).find("alone"),
            std::string::npos);
  EXPECT_NE(with([](auto& s) { s.extended_key_usage = {std::string(kOidCodeSigning)}; }).find("alone"),
            std::string::npos);
  EXPECT_NE(with([](auto& s) { s.not_after = {.seconds = kNow.seconds - 1}; }).find("had expired"),
            std::string::npos);
  EXPECT_EQ(with([](auto& s) { s.not_after = kNow; }), "");
}

TEST(Timestamp, RefusesAnotherCertificateOfTheSameName) {
  const Certificate twin =
      authority().make_signer([](auto& s) { s.not_after = {.seconds = kEnd.seconds - 1}; });
  EXPECT_NE(outcome(token_der(spec()), kMessage, {twin}).find("another certificate of that name"),
            std::string::npos);
}

TEST(Timestamp, RefusesEveryChangedByte) {
  const Bytes good = token_der(spec());
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const std::uint8_t bit : Bytes{0x01, 0x80}) {
      Bytes changed = good;
      changed[i] ^= bit;
      const std::string why = outcome(changed, kMessage);
      // Nothing signs the status around the token or the version numbers; all else must be refused.
      if (why.empty()) {
        EXPECT_EQ(parse_timestamp(changed)->time, kNow);
        EXPECT_EQ(parse_timestamp(changed)->imprint, parse_timestamp(good)->imprint);
      }
    }
  }
}

TEST(Timestamp, IsRefusedCutOffAtEveryByte) {
  const Bytes good = token_der(spec());
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(parse_timestamp(ByteView(good).first(size)));
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(parse_timestamp(longer));
}

// What OpenSSL's time stamp code says of the same bytes.
TEST(Timestamp, MeansTheSameToOpenSsl) {
  TimestampSpec embedded = spec();
  embedded.embedded = {authority().signer};
  for (const bool right : {true, false}) {
    const Bytes der = token_der(embedded);
    const std::uint8_t* at = der.data();
    const std::unique_ptr<TS_RESP, decltype(&TS_RESP_free)> response(
        d2i_TS_RESP(nullptr, &at, static_cast<long>(der.size())), TS_RESP_free);
    ASSERT_TRUE(response);
    const std::unique_ptr<TS_VERIFY_CTX, decltype(&TS_VERIFY_CTX_free)> context(TS_VERIFY_CTX_new(),
                                                                                TS_VERIFY_CTX_free);
    X509_STORE* store = X509_STORE_new();
    const std::uint8_t* root_at = authority().root.der().data();
    X509* root = d2i_X509(nullptr, &root_at, static_cast<long>(authority().root.der().size()));
    X509_STORE_add_cert(store, root);
    X509_free(root);
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), kNow.seconds);
    TS_VERIFY_CTX_set_store(context.get(), store);
    TS_VERIFY_CTX_set_flags(context.get(), TS_VFY_VERSION | TS_VFY_SIGNATURE | TS_VFY_DATA);
    const Bytes message = right ? kMessage : Bytes{'x'};
    TS_VERIFY_CTX_set_data(context.get(), BIO_new_mem_buf(message.data(), static_cast<int>(message.size())));
    EXPECT_EQ(TS_RESP_verify_response(context.get(), response.get()) == 1, right);
    EXPECT_EQ(outcome(der, message, {}).empty(), right);
  }
}

TEST(Timestamp, SaysWhenTheAuthorityRefused) {
  const Bytes rejected{0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02};
  EXPECT_EQ(parse_timestamp(rejected).error().code, ErrorCode::kUntrusted);
}

}  // namespace
}  // namespace stella::crypto
