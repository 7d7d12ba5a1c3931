#include "stella/base/json.h"

#include <gtest/gtest.h>

#include <bit>

namespace stella::json {
namespace {

std::string canonical_of(std::string_view text) {
  const auto value = parse(text);
  return value ? canonical(*value) : "refused: " + to_string(value.error());
}

// RFC 8785, section 3.2.2 and 3.2.3.
TEST(Json, CanonicalFormIsThatOfTheRfc) {
  EXPECT_EQ(canonical_of(R"({
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  })"),
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
            "\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
  EXPECT_EQ(
      canonical_of(R"({"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
                             "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"O Diaeresis"})"),
      "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\",\"\xC3\xB6\":\"O Diaeresis\","
      "\"\xE2\x82\xAC\":\"Euro Sign\",\"\xF0\x9F\x98\x80\":\"Emoji: Grinning Face\","
      "\"\xEF\xAC\xB3\":\"Hebrew Letter Dalet With Dagesh\"}");
}

// RFC 8785, appendix B.
TEST(Json, WritesNumbersAsEcmaScriptDoes) {
  const std::pair<std::uint64_t, const char*> vectors[] = {
      {0x0000000000000000, "0"},
      {0x8000000000000000, "0"},
      {0x0000000000000001, "5e-324"},
      {0x8000000000000001, "-5e-324"},
      {0x7fefffffffffffff, "1.7976931348623157e+308"},
      {0x4340000000000000, "9007199254740992"},
      {0xc340000000000000, "-9007199254740992"},
      {0x4430000000000000, "295147905179352830000"},
      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
      {0x44b52d02c7e14af6, "1e+23"},
      {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
      {0x444b1ae4d6e2ef4e, "999999999999999700000"},
      {0x444b1ae4d6e2ef4f, "999999999999999900000"},
      {0x444b1ae4d6e2ef50, "1e+21"},
      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
      {0x3eb0c6f7a0b5ed8d, "0.000001"},
      {0x41b3de4355555553, "333333333.3333332"},
      {0x41b3de4355555554, "333333333.33333325"},
      {0x41b3de4355555555, "333333333.3333333"},
      {0xbecbf647612f3696, "-0.0000033333333333333333"},
      {0x43143ff3c1cb0959, "1424953923781206.2"},
  };
  for (const auto& [bits, text] : vectors) EXPECT_EQ(canonical(Value(std::bit_cast<double>(bits))), text);
  EXPECT_EQ(canonical_of("[9007199254740993, 18446744073709551615, -9223372036854775808]"),
            "[9007199254740992,18446744073709552000,-9223372036854776000]");
}

TEST(Json, CanonicalTextIsAFixedPoint) {
  for (const char* text :
       {"{}", "[]", R"({"a":{"b":[1,2,{"c":null}]},"é":"x"})", "-0.5", "\"\\u001f\x7f\""}) {
    const std::string once = canonical_of(text);
    EXPECT_EQ(canonical_of(once), once);
  }
}

TEST(Json, RefusesWhatMakesTwoReadersDisagree) {
  const std::pair<std::string, ErrorCode> refused[] = {
      {R"({"a":1,"a":2})", ErrorCode::kCorrupt},
      {R"({"a":1,"\u0061":2})", ErrorCode::kCorrupt},
      {"\"\xff\"", ErrorCode::kCorrupt},
      {"\"\xC0\x80\"", ErrorCode::kCorrupt},
      {R"("\ud800")", ErrorCode::kCorrupt},
      {R"({"a":1} x)", ErrorCode::kCorrupt},
      {"\xEF\xBB\xBF{}", ErrorCode::kCorrupt},
      {"[1,]", ErrorCode::kCorrupt},
      {"01", ErrorCode::kCorrupt},
      {"NaN", ErrorCode::kCorrupt},
      {"1e999", ErrorCode::kCorrupt},
      {"", ErrorCode::kCorrupt},
      {std::string(100000, '['), ErrorCode::kLimitExceeded},
      {std::string(65, '[') + std::string(65, ']'), ErrorCode::kLimitExceeded},
  };
  for (const auto& [text, code] : refused) {
    const auto value = parse(text);
    ASSERT_FALSE(value) << text.substr(0, 40);
    EXPECT_EQ(value.error().code, code) << text.substr(0, 40);
  }
  EXPECT_TRUE(parse(std::string(64, '[') + std::string(64, ']')));
  EXPECT_TRUE(parse("{}\r\n")) << "white space at the end is fine";
  EXPECT_EQ(parse("[1]", {.depth_max = 64, .size_max_bytes = 2}).error().code, ErrorCode::kLimitExceeded);
}

TEST(Json, ReadsBeyondANul) {
  using namespace std::string_view_literals;
  EXPECT_FALSE(parse("{}\0"sv));
  EXPECT_EQ(parse("{}\n\0{}"sv).error().where, "line 2, column 1");
  EXPECT_FALSE(parse("[\"a\0b\"]"sv));
}

TEST(Json, SaysInWhichLineTheTextIsBroken) {
  EXPECT_EQ(parse("{\n  \"a\": 1,\n  oops\n}").error().where, "line 3, column 3");
}

TEST(Json, PrettyTextReadsBackTheSame) {
  const Value value = parse(R"({"b":[1,{"c":[]}],"a":{}})").value();
  EXPECT_EQ(parse(pretty(value)).value(), value);
  EXPECT_EQ(pretty(parse(R"({"b":[1],"a":{}})").value()), "{\n  \"a\": {},\n  \"b\": [\n    1\n  ]\n}\n");
}

}  // namespace
}  // namespace stella::json
