#include "stella/statement/dsse.h"

#include <gtest/gtest.h>

namespace stella::statement {
namespace {

constexpr std::string_view kEnvelope =
    R"({"payload":"aGVsbG8gd29ybGQ=","payloadType":"http://example.com/HelloWorld",)"
    R"("signatures":[{"keyid":"a","sig":"Zm9v"},{"sig":"YmFy","extension":{"x":1}}],"other":7})";

// The example of DSSE's protocol.md.
TEST(Dsse, EncodesThePublishedExample) {
  EXPECT_EQ(as_text(pre_authentication_encoding("http://example.com/HelloWorld", as_bytes("hello world"))),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  EXPECT_EQ(as_text(pre_authentication_encoding("", {})), "DSSEv1 0  0 ");
}

TEST(Dsse, ReadsAnEnvelopeAndIgnoresWhatItDoesNotKnow) {
  const Envelope envelope = parse_envelope(kEnvelope).value();
  EXPECT_EQ(as_text(envelope.payload), "hello world");
  ASSERT_EQ(envelope.signatures.size(), 2U);
  EXPECT_EQ(envelope.signatures[0].key_id, "a");
  EXPECT_EQ(as_text(envelope.signatures[1].signature), "bar");
  EXPECT_EQ(envelope_from_json(to_json(envelope)).value(), envelope);
}

TEST(Dsse, RefusesEachFieldThatIsWrong) {
  const auto where = [](std::string_view text) { return parse_envelope(text).error().where; };
  EXPECT_EQ(where(R"({"payload":"","signatures":[{"sig":"Zg=="}]})"), "$");
  EXPECT_EQ(where(R"({"payload":"","payloadType":"","signatures":[{"sig":"Zg=="}]})"), "$.payloadType");
  EXPECT_EQ(where(R"({"payloadType":"t","signatures":[{"sig":"Zg=="}]})"), "$");
  EXPECT_TRUE(
      where(R"({"payload":"Zg","payloadType":"t","signatures":[{"sig":"Zg=="}]})").starts_with("$.payload"));
  EXPECT_EQ(where(R"({"payload":"","payloadType":"t","signatures":[]})"), "$.signatures");
  EXPECT_EQ(where(R"({"payload":"","payloadType":"t","signatures":{}})"), "$.signatures");
  EXPECT_EQ(where(R"({"payload":"","payloadType":"t","signatures":[{}]})"), "$.signatures[0]");
  EXPECT_EQ(where(R"({"payload":"","payloadType":"t","signatures":[{"sig":""}]})"), "$.signatures[0].sig");
  EXPECT_EQ(where(R"({"payload":"","payloadType":"t","signatures":[{"sig":"Zg==","keyid":1}]})"),
            "$.signatures[0].keyid");
  std::string many = R"({"payload":"","payloadType":"t","signatures":[{"sig":"Zg=="})";
  for (std::size_t i = 0; i < kEnvelopeSignaturesMax; ++i) many += R"(,{"sig":"Zg=="})";
  EXPECT_EQ(parse_envelope(many + "]}").error().code, ErrorCode::kLimitExceeded);
}

TEST(Dsse, RefusesAnEnvelopeCutOffAnywhere) {
  for (std::size_t size = 0; size < kEnvelope.size(); ++size)
    EXPECT_FALSE(parse_envelope(kEnvelope.substr(0, size)));
  EXPECT_FALSE(parse_envelope(std::string(kEnvelope) + "x"));
  EXPECT_TRUE(parse_envelope(std::string(kEnvelope) + "\n"));
}

}  // namespace
}  // namespace stella::statement
