#include "stella/base/json_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stella::json {
namespace {

using testing::HasSubstr;

struct Point {
  std::uint64_t x = 0;
  std::string name;
  std::vector<std::uint64_t> list;
};

Result<Point> read_point(std::string_view text) {
  Reader reader(text);
  Point point;
  reader.object({{"list", [&] { reader.array(3, [&] { point.list.push_back(reader.integer()); }); }},
                 {"name", [&] { point.name = reader.string(8); }},
                 {"x", [&] { point.x = reader.integer(100); }, false}});
  STELLA_CHECK(reader.finish());
  return point;
}

TEST(JsonWriter, WritesWhatCanonicalWrites) {
  MemorySink sink;
  Writer writer(sink);
  writer.begin_object();
  writer.key("a");
  writer.begin_array();
  writer.integer(0);
  writer.integer(kIntegerMax);
  writer.boolean(true);
  writer.null();
  writer.begin_object();
  writer.end_object();
  writer.end_array();
  writer.member("b", "\x01\"\\ü");
  writer.key("c");
  writer.value(Object{{"z", 1}, {"y", Array{}}});
  writer.end_object();
  ASSERT_TRUE(writer.finish());
  const std::string text(as_text(sink.bytes()));
  const auto parsed = parse(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(text, canonical(*parsed));
}

TEST(JsonWriter, KeepsTheFirstErrorOfItsSink) {
  struct Full final : ByteSink {
    int calls = 0;
    Status write(ByteView) override { return ++calls, stella::fail(ErrorCode::kIo, "no space"); }
  } sink;
  Writer writer(sink);
  writer.begin_array();
  for (int i = 0; i < 40; ++i) writer.string(std::string(10'000, 'x'));
  writer.end_array();
  const Status status = writer.finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kIo);
  EXPECT_EQ(sink.calls, 1);
}

TEST(JsonReader, ReadsMembersInAnyOrderAndWithSpace) {
  const auto point = read_point(" { \"x\" : 7 , \"name\":\"\\u00fc\\n\", \"list\" : [ 1 , 2 ] } ");
  ASSERT_TRUE(point) << to_string(point.error());
  EXPECT_EQ(point->x, 7U);
  EXPECT_EQ(point->name, "ü\n");
  EXPECT_EQ(point->list.size(), 2U);
  EXPECT_TRUE(read_point(R"({"list":[],"name":""})"));
}

TEST(JsonReader, NamesThePlaceOfEveryMistake) {
  const struct {
    const char* text;
    const char* where;
    const char* message;
  } cases[] = {
      {R"({"list":[1,"2"],"name":""})", "$.list[1]", "an integer from 0"},
      {R"({"list":[1,2,3,4],"name":""})", "$.list", "at most 3 elements"},
      {R"({"list":[1 2],"name":""})", "$.list", "comma"},
      {R"({"list":[01],"name":""})", "$.list[0]", "integer"},
      {R"({"list":[-1],"name":""})", "$.list[0]", "integer"},
      {R"({"list":[1.0],"name":""})", "$.list[0]", "integer"},
      {R"({"list":[99999999999999999999],"name":""})", "$.list[0]", "integer"},
      {R"({"list":[],"name":"123456789"})", "$.name", "at most 8 bytes"},
      {R"({"list":[],"name":7})", "$.name", "a string"},
      {R"({"list":[],"name":"\x"})", "$.name", "malformed string"},
      {"{\"list\":[],\"name\":\"\xff\"}", "$.name", "malformed string"},
      {R"({"list":[],"name":"","x":101})", "$.x", "0 to 100"},
      {R"({"list":[],"name":"","y":1})", "$", "unknown member"},
      {R"({"list":[],"name":"","name":""})", "$", "twice"},
      {R"({"x":1})", "$", "list, name"},
      {R"({"list":[],"name":""}})", "$", "text after"},
      {"[]", "$", "an object"},
  };
  for (const auto& c : cases) {
    const auto point = read_point(c.text);
    ASSERT_FALSE(point) << c.text;
    EXPECT_EQ(point.error().where, c.where) << c.text;
    EXPECT_THAT(to_string(point.error()), HasSubstr(c.message)) << c.text;
  }
}

TEST(JsonReader, RefusesTextCutOffAnywhere) {
  const std::string text = R"({"list":[1,20],"name":"a\n","x":1})";
  ASSERT_TRUE(read_point(text));
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(read_point(text.substr(0, size))) << size;
}

TEST(JsonReader, ReadsDigestsNullsBooleansAndFreeValues) {
  const std::string text = "[\"" + std::string(64, 'a') + R"(",null,true,{"a":[1,{"b":"]"}]},2])";
  Reader reader(text);
  std::size_t index = 0;
  reader.array(5, [&] {
    switch (index++) {
      case 0:
        EXPECT_EQ(reader.digest().bytes[31], 0xaa);
        break;
      case 1:
        EXPECT_TRUE(reader.null());
        break;
      case 2:
        EXPECT_TRUE(reader.boolean());
        break;
      default:
        EXPECT_FALSE(reader.value({}).is_null());
        break;
    }
  });
  EXPECT_TRUE(reader.finish());
  Reader wrong("\"AA\"");
  (void)wrong.digest();
  EXPECT_FALSE(wrong.finish());
}

}  // namespace
}  // namespace stella::json
