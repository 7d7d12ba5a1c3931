#include "stella/tlog/entry.h"

#include <gtest/gtest.h>

#include "stella/base/base64.h"
#include "stella/base/json.h"
#include "testing.h"

namespace stella::tlog {
namespace {

const std::string kHex = to_hex(sha256(as_bytes("artifact")).view());
const std::string kPem = to_base64(as_bytes(to_pem("CERTIFICATE", as_bytes("certificate"))));
const std::string kSignature = to_base64(as_bytes("signature"));

std::string hash(const std::string& hex = kHex) {
  return R"({"algorithm":"sha256","value":")" + hex + R"("})";
}
std::string body(const std::string& kind, const std::string& version, const std::string& spec) {
  return R"({"apiVersion":")" + version + R"(","kind":")" + kind + R"(","spec":)" + spec + "}";
}

std::string hashedrekord_v001(const std::string& digest = hash(), const std::string& pem = kPem) {
  return body("hashedrekord", "0.0.1",
              R"({"data":{"hash":)" + digest + R"(},"signature":{"content":")" + kSignature +
                  R"(","publicKey":{"content":")" + pem + R"("}}})");
}
std::string dsse_v001() {
  return body("dsse", "0.0.1",
              R"({"envelopeHash":)" + hash() + R"(,"payloadHash":)" + hash() +
                  R"(,"signatures":[{"signature":")" + kSignature + R"(","verifier":")" + kPem + R"("}]})");
}
std::string intoto_v002() {
  return body("intoto", "0.0.2",
              R"({"content":{"envelope":{"payloadType":"t","signatures":[{"publicKey":")" + kPem +
                  R"(","sig":")" + to_base64(as_bytes(kSignature)) + R"("}]},"hash":)" + hash() +
                  R"(,"payloadHash":)" + hash() + "}}");
}
std::string hashedrekord_v002() {
  const Digest digest = sha256(as_bytes("artifact"));
  return hashedrekord_v002_body({.value = Bytes(digest.bytes.begin(), digest.bytes.end())},
                                {.signature = Bytes{'s', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e'},
                                 .verifier = {.der = Bytes{'k'}, .key_details = "PKIX_ECDSA_P256_SHA_256"}});
}

TEST(Entry, ReadsEveryKindThatPublicLogsHold) {
  for (const auto& [text, kind] :
       std::vector<std::pair<std::string, EntryKind>>{{hashedrekord_v001(), EntryKind::kHashedRekordV001},
                                                      {dsse_v001(), EntryKind::kDsseV001},
                                                      {intoto_v002(), EntryKind::kIntotoV002},
                                                      {hashedrekord_v002(), EntryKind::kHashedRekordV002}}) {
    const auto entry = parse_entry(as_bytes(text));
    ASSERT_TRUE(entry) << text << to_string(entry.error());
    EXPECT_EQ(entry->kind, kind);
    ASSERT_EQ(entry->signatures.size(), 1U);
    EXPECT_EQ(as_text(entry->signatures[0].signature), "signature");
    EXPECT_EQ(entry->signatures[0].verifier.form, EntryVerifier::Form::kCertificate);
    EXPECT_EQ(entry->digest.has_value(), !entry->payload_sha256.has_value());
    EXPECT_EQ(entry->digest ? to_hex(entry->digest->value) : to_hex(entry->payload_sha256->view()), kHex);
    for (std::size_t size = 0; size < text.size(); ++size) {
      EXPECT_FALSE(parse_entry(as_bytes(std::string_view(text).substr(0, size))));
    }
  }
}

TEST(Entry, WritesTheBodyOfAV2LogInCanonicalForm) {
  const std::string text = hashedrekord_v002();
  EXPECT_EQ(json::canonical(json::parse(text).value()), text);
  const LogEntry entry = parse_entry(as_bytes(text)).value();
  EXPECT_EQ(hashedrekord_v002_body(*entry.digest, entry.signatures[0]), text);
}

TEST(Entry, RefusesEachFieldThatIsWrong) {
  const auto error = [](const std::string& text) { return parse_entry(as_bytes(text)).error(); };
  EXPECT_EQ(error(body("hashedrekord", "0.0.3", "{}")).code, ErrorCode::kUnsupported);
  EXPECT_EQ(error(body("rekord", "0.0.1", "{}")).code, ErrorCode::kUnsupported);
  EXPECT_EQ(error(body("dsse", "0.0.2", "{}")).code, ErrorCode::kUnsupported);
  EXPECT_EQ(error(body("hashedrekord", "0.0.1", "{}")).where, "$.spec");
  EXPECT_EQ(error(hashedrekord_v001(hash("00"))).where, "$.spec.data.hash.value");
  EXPECT_EQ(error(hashedrekord_v001(R"({"algorithm":"md5","value":"00"})")).where,
            "$.spec.data.hash.algorithm");
  EXPECT_EQ(error(hashedrekord_v001(hash(), "AAAA")).where, "$.spec.signature.publicKey.content");
  const std::string two = to_base64(as_bytes(to_pem("CERTIFICATE", {}) + to_pem("CERTIFICATE", {})));
  EXPECT_EQ(error(hashedrekord_v001(hash(), two)).found, "2");
  const std::string other = to_base64(as_bytes(to_pem("PGP PUBLIC KEY BLOCK", as_bytes("x"))));
  EXPECT_EQ(error(hashedrekord_v001(hash(), other)).code, ErrorCode::kUnsupported);
  EXPECT_EQ(
      error(body("dsse", "0.0.1",
                 R"({"envelopeHash":)" + hash() + R"(,"payloadHash":)" + hash() + R"(,"signatures":[]})"))
          .where,
      "$.spec.signatures");
  EXPECT_TRUE(
      parse_entry(as_bytes(hashedrekord_v001(R"({"algorithm":"sha512","value":")" + kHex + kHex + R"("})"))));
}

TEST(Entry, PromisesWhatTheLogSigned) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256).value();
  const std::string text = hashedrekord_v001();
  EntryPromise promise{.body = as_bytes(text),
                       .integrated_time = 1689177396,
                       .log_id = key.public_key().id(),
                       .log_index = 27246492};
  EXPECT_EQ(promise_payload(promise), R"({"body":")" + to_base64(as_bytes(text)) +
                                          R"(","integratedTime":1689177396,"logID":")" +
                                          to_hex(promise.log_id.view()) + R"(","logIndex":27246492})");
  const Bytes set =
      crypto::sign(key, crypto::default_algorithm(key.public_key()), as_bytes(promise_payload(promise)))
          .value();
  EXPECT_TRUE(verify_promise(promise, set, key.public_key()));
  promise.integrated_time += 1;
  EXPECT_EQ(verify_promise(promise, set, key.public_key()).error().code, ErrorCode::kUntrusted);
  promise.integrated_time -= 1;
  promise.log_index += 1;
  EXPECT_FALSE(verify_promise(promise, set, key.public_key()));
}

}  // namespace
}  // namespace stella::tlog
