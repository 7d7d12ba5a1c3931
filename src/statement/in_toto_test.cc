#include "stella/statement/in_toto.h"

#include <gtest/gtest.h>

namespace stella::statement {
namespace {

const std::string kHex = to_hex(sha256(as_bytes("artifact")).view());

std::string statement_text(std::string type, std::string subjects, std::string rest) {
  return R"({"_type":")" + type + R"(","subject":)" + subjects + R"(,"predicateType":"https://x.test/p/v1")" +
         rest + "}";
}
std::string subject_text(std::string digest) {
  return R"([{"name":"a","digest":{"sha256":")" + digest + R"("}}])";
}

const std::string kGood =
    statement_text(std::string(kStatementTypeV1), subject_text(kHex), R"(,"predicate":{"k":1})");

TEST(InToto, ReadsBothVersionsAndWritesTheNewer) {
  const Statement statement = parse_statement(as_bytes(kGood)).value();
  EXPECT_EQ(statement.version, StatementVersion::kV1);
  EXPECT_EQ(statement.predicate_type, "https://x.test/p/v1");
  EXPECT_EQ(statement_from_json(to_json(statement)).value(), statement);

  const std::string old = statement_text(std::string(kStatementTypeV01), subject_text(kHex), "");
  EXPECT_EQ(parse_statement(as_bytes(old))->version, StatementVersion::kV01);
  EXPECT_EQ(*to_json(*parse_statement(as_bytes(old))).find("_type")->string(), kStatementTypeV1);
}

TEST(InToto, FindsTheSubjectByItsDigest) {
  const Statement statement = parse_statement(as_bytes(kGood)).value();
  ASSERT_NE(find_subject(statement, sha256(as_bytes("artifact"))), nullptr);
  EXPECT_EQ(find_subject(statement, sha256(as_bytes("artifact")))->name, "a");
  EXPECT_EQ(find_subject(statement, sha256(as_bytes("another"))), nullptr);
}

TEST(InToto, RefusesEachFieldThatIsWrong) {
  const std::string v1(kStatementTypeV1);
  const auto error = [](const std::string& text) { return parse_statement(as_bytes(text)).error(); };
  EXPECT_EQ(error(statement_text("https://in-toto.io/Statement/v2", subject_text(kHex), "")).code,
            ErrorCode::kUnsupported);
  EXPECT_EQ(error(statement_text(v1, "[]", "")).where, "$.subject");
  EXPECT_EQ(error(statement_text(v1, "{}", "")).where, "$.subject");
  EXPECT_EQ(error(statement_text(v1, R"([{"name":"a"}])", "")).where, "$.subject[0]");
  EXPECT_EQ(error(statement_text(v1, R"([{"digest":{}}])", "")).where, "$.subject[0].digest");
  EXPECT_EQ(error(statement_text(v1, subject_text("00"), "")).where, "$.subject[0].digest.sha256");
  EXPECT_EQ(error(statement_text(v1, subject_text(std::string(64, 'A')), "")).where,
            "$.subject[0].digest.sha256");
  EXPECT_EQ(error(statement_text(v1, subject_text(kHex), R"(,"predicate":[])")).where, "$.predicate");
  EXPECT_EQ(error(R"({"_type":")" + v1 + R"(","subject":)" + subject_text(kHex) + "}").expected,
            "predicateType");
  EXPECT_EQ(error(statement_text(v1, subject_text(kHex), R"(,"predicateType":"twice")")).code,
            ErrorCode::kCorrupt);
}

TEST(InToto, RefusesAStatementCutOffAnywhere) {
  for (std::size_t size = 0; size < kGood.size(); ++size) {
    EXPECT_FALSE(parse_statement(as_bytes(std::string_view(kGood).substr(0, size))));
  }
}

TEST(InToto, BoundsTheNumberOfSubjects) {
  std::string subjects = "[";
  for (std::size_t i = 0; i <= kSubjectsMax; ++i) {
    subjects += (i == 0 ? "" : ",") + std::string(R"({"digest":{"sha256":")") + kHex + R"("}})";
  }
  const std::string text = statement_text(std::string(kStatementTypeV1), subjects + "]", "");
  EXPECT_EQ(parse_statement(as_bytes(text)).error().code, ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace stella::statement
