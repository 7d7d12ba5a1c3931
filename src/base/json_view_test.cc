#include "stella/base/json_view.h"

#include <gtest/gtest.h>

namespace stella::json {
namespace {

const Value kDocument = parse(R"({"a": {"list": [{"b": "Zg=="}, 7]}, "none": null, "yes": true, "empty": "",
  "digest": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"})")
                            .value();

TEST(JsonView, NamesThePlaceOfEveryMistake) {
  const View root(kDocument);
  const auto list = root.at("a")->at("list")->elements(2).value();
  EXPECT_EQ(as_text(list[0].at("b")->base64().value()), "f");
  EXPECT_EQ(list[1].base64().error().where, "$.a.list[1]");
  EXPECT_EQ(list[1].base64().error().found, "an integer");
  EXPECT_EQ(list[0].at("c").error().where, "$.a.list[0]");
  EXPECT_EQ(list[1].integer(8).error().expected, "8 to 9223372036854775807");
  EXPECT_EQ(root.at("a")->at("list")->elements(1).error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(root.at("a")->string().error().found, "an object");
  EXPECT_EQ(list[1].find("x").error().expected, "an object");
}

TEST(JsonView, CountsNullAsAbsent) {
  const View root(kDocument);
  EXPECT_FALSE(root.at("none"));
  EXPECT_FALSE(root.find("none").value());
  EXPECT_FALSE(root.find("nothing").value());
  EXPECT_TRUE(root.at("yes")->boolean().value());
}

TEST(JsonView, ReadsDigestsAndTexts) {
  const View root(kDocument);
  EXPECT_EQ(root.at("digest")->hex_digest().value(), sha256({}));
  EXPECT_FALSE(root.at("empty")->hex_digest());
  EXPECT_FALSE(root.at("empty")->text());
  EXPECT_EQ(root.at("empty")->string().value(), "");
  EXPECT_EQ(root.at("digest")->string(10).error().code, ErrorCode::kLimitExceeded);
}

TEST(JsonView, RefusesMembersThatNobodyKnows) {
  const View root(kDocument);
  EXPECT_TRUE(root.closed({"a", "none", "yes", "empty", "digest"}));
  EXPECT_EQ(root.closed({"a", "none", "yes", "empty"}).error().found, "digest");
  EXPECT_EQ(root.members(5)->size(), 5U);
  EXPECT_FALSE(root.members(4));
}

}  // namespace
}  // namespace stella::json
