#include "stella/base/base64.h"

#include <gtest/gtest.h>

namespace stella {
namespace {

// RFC 4648, section 10.
TEST(Base64, KnowsThePublishedVectors) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), coded);
    EXPECT_EQ(as_text(parse_base64(coded).value()), plain);
  }
}

TEST(Base64, BringsEveryByteBack) {
  Bytes bytes;
  for (int i = 0; i < 259; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(i * 7));
    EXPECT_EQ(parse_base64(to_base64(bytes)).value(), bytes);
  }
}

TEST(Base64, HasOneTextForEachValue) {
  for (const char* text : {"Zg", "Zg=", "Zh==", "Zm9=", "Zg==\n", " Zg==", "Z g=", "Zm-_",
                           "====", "Z===", "Zg==Zg==", "Zm=v", "Zm9v=", "=m9v"}) {
    EXPECT_FALSE(parse_base64(text)) << text;
  }
  EXPECT_EQ(parse_base64("Zm9vYm-y").error().where, "character 6");
}

TEST(Base64, SkipsLineBreaksOnlyWhereAskedTo) {
  EXPECT_EQ(as_text(parse_base64_lines("Zm9v\r\nYmFy\n").value()), "foobar");
  EXPECT_FALSE(parse_base64("Zm9v\nYmFy"));
  EXPECT_FALSE(parse_base64_lines("Zm9v\nYm-y"));
}

}  // namespace
}  // namespace stella
