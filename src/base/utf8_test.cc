#include "stella/base/utf8.h"

#include <gtest/gtest.h>

namespace stella {
namespace {

TEST(Utf8, ReadsEveryLengthAndRefusesWhatIsMalformed) {
  EXPECT_EQ(first_utf8_character("a")->code, 0x61U);
  EXPECT_EQ(first_utf8_character("\xC3\xA9x")->code, 0xe9U);
  EXPECT_EQ(first_utf8_character("\xE2\x80\x94")->size_bytes, 3U);
  EXPECT_EQ(first_utf8_character("\xF4\x8F\xBF\xBF")->code, 0x10ffffU);
  for (const char* text :
       {"\x80", "\xC0\xAF", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"}) {
    EXPECT_FALSE(first_utf8_character(text));
  }
  EXPECT_FALSE(first_utf8_character(""));
}

TEST(Utf8, KnowsWholeTexts) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("caf\xC3\xA9"));
  EXPECT_FALSE(is_utf8("caf\xC3"));
  EXPECT_FALSE(is_utf8("\xE9!"));
}

TEST(Utf8, RepairsByteByByte) {
  EXPECT_EQ(repaired_utf8("caf\xC3\xA9"), "caf\xC3\xA9");
  EXPECT_EQ(repaired_utf8("caf\xE9!"), "caf\xEF\xBF\xBD!");
  EXPECT_EQ(repaired_utf8("\xE2\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace stella
