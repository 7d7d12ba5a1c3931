#include "stella/base/base64.h"

#include <gtest/gtest.h>

namespace stella {
namespace {

// RFC 4648, section 10.
TEST(Base64, KnowsThePublishedVectors) {
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), encoded);
    EXPECT_EQ(as_text(parse_base64(encoded).value()), plain);
  }
}

TEST(Base64, ReadsBackEveryByte) {
  Bytes all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<std::uint8_t>(i));
  for (std::size_t size = 0; size <= all.size(); ++size) {
    const ByteView part = ByteView(all).first(size);
    const Bytes back = parse_base64(to_base64(part)).value();
    EXPECT_TRUE(std::ranges::equal(back, part));
  }
}

TEST(Base64, RefusesWhatHasAnotherForm) {
  for (const char* text :
       {"Zg", "Zg=", "Zg===", "Z g=", "Zm9v\n", "Zm-_", "Zh==", "Zm9=", "====", "=Zm9", "Zg==Zg=="}) {
    EXPECT_EQ(parse_base64(text).error().code, ErrorCode::kCorrupt) << text;
  }
}

TEST(Pem, ReadsBlocksAmongOtherText) {
  const std::string text = "subject=x\n" + to_pem("CERTIFICATE", as_bytes("one")) + "\r\n" +
                           to_pem("PUBLIC KEY", Bytes(100, 7)) + "rest";
  const auto blocks = parse_pem(text).value();
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(blocks[0].label, "CERTIFICATE");
  EXPECT_EQ(as_text(blocks[0].der), "one");
  EXPECT_EQ(blocks[1].label, "PUBLIC KEY");
  EXPECT_EQ(blocks[1].der, Bytes(100, 7));
  EXPECT_TRUE(parse_pem("no block at all")->empty());
}

TEST(Pem, RefusesBlocksThatAreOpenOrMixed) {
  EXPECT_EQ(parse_pem("-----BEGIN A-----\nZg==\n").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(parse_pem("-----BEGIN A-----\nZg==\n-----END B-----\n").error().expected, "A");
  EXPECT_EQ(parse_pem("-----BEGIN A-----\n!\n-----END A-----\n").error().where.substr(0, 11), "PEM block A");
  std::string many;
  for (std::size_t i = 0; i <= kPemBlocksMax; ++i) many += to_pem("A", as_bytes("x"));
  EXPECT_EQ(parse_pem(many).error().code, ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace stella
