#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "contents_map.h"
#include "json_difference.h"
#include "stage.h"
#include "stella/base/utf8.h"
#include "stella/operations/delta_create.h"
#include "stella/operations/share.h"

namespace stella::operations {
namespace {

using testing::ElementsAre;

TEST(Utf8Text, KeepsWhatIsUtf8AndEscapesTheRest) {
  for (const char* text : {"", "plain", "ü/日本/😀", "back\\slash"}) EXPECT_EQ(utf8_text(text), text);
  EXPECT_EQ(utf8_text("caf\xe9"), "caf\\xe9");
  EXPECT_EQ(utf8_text("a\\b\xff"), "a\\x5cb\\xff");
  EXPECT_EQ(utf8_text("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(utf8_text("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(utf8_text("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
  EXPECT_EQ(utf8_text("\xe6\x97"), "\\xe6\\x97");                    // cut off
}

TEST(Utf8Text, CutsWhatIsTooLongAndTellsItApart) {
  const std::string whole(delta::kManifestTextMaxBytes, 'x');
  EXPECT_EQ(utf8_text(whole), whole);
  // An odd number of bytes in front, so that a cut may fall into each byte of a character.
  for (const char* front : {"", "a", "ab"}) {
    std::string text = front;
    while (text.size() <= delta::kManifestTextMaxBytes) text += "日";
    const std::string shown = utf8_text(text + "1");
    EXPECT_LE(shown.size(), delta::kManifestTextMaxBytes);
    EXPECT_TRUE(is_utf8(shown));
    EXPECT_NE(shown, utf8_text(text + "2"));
  }
}

TEST(Share, RoundsDownAndNeverOverflows) {
  EXPECT_EQ(share(0, 0), "0.0 %");
  EXPECT_EQ(share(1, 3), "33.3 %");
  EXPECT_EQ(share(999'999, 1'000'000), "99.9 %");
  EXPECT_EQ(share(~std::uint64_t{0}, ~std::uint64_t{0}), "100.0 %");
}

TEST(DefaultFolder, LiesBesideTheTarget) {
  EXPECT_EQ(default_delta_folder("x/app"), "x/app.delta");
  EXPECT_EQ(default_delta_folder("app/"), "app.delta");
}

TEST(JsonDifference, NamesThePlace) {
  const auto difference = [](std::string_view expected, std::string_view found) {
    std::vector<Difference> all;
    append_differences(json::parse(expected).value(), json::parse(found).value(), "$", all);
    std::vector<std::string> lines;
    for (const Difference& d : all) lines.push_back(d.where + ": " + d.expected + " / " + d.found);
    return lines;
  };
  EXPECT_THAT(difference(R"({"a":[1,{"b":2}]})", R"({"a":[1,{"b":2}]})"), ElementsAre());
  EXPECT_THAT(difference(R"({"a":[1,{"b":2}]})", R"({"a":[1,{"b":3}]})"), ElementsAre("$.a[1].b: 2 / 3"));
  EXPECT_THAT(difference(R"({"a":1,"b":2})", R"({"b":2,"c":3})"),
              ElementsAre("$.a: 1 / nothing", "$.c: nothing / 3"));
  EXPECT_THAT(difference("[1,2]", "[1]"), ElementsAre("$: 2 elements / 1 elements"));
  EXPECT_THAT(difference("1", "\"1\""), ElementsAre("$: 1 / \"1\""));
}

TEST(JsonDifference, StopsAtItsLimit) {
  std::vector<Difference> all;
  append_differences(json::Array(1000, json::Value(1)), json::Array(1000, json::Value(2)), "$", all);
  EXPECT_EQ(all.size(), kDifferencesMax);
}

TEST(Stage, AddsUpItsParts) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> seen;
  const Progress to = [&](std::string_view, std::uint64_t done, std::uint64_t total) {
    seen.emplace_back(done, total);
  };
  Stage stage(to, "reading", 2);
  stage.part(0)("x", 1, 10);
  stage.part(1)("y", 5, 20);
  stage.part(0)("x", 10, 10);
  EXPECT_THAT(seen, ElementsAre(std::pair(1, 10), std::pair(6, 30), std::pair(15, 30)));
  const Progress none;
  EXPECT_FALSE(Stage(none, "quiet", 1).part(0));
}

}  // namespace
}  // namespace stella::operations
