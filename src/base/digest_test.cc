#include "stella/base/digest.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>

namespace stella {
namespace {

// The vectors of FIPS 180-4's examples and of BLAKE3's reference (test_vectors.json, input 0, 1, 2 … mod
// 251).
TEST(Digest, KnowsThePublishedVectors) {
  EXPECT_EQ(to_hex(sha256(as_bytes("abc")).view()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256({}).view()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(blake3({}).view()), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
  const std::uint8_t one = 0;
  EXPECT_EQ(to_hex(blake3({&one, 1}).view()),
            "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213");
}

TEST(Digest, IsTheSameForEveryWayToCutTheInput) {
  Bytes bytes(5000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 31);
  Sha256 sha;
  Blake3 blake;
  for (std::size_t step = 1, at = 0; at < bytes.size(); at += step, step = step * 3 % 1021 + 1) {
    const ByteView part = ByteView(bytes).subspan(at, std::min(step, bytes.size() - at));
    sha.update(part);
    blake.update(part);
  }
  EXPECT_EQ(sha.finish(), sha256(bytes));
  EXPECT_EQ(blake.finish(), blake3(bytes));
  EXPECT_EQ(sha.finish(), sha256({})) << "finish() starts anew";
}

TEST(Digest, AgreesWithSha256sum) {
  FILE* pipe = popen("printf 'stella\\n' | sha256sum", "r");
  ASSERT_NE(pipe, nullptr);
  std::array<char, 65> hex{};
  ASSERT_EQ(std::fread(hex.data(), 1, 64, pipe), 64U);
  pclose(pipe);
  EXPECT_EQ(to_hex(sha256(as_bytes("stella\n")).view()), hex.data());
}

TEST(Digest, ReadsBackItsTextAndNothingElse) {
  const Digest digest = sha256(as_bytes("x"));
  EXPECT_EQ(parse_sha256_text(sha256_text(digest)).value(), digest);
  const std::string hex = to_hex(digest.view());
  for (const std::string& text : {hex, "sha512:" + hex, "sha256:" + hex.substr(1), "sha256:" + hex + "00",
                                  "sha256:" + hex.substr(2) + "zz"}) {
    EXPECT_FALSE(parse_sha256_text(text)) << text;
  }
}

}  // namespace
}  // namespace stella
