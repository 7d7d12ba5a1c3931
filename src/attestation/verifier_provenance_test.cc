// SLSA provenance: builder, level, materials.
#include "verifier_testing.h"

namespace stella::attestation {
namespace {

class VerifyProvenance : public Verify {
 protected:
  Bundle provenance(const SignRequest& request = {}) {
    const std::string material = to_hex(sha256(as_bytes("material")).view());
    return sigstore.sign_payload(
        statement_about(
            content(), "https://slsa.dev/provenance/v1",
            R"({"buildDefinition":{"buildType":"https://example.com/build","externalParameters":{},)"
            R"("resolvedDependencies":[{"uri":"pkg:generic/m","digest":{"sha256":")" +
                material + R"("}}]},"runDetails":{"builder":{"id":"https://example.com/builder"}}})"),
        request);
  }
};

TEST_F(VerifyProvenance, ChecksTheBuilder) {
  VerifyPolicy wanted = policy();
  wanted.builders = {TextPattern::wildcard("https://example.com/builder").value()};
  EXPECT_EQ(accepted(provenance(), wanted).builder_id, "https://example.com/builder");
  wanted.builders = {TextPattern::wildcard("https://example.com/other").value()};
  expect_refused(provenance(), wanted, CheckId::kBuilder, "built by another builder");
  expect_refused(statement(), wanted, CheckId::kBuilder, "no SLSA provenance");
}

TEST_F(VerifyProvenance, DerivesTheLevel) {
  VerifyPolicy wanted = policy();
  EXPECT_EQ(accepted(provenance(), wanted).slsa_level, 1);
  const SignRequest hosted{
      .extensions = {testing::utf8_extension("1.3.6.1.4.1.57264.1.11", "github-hosted")}};
  EXPECT_EQ(accepted(provenance(hosted), wanted).slsa_level, 2);
  const SignRequest own{.extensions = {testing::utf8_extension("1.3.6.1.4.1.57264.1.11", "self-hosted")}};
  EXPECT_EQ(accepted(provenance(own), wanted).slsa_level, 1);
  wanted.slsa_level_min = 3;
  expect_refused(provenance(hosted), wanted, CheckId::kBuilder, "lower SLSA level");
}

TEST_F(VerifyProvenance, NeedsToBeReadableOnlyWhereItIsAskedFor) {
  const Bundle bundle =
      sigstore.sign_payload(statement_about(content(), "https://slsa.dev/provenance/v1", "{}"));
  EXPECT_EQ(accepted(bundle, policy()).find(CheckId::kBuilder)->state, CheckState::kFailed);
  VerifyPolicy wanted = policy();
  wanted.slsa_level_min = 1;
  expect_refused(bundle, wanted, CheckId::kBuilder, "expected runDetails");
}

TEST_F(VerifyProvenance, ComparesMaterials) {
  VerifyPolicy wanted = policy();
  wanted.materials = {sha256(as_bytes("material"))};
  accepted(provenance(), wanted);
  wanted.materials.push_back(sha256(as_bytes("other")));
  expect_refused(provenance(), wanted, CheckId::kMaterials, "not among those");
  expect_refused(statement(), wanted, CheckId::kMaterials, "no SLSA provenance");
}

}  // namespace
}  // namespace stella::attestation
