#include "stella/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "format.h"

namespace stella::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Format, GroupsDigitsByThree) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(12'345'678), "12,345,678");
}

TEST(Format, LetsNoControlCharacterThrough) {
  EXPECT_EQ(printable("a\x1b[2J\n\x7f"), "a?[2J??");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m ü"),
            "?31m ü");
}

TEST(Format, AlignsColumnsByWhatIsSeen) {
  Table table({false, true});
  table.row({"ü", "1"});
  table.row({"abc", "1,000"});
  EXPECT_EQ(table.text(), "  ü        1\n  abc  1,000\n");
}

TEST(ErrorText, SaysEverythingItKnows) {
  const Error error{.code = ErrorCode::kUntrusted,
                    .message = "wrong base",
                    .where = "a\x1b.bin",
                    .expected = "x",
                    .found = "y",
                    .next = "z"};
  EXPECT_EQ(text(error, {}),
            "error: wrong base\n  where     a?.bin\n  expected  x\n  found     y\n  next      z\n");
  EXPECT_THAT(text(error, {.colour = true}), HasSubstr("\x1b[31m"));
  const json::Value value = to_json(error, "delta apply");
  EXPECT_EQ(*value.find("exit_status")->integer(), 1);
  EXPECT_EQ(*value.find("error")->find("code")->string(), "untrusted");
  EXPECT_EQ(to_json(Error{.message = "x"}, "").find("error")->find("where"), nullptr);
}

TEST(VerifyText, ListsDifferences) {
  operations::DeltaVerifyResult result;
  result.folder = "d";
  result.differences = {{"$.ops[3].chunk", "aa", "bb"}};
  EXPECT_THAT(text(result, {}), HasSubstr("$.ops[3].chunk\n    expected  aa\n    found     bb\n"));
  result.differences.clear();
  result.ok = true;
  EXPECT_THAT(text(result, {}), HasSubstr("another build"));
  result.same_build = true;
  EXPECT_THAT(text(result, {}), Not(HasSubstr("another build")));
}

TEST(InspectText, DrawsAnEmptyTargetToo) {
  operations::DeltaInspectResult result;
  EXPECT_THAT(text(result, {}), HasSubstr("the target is empty"));
  result.anatomy.header.target_size_bytes = 6400;
  for (auto& cell : result.strip) cell.copy_bytes = 100;
  result.strip[3] = {.copy_bytes = 99, .match_bytes = 1, .literal_bytes = 0};
  result.strip[4] = {.copy_bytes = 0, .match_bytes = 100, .literal_bytes = 0};
  result.strip[5] = {.copy_bytes = 50, .match_bytes = 40, .literal_bytes = 10};
  result.strip[6] = {.copy_bytes = 0, .match_bytes = 0, .literal_bytes = 100};
  EXPECT_THAT(text(result, {}), HasSubstr("···░▒▓█·"));
}

}  // namespace
}  // namespace stella::report
