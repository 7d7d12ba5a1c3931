#include "stella/statement/provenance.h"

#include <gtest/gtest.h>

namespace stella::statement {
namespace {

Statement with_predicate(std::string_view type, std::string_view predicate) {
  return {.subjects = {{.name = "a", .digests = {{"sha256", std::string(64, '0')}}}},
          .predicate_type = std::string(type),
          .predicate = json::parse(predicate).value()};
}

TEST(Provenance, ReadsVersion1) {
  const auto provenance = provenance_of(with_predicate(kSlsaProvenanceV1, R"({
        "buildDefinition": {"buildType": "https://t.test/build", "externalParameters": {},
          "resolvedDependencies": [{"uri": "git+https://g.test/r@refs/heads/main", "digest": {"gitCommit": "ab12"}}]},
        "runDetails": {"builder": {"id": "https://b.test/builder@v1"},
          "metadata": {"invocationId": "run/7", "startedOn": "2026-11-27T02:38:00Z"}}})"))
                              .value();
  EXPECT_EQ(provenance.builder_id, "https://b.test/builder@v1");
  EXPECT_EQ(provenance.build_type, "https://t.test/build");
  EXPECT_EQ(provenance.invocation, "run/7");
  EXPECT_EQ(provenance.finished_on, "");
  ASSERT_EQ(provenance.materials.size(), 1U);
  EXPECT_EQ(provenance.materials[0].digests.at("gitCommit"), "ab12");
}

TEST(Provenance, ReadsVersion02) {
  const auto provenance = provenance_of(with_predicate(kSlsaProvenanceV02, R"({
        "builder": {"id": "b"}, "buildType": "t", "metadata": {"buildFinishedOn": "2026-11-27T02:38:00Z"},
        "materials": [{"uri": "u", "digest": {"sha1": "ab12"}}, {"uri": "without digest"}]})"))
                              .value();
  EXPECT_EQ(provenance.builder_id, "b");
  EXPECT_EQ(provenance.finished_on, "2026-11-27T02:38:00Z");
  EXPECT_EQ(provenance.materials.size(), 2U);
}

TEST(Provenance, RefusesEachFieldThatIsWrong) {
  const auto where = [](std::string_view type, std::string_view predicate) {
    return provenance_of(with_predicate(type, predicate)).error().where;
  };
  EXPECT_EQ(where("https://slsa.dev/provenance/v0.1", "{}"), "$.predicateType");
  EXPECT_EQ(where(kSlsaProvenanceV1, "{}"), "$.predicate");
  EXPECT_EQ(where(kSlsaProvenanceV1, R"({"runDetails": {"builder": {"id": ""}}})"),
            "$.predicate.runDetails.builder.id");
  EXPECT_EQ(where(kSlsaProvenanceV1, R"({"runDetails": {"builder": {"id": "b"}}, "buildDefinition": {}})"),
            "$.predicate.buildDefinition");
  EXPECT_EQ(where(kSlsaProvenanceV02, R"({"builder": {"id": "b"}})"), "$.predicate");
  EXPECT_EQ(where(kSlsaProvenanceV02, R"({"builder": {"id": "b"}, "buildType": "t", "materials": {}})"),
            "$.predicate.materials");
  EXPECT_EQ(where(kSlsaProvenanceV02,
                  R"({"builder": {"id": "b"}, "buildType": "t", "materials": [{"digest": {"sha1": "X"}}]})"),
            "$.predicate.materials[0].digest.sha1");
}

}  // namespace
}  // namespace stella::statement
