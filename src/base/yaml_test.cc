#include "stella/base/yaml.h"

#include <gtest/gtest.h>

namespace stella::yaml {
namespace {

TEST(Yaml, GivesValuesWithTheirLines) {
  const Document document = parse(R"(# comment
version: 1
trust:
  rules:
    - name: "1"
      on: [true, false, ~, yes, 1.5, 0x10, -7]
    - text: |
        two
        lines
)")
                                .value();
  EXPECT_EQ(json::canonical(document.value),
            R"({"trust":{"rules":[{"name":"1","on":[true,false,null,"yes","1.5","0x10",-7]},)"
            R"({"text":"two\nlines\n"}]},"version":1})");
  EXPECT_EQ(document.lines.at("$.version"), 2);
  EXPECT_EQ(document.lines.at("$.trust.rules[0].on[3]"), 6);
  EXPECT_EQ(document.at_line({.where = "$.trust.rules[1].text"}).where, "line 7: $.trust.rules[1].text");
  EXPECT_EQ(document.at_line({.where = "$.trust.rules[1].absent"}).where, "line 7: $.trust.rules[1].absent");
  EXPECT_EQ(document.at_line({.where = "$.version: file: line 3"}).where, "line 2: $.version: file: line 3");
  EXPECT_EQ(document.at_line({.where = ""}).where, "");
}

TEST(Yaml, RefusesWhatReadersDifferOn) {
  const auto error = [](std::string_view text) { return parse(text).error(); };
  EXPECT_EQ(error("a: 1\nb: 2\na: 3\n").where, "line 3");
  EXPECT_EQ(error("a: &x 1\n").code, ErrorCode::kUnsupported);
  EXPECT_EQ(error("a: *x\n").code, ErrorCode::kCorrupt);
  EXPECT_EQ(error("a: !!binary aGk=\n").code, ErrorCode::kUnsupported);
  EXPECT_EQ(error("a: 1\n---\nb: 2\n").code, ErrorCode::kUnsupported);
  EXPECT_EQ(error("? [a]\n: 1\n").code, ErrorCode::kUnsupported);
  EXPECT_EQ(error("a: [1\nb: 2\n").code, ErrorCode::kCorrupt);
  EXPECT_EQ(error("a:\n\t- 1\n").code, ErrorCode::kCorrupt);
  EXPECT_EQ(error(std::string("a: \0", 4)).code, ErrorCode::kCorrupt);
}

TEST(Yaml, StopsAtItsLimits) {
  EXPECT_EQ(parse(std::string(kSizeMaxBytes + 1, ' ')).error().code, ErrorCode::kLimitExceeded);
  EXPECT_FALSE(parse(std::string(200'000, '[')));
  EXPECT_FALSE(parse(std::string(200'000, '{')));
  EXPECT_EQ(parse(std::string(kDepthMax + 1, '[') + std::string(kDepthMax + 1, ']')).error().code,
            ErrorCode::kLimitExceeded);
  std::string many = "[";
  for (std::size_t i = 0; i <= kNodesMax; ++i) many += "1,";
  EXPECT_EQ(parse(many + "]").error().code, ErrorCode::kLimitExceeded);
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n";
  EXPECT_EQ(parse(bomb).error().code, ErrorCode::kUnsupported);
}

TEST(Yaml, ReadsNothingAsNull) {
  EXPECT_TRUE(parse("")->value.is_null());
  EXPECT_TRUE(parse("# only a comment\n")->value.is_null());
}

}  // namespace
}  // namespace stella::yaml
