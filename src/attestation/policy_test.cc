#include "stella/attestation/policy.h"

#include <map>

#include <gtest/gtest.h>

namespace stella::attestation {
namespace {

const std::string kIssuer = "https://token.actions.githubusercontent.com";

Result<TrustPolicy> parse(const std::string& text, std::map<std::string, std::string> files = {}) {
  return parse_trust_policy(text, [&](const std::string& path) -> Result<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) return fail(ErrorCode::kNotFound, "no such file", path);
    return found->second;
  });
}

std::string with_rule(const std::string& rest, const std::string& types = "[https://x.test/v1]") {
  return "version: 1\ntrust:\n  rules:\n    - predicate_types: " + types + "\n" + rest;
}
const std::string kSigner =
    "      signers:\n        - identity: repo:org/repo:ref:refs/heads/main\n          issuer: " + kIssuer +
    "\n";

TEST(Policy, ReadsARuleWithEverythingInIt) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kEd25519)->public_key();
  const auto policy =
      parse(with_rule(kSigner + "          require: {environment: production}\n" +
                          "      keys: [release.pub]\n      builders: ['https://b.test/.*']\n" +
                          "      slsa_level: 2\n      require_log: true\n      logs: 2\n" +
                          "      timestamps: 1\n      witnesses: w.txt\n      max_age_days: 90\n",
                      "[https://x.test/v1, StellaOps.VEXAttestation@1]"),
            {{"release.pub", key.to_pem()}, {"w.txt", "quorum none\n"}});
  ASSERT_TRUE(policy) << to_string(policy.error());
  const TrustRule* rule = find_rule(*policy, "https://schemas.stella-ops.org/attestations/vex-attestation@1");
  ASSERT_NE(rule, nullptr);
  EXPECT_EQ(rule, find_rule(*policy, "https://x.test/v1"));
  EXPECT_EQ(rule->where, "line 4");
  EXPECT_EQ(rule->policy.signers.size(), 1U);
  EXPECT_EQ(rule->policy.signers[0].conditions.front().name, "environment");
  EXPECT_EQ(rule->policy.keys[0], key);
  EXPECT_EQ(rule->policy.slsa_level_min, 2);
  EXPECT_EQ(rule->policy.logs_min, 2U);
  EXPECT_EQ(rule->policy.timestamps_min, 1U);
  EXPECT_EQ(rule->policy.age_max_days, 90);
  EXPECT_NE(rule->policy.witnesses, nullptr);
  EXPECT_TRUE(rule->policy.require_log);
}

TEST(Policy, TrustsNobodyForAKindThatNoRuleNames) {
  const auto policy = parse(with_rule(kSigner)).value();
  EXPECT_EQ(find_rule(policy, "https://y.test/v1"), nullptr);
  EXPECT_EQ(find_rule(policy, kFileSignature), nullptr);
  const auto open = parse(with_rule(kSigner, "[any-other]")).value();
  EXPECT_NE(find_rule(open, "https://y.test/v1"), nullptr);
}

TEST(Policy, TakesTheAgeOfTheWholeFileUnlessARuleHasItsOwn) {
  const std::string text = with_rule(kSigner) + "attestation: {max_age_days: 30}\n";
  EXPECT_EQ(parse(text)->rules[0].policy.age_max_days, 30);
  EXPECT_EQ(parse(with_rule(kSigner))->rules[0].policy.age_max_days, std::nullopt);
}

TEST(Policy, NamesTheLineOfEachMistake) {
  const auto error = [](const std::string& text) {
    const auto policy = parse(text);
    return policy ? Error{.where = "accepted"} : policy.error();
  };
  const auto starts = [&](const std::string& text, const std::string& where) {
    const Error found = error(text);
    EXPECT_TRUE(found.where.starts_with(where)) << text << "\n" << to_string(found);
    EXPECT_EQ(found.code, ErrorCode::kInvalidArgument);
  };
  EXPECT_EQ(error(with_rule(kSigner)).where, "accepted");
  starts("version: 2\ntrust: {rules: []}\n", "line 1: $.version");
  starts("version: 1\n", "line 1: $");
  starts("version: 1\ntrust: {rules: []}\n", "line 2: $.trust.rules");
  starts("version: 1\ngates: {}\ntrust: {}\n", "line 1: $");
  starts(with_rule(kSigner + "      require_logs: true\n"), "line 4: $.trust.rules[0]");
  starts(with_rule(kSigner + "      require_log: yes\n"), "line 8: $.trust.rules[0].require_log");
  starts(with_rule(kSigner + "      logs: -1\n"), "line 8: $.trust.rules[0].logs");
  starts(with_rule(kSigner + "      max_age_days: 1.5\n"), "line 8: $.trust.rules[0].max_age_days");
  starts(with_rule(""), "line 4: $.trust.rules[0]");
  starts(with_rule("      signers: []\n"), "line 5: $.trust.rules[0].signers");
  starts(with_rule("      signers:\n        - issuer: " + kIssuer + "\n"),
         "line 6: $.trust.rules[0].signers[0]");
  starts(with_rule("      signers:\n        - identity: '.*'\n          issuer: " + kIssuer + "\n"),
         "line 6: $.trust.rules[0].signers[0].identity");
  starts(
      with_rule("      signers:\n        - identity_regexp: '(.|x)*'\n          issuer: " + kIssuer + "\n"),
      "line 6: $.trust.rules[0].signers[0].identity_regexp");
  starts(with_rule("      signers:\n        - identity: a@b.test\n          issuer: '.*'\n"),
         "line 7: $.trust.rules[0].signers[0].issuer");
  starts(with_rule(kSigner + "          require: {nothing: x}\n"),
         "line 8: $.trust.rules[0].signers[0].require.nothing");
  starts(with_rule("      keys: [absent.pub]\n"), "line 5: $.trust.rules[0].keys[0]: absent.pub");
  starts(with_rule("      keys: ['-----BEGIN PUBLIC KEY-----']\n"), "line 5: $.trust.rules[0].keys[0]");
  starts(with_rule(kSigner + "      builders: ['.*']\n"), "line 8: $.trust.rules[0].builders[0]");
  starts(with_rule(kSigner, "[]"), "line 4: $.trust.rules[0].predicate_types");
  starts(with_rule(kSigner, "[a, a]"), "line 4: $.trust.rules[0]");
  starts(with_rule(kSigner) + "version: 1\n", "line 8");
}

TEST(Policy, HasATemplateThatIsItselfAPolicy) {
  const auto policy = parse(std::string(policy_template()));
  ASSERT_TRUE(policy) << to_string(policy.error());
  EXPECT_NE(find_rule(*policy, "https://slsa.dev/provenance/v1"), nullptr);
  std::string all(policy_template());
  for (const std::string setting : {"attestation:", "  max_age_days: 365",
                                    "builders:", "slsa_level:", "logs:", "timestamps:", "max_age_days: 90",
                                    "- predicate_types: [file-signature]", "  keys:"}) {
    const std::size_t at = all.find("# " + setting);
    ASSERT_NE(at, std::string::npos) << setting;
    all.erase(at, 2);
  }
  const auto whole = parse(
      all,
      {{"keys/release.pub", crypto::PrivateKey::generate(crypto::KeyType::kEd25519)->public_key().to_pem()}});
  ASSERT_TRUE(whole) << to_string(whole.error());
  EXPECT_EQ(whole->rules[0].policy.age_max_days, 90);
  EXPECT_EQ(find_rule(*whole, kFileSignature)->policy.age_max_days, 365);
}

}  // namespace
}  // namespace stella::attestation
