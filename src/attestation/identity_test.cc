#include "stella/attestation/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stella::attestation {
namespace {

using ::testing::HasSubstr;
using Kind = crypto::SubjectAlternativeName::Kind;

const std::string kGitHub = "https://token.actions.githubusercontent.com";
const std::string kName = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main";

SignerClaims claims() {
  return {.names = {{.kind = Kind::kUri, .value = kName}},
          .issuer = kGitHub,
          .extensions = {{.number = 12, .name = "repository", .value = "https://github.com/acme/app"},
                         {.number = 14, .name = "ref", .value = "refs/heads/main"},
                         {.number = 20, .name = "trigger", .value = "push"},
                         {.number = 23, .name = "environment", .value = "production"}}};
}

std::string outcome(std::string_view identity, const SignerClaims& claims,
                    std::string_view issuer = kGitHub) {
  auto pattern = parse_identity(identity);
  if (!pattern) return to_string(pattern.error());
  const auto rule = make_signer_rule(*std::move(pattern), issuer);
  if (!rule) return to_string(rule.error());
  const auto status = match(*rule, claims);
  return status ? "" : to_string(status.error());
}

TEST(TextPattern, TakesDotStarForAnyTextAndAllElseLiterally) {
  const auto matches = [](std::string_view pattern, std::string_view text) {
    return TextPattern::wildcard(pattern).value().matches(text);
  };
  EXPECT_TRUE(matches("a.b", "a.b"));
  EXPECT_FALSE(matches("a.b", "axb"));
  EXPECT_FALSE(matches("a.b", "a.bc"));
  EXPECT_TRUE(matches("a.*", "a"));
  EXPECT_TRUE(matches("a.*c", "abc"));
  EXPECT_TRUE(matches("a.*b.*c", "a-b-b-c"));
  EXPECT_FALSE(matches("a.*b.*c", "a-c-b"));
  EXPECT_FALSE(matches("ab.*ba", "aba"));
  EXPECT_TRUE(matches("ab.*ba", "abba"));
  EXPECT_FALSE(matches("https://github.com/acme/.*", "https://github.com/acmeevil/x"));
}

TEST(TextPattern, IsNeverForEverybody) {
  for (const char* pattern : {"", ".*", ".*@example.com", ".*.*"})
    EXPECT_FALSE(TextPattern::wildcard(pattern)) << pattern;
  for (const char* pattern : {"", ".*", ".+", "(.|x)*", "(?s).*", "a|.*", "[a-z]*", "a?.*", "^.*$", "a*",
                              "(?:)", "x{0}.*", "\\w+", "(a|b)x", "[ab]x", "(?i)abc"}) {
    EXPECT_FALSE(TextPattern::regexp(pattern)) << pattern;
  }
  for (const char* pattern :
       {"a", "a.*", "https://github\\.com/acme/.*", "^https://x", "(?:ab|ac)d", "a|ab"}) {
    EXPECT_TRUE(TextPattern::regexp(pattern)) << pattern;
  }
}

TEST(TextPattern, RegexpsMatchAsAWhole) {
  const TextPattern pattern = TextPattern::regexp("https://github\\.com/acme/[a-z]+").value();
  EXPECT_TRUE(pattern.matches("https://github.com/acme/app"));
  EXPECT_FALSE(pattern.matches("https://github.com/acme/app/evil"));
  EXPECT_FALSE(pattern.matches("xhttps://github.com/acme/app"));
  EXPECT_FALSE(pattern.matches("https://github.com/acme/app\n"));
  // An alternative must not escape the anchors.
  EXPECT_FALSE(TextPattern::regexp("abc|abd").value().matches("abcabd"));
}

TEST(TextPattern, EndsQuicklyWhateverTheExpression) {
  EXPECT_FALSE(TextPattern::regexp("a(((a{100}){100}){100})").has_value());
  const TextPattern pattern = TextPattern::regexp("a(a*)*b").value();
  EXPECT_FALSE(pattern.matches(std::string(100'000, 'a')));
  EXPECT_FALSE(TextPattern::regexp("(unclosed"));
  EXPECT_EQ(TextPattern::wildcard(std::string(kPatternSizeMaxBytes + 1, 'a')).error().code,
            ErrorCode::kLimitExceeded);
}

TEST(Identity, ComparesNamesWithEveryAlternativeName) {
  EXPECT_EQ(outcome(kName, claims()), "");
  EXPECT_EQ(outcome("https://github.com/acme/app/.*@refs/heads/main", claims()), "");
  EXPECT_THAT(outcome(kName + "x", claims()), HasSubstr("the signer is another"));
  SignerClaims two = claims();
  two.names.push_back({.kind = Kind::kEmail, .value = "evil@example.com"});
  EXPECT_THAT(outcome(kName, two), HasSubstr("evil@example.com"));
  two.names.clear();
  EXPECT_THAT(outcome(kName, two), HasSubstr("no name"));
}

TEST(Identity, PinsTheIssuer) {
  EXPECT_THAT(outcome(kName, claims(), "https://evil.example"), HasSubstr("another issuer"));
  EXPECT_THAT(outcome(kName, claims(), ".*"), HasSubstr("no identity"));
  for (const char* issuer : {"https://.*", "https://token.*", "h.*", "https://a.*/b"}) {
    EXPECT_THAT(outcome(kName, claims(), issuer), HasSubstr("host must be known exactly")) << issuer;
  }
  EXPECT_THAT(outcome(kName, claims(), "https://token.actions.githubusercontent.com/.*"),
              HasSubstr("another issuer"));
  SignerClaims without = claims();
  without.issuer.clear();
  EXPECT_THAT(outcome(kName, without), HasSubstr("no issuer"));
}

TEST(Identity, IsNeverEverybodys) {
  const auto by_regexp = [](std::string_view expression, const char* condition = nullptr) {
    auto pattern = parse_identity_regexp(expression);
    if (!pattern) return to_string(pattern.error());
    std::vector<ExtensionCondition> conditions;
    if (condition != nullptr) conditions.push_back(parse_condition(condition).value());
    const auto rule = make_signer_rule(*std::move(pattern), kGitHub, std::move(conditions));
    return rule ? "" : to_string(rule.error());
  };
  EXPECT_THAT(by_regexp("https://github.com/acme/.*"), HasSubstr("with the dots of the host escaped"));
  EXPECT_EQ(by_regexp(R"(https://github\.com/acme/.*)"), "");
  for (const char* pattern : {"h.*", "https:.*", "https://.*", "https://.*@refs/heads/main",
                              "https://git.*/acme/.*", "https://github.com.*", "http.*", "https:///.*"}) {
    EXPECT_THAT(outcome(pattern, claims()), HasSubstr("host of an identity")) << pattern;
  }
  for (const char* expression :
       {"h.*", "https?://github\\.com/acme/.*", "https://.+", "https://[a-z.]+/acme/app.*",
        "https://github\\.com.*", "https://(github|evil)\\.com/acme/.*"}) {
    EXPECT_THAT(by_regexp(expression), HasSubstr("host of an identity")) << expression;
  }
  for (const char* owner : {"https://github.com/.*", "https://github.com/ac.*", "https://gitlab.com/.*/x"})
    EXPECT_THAT(outcome(owner, claims()), HasSubstr("anybody can have")) << owner;
  EXPECT_THAT(by_regexp("https://github\\.com/[^/]+/app/.*"), HasSubstr("anybody can have"));
  // Whom the pattern leaves open, a condition may tell.
  EXPECT_EQ(by_regexp("https://github\\.com/.*", "repository=https://github.com/acme/app"), "");
  EXPECT_EQ(by_regexp("https://github\\.com/.*", "owner_id=1234"), "");
  for (const char* condition :
       {"visibility=public", "repository=https://.*", "repository=https://github.com/.*"})
    EXPECT_THAT(by_regexp("https://github\\.com/.*", condition), HasSubstr("anybody can have")) << condition;
  EXPECT_EQ(by_regexp("https://github\\.com/acme/.*"), "");
  EXPECT_EQ(by_regexp("https://github\\.com/acme/app/\\.github/workflows/[a-z]+\\.yml@refs/heads/main"), "");
  EXPECT_EQ(by_regexp("release@example\\.com"), "");
  EXPECT_EQ(outcome("https://github.com/acme/.*", claims()), "");
  EXPECT_THAT(outcome("https://git.example.com/.*", claims()), HasSubstr("the signer is another"));
}

TEST(Identity, TakesGitHubsSubjectsApart) {
  EXPECT_EQ(outcome("repo:acme/app:ref:refs/heads/main", claims()), "");
  EXPECT_EQ(outcome("repo:acme/app:ref:refs/heads/.*", claims()), "");
  EXPECT_EQ(outcome("repo:acme/app:environment:production", claims()), "");
  EXPECT_EQ(outcome("repo:acme/.*:ref:refs/heads/main", claims()), "");
  EXPECT_EQ(outcome("repo:acme/app:.*", claims()), "");
  EXPECT_THAT(outcome("repo:acme/app:ref:refs/heads/dev", claims()),
              HasSubstr("the certificate's ref is another"));
  EXPECT_THAT(outcome("repo:acme/ap:ref:refs/heads/main", claims()),
              HasSubstr("the certificate's repository is another"));
  EXPECT_THAT(outcome("repo:acme/app:environment:staging", claims()),
              HasSubstr("expected staging, found production"));
  EXPECT_THAT(outcome("repo:acme/app:pull_request", claims()),
              HasSubstr("the certificate's trigger is another"));
}

TEST(Identity, RefusesSubjectsThatNoCertificateCanShow) {
  EXPECT_THAT(outcome("repo:acme/app", claims()), HasSubstr("which workflow runs"));
  EXPECT_THAT(outcome("repo:.*/app:ref:refs/heads/main", claims()), HasSubstr("literal owner"));
  EXPECT_THAT(outcome("repo:acme:ref:refs/heads/main", claims()), HasSubstr("owner/name"));
  EXPECT_THAT(outcome("repo:acme/app:job_workflow_ref:x", claims()),
              HasSubstr("no claim \"job_workflow_ref\""));
  EXPECT_THAT(outcome("repo:acme/app:ref:", claims()), HasSubstr("no value"));
  EXPECT_THAT(outcome("repo:acme/app:ref:.*", claims()), HasSubstr("no identity"));
  EXPECT_THAT(outcome("project_path:acme/app:ref_type:branch:ref:main:ref_protected:true", claims()),
              HasSubstr("no claim \"ref_protected\""));
  EXPECT_THAT(outcome("project_path:acme/app:ref:main", claims()), HasSubstr("ref_type"));
  EXPECT_THAT(outcome("repo:acme/app:ref:refs/heads/main", claims(), "https://token.*"),
              HasSubstr("known exactly"));
}

TEST(Identity, TakesGitLabsSubjectsApartOnTheIssuersHost) {
  SignerClaims gitlab{
      .issuer = "https://git.example.com",
      .extensions = {{.number = 12, .name = "repository", .value = "https://git.example.com/acme/app"},
                     {.number = 14, .name = "ref", .value = "refs/heads/main"}}};
  const std::string_view subject = "project_path:acme/app:ref_type:branch:ref:main";
  EXPECT_EQ(outcome(subject, gitlab, "https://git.example.com"), "");
  EXPECT_THAT(outcome("project_path:acme/app:ref_type:tag:ref:main", gitlab, "https://git.example.com"),
              HasSubstr("refs/tags/main"));
  gitlab.extensions[0].value = "https://gitlab.com/acme/app";
  EXPECT_THAT(outcome(subject, gitlab, "https://git.example.com"), HasSubstr("repository is another"));
}

TEST(Builder, HasAHost) {
  EXPECT_TRUE(parse_builder("https://b.test/.*")->matches("https://b.test/builder"));
  EXPECT_TRUE(parse_builder("https://b.test"));
  for (const char* everybody : {".*", "https://.*", "h.*", "https://b.test.*"})
    EXPECT_FALSE(parse_builder(everybody)) << everybody;
}

TEST(Condition, NamesAKnownExtension) {
  const auto condition = parse_condition("repository=https://github.com/acme/.*").value();
  EXPECT_EQ(condition.name, "repository");
  const SignerRule rule =
      make_signer_rule(parse_identity(kName).value(), kGitHub, {parse_condition("visibility=public").value()})
          .value();
  EXPECT_THAT(to_string(match(rule, claims()).error()), HasSubstr("says nothing about visibility"));
  EXPECT_THAT(to_string(parse_condition("colour=red").error()), HasSubstr("repository"));
  EXPECT_FALSE(parse_condition("repository"));
  EXPECT_FALSE(parse_condition("repository=.*"));
}

}  // namespace
}  // namespace stella::attestation
