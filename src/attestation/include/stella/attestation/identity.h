// Whose signature is wanted: patterns for the names in certificates, for issuers, and for the claims in
// Fulcio's extensions. No pattern may match everything: "anybody" is not an identity.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/error.h"
#include "stella/crypto/certificate.h"

namespace stella::attestation {

inline constexpr std::size_t kPatternSizeMaxBytes = 4096;
inline constexpr std::size_t kRegexpMemoryMaxBytes = std::size_t{1} << 20;

// A pattern for one text, always matched as a whole.
class TextPattern {
 public:
  // Exact, except that ".*" stands for any text; every other character is literal.
  // Errors: kInvalidArgument for an empty pattern, or one without a literal beginning.
  [[nodiscard]] static Result<TextPattern> wildcard(std::string_view pattern);
  // RE2 syntax, anchored at both ends; linear time. Errors: kInvalidArgument when it does not compile, has no
  // literal beginning, or is too large.
  [[nodiscard]] static Result<TextPattern> regexp(std::string_view pattern);

  [[nodiscard]] bool matches(std::string_view text) const;
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool is_regexp() const { return regexp_ != nullptr; }
  // With what every match begins; the whole text for a pattern that matches one text only.
  [[nodiscard]] const std::string& beginning() const { return beginning_; }

 private:
  struct Regexp;
  std::string text_;
  std::string beginning_;
  std::shared_ptr<const Regexp> regexp_;
};

// A condition on one of Fulcio's extensions, by its name: "repository", "ref", "environment" …
struct ExtensionCondition {
  std::string name{};
  TextPattern value;
};

// An identity as the command line and the policy write it:
//   https://github.com/org/repo/.github/workflows/x.yml@refs/heads/main   against the subject alternative
//   names repo:org/repo:ref:refs/heads/main, repo:org/repo:environment:NAME, repo:org/repo:pull_request,
//   project_path:group/project:ref_type:branch:ref:main   against the extensions
// Errors: kInvalidArgument; also for a claim that no extension carries, such as GitLab's ref_protected.
struct IdentityPattern {
  std::string text{};                 // as written
  std::optional<TextPattern> name{};  // of the subject alternative names
  std::string repository{};           // of a token subject: owner/name on the issuer's host; else empty
  std::vector<ExtensionCondition> conditions{};  // of a token subject
};
[[nodiscard]] Result<IdentityPattern> parse_identity(std::string_view text);
[[nodiscard]] Result<IdentityPattern> parse_identity_regexp(std::string_view text);
// The id of a builder; ".*" may stand after its host. Errors: kInvalidArgument.
[[nodiscard]] Result<TextPattern> parse_builder(std::string_view text);
// "NAME=PATTERN". Errors: kInvalidArgument with the names that are known.
[[nodiscard]] Result<ExtensionCondition> parse_condition(std::string_view text);

// One signer that is trusted: a name, by an issuer, under conditions.
struct SignerRule {
  IdentityPattern identity;
  TextPattern issuer;  // an OIDC issuer's URL
  std::vector<ExtensionCondition> conditions{};
};
// Errors: kInvalidArgument. `issuer` may hold ".*" after its host. So may a name that is a URL; on hosts
// where anybody can have a repository, the owner must be literal too, unless a condition tells whose
// repository is meant.
[[nodiscard]] Result<SignerRule> make_signer_rule(IdentityPattern identity, std::string_view issuer,
                                                  std::vector<ExtensionCondition> conditions = {});

// What a certificate says about its owner.
struct SignerClaims {
  std::vector<crypto::SubjectAlternativeName> names{};
  std::string issuer{};  // empty when no extension holds it
  std::vector<crypto::FulcioExtension> extensions{};

  [[nodiscard]] const std::string* extension(std::string_view name) const;
};
[[nodiscard]] Result<SignerClaims> claims_of(const crypto::Certificate& certificate);

// Errors: kUntrusted, `expected` and `found` set, naming the issuer, the name or the first condition that
// does not match.
[[nodiscard]] Status match(const SignerRule& rule, const SignerClaims& claims);

}  // namespace stella::attestation
