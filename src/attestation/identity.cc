#include "stella/attestation/identity.h"

#include <re2/re2.h>

#include <algorithm>

#include <fmt/format.h>

namespace stella::attestation {

struct TextPattern::Regexp {
  Regexp(std::string_view pattern, const re2::RE2::Options& options)
      : expression(re2::StringPiece(pattern.data(), pattern.size()), options) {}
  re2::RE2 expression;
};

namespace {

constexpr std::string_view kAny = ".*";
constexpr std::size_t kBeginningMaxBytes = 512;

std::unexpected<Error> refused(std::string message, std::string_view pattern, std::string expected) {
  return fail({.code = ErrorCode::kInvalidArgument,
               .message = std::move(message),
               .expected = std::move(expected),
               .found = fmt::format("\"{}\"", pattern.substr(0, 200))});
}

Status check_size(std::string_view pattern) {
  if (pattern.empty()) return refused("a pattern is empty", pattern, "whom to trust");
  if (pattern.size() > kPatternSizeMaxBytes) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "a pattern is too long",
                 .expected = fmt::format("at most {} bytes", kPatternSizeMaxBytes),
                 .found = fmt::format("{} bytes", pattern.size())});
  }
  return {};
}

// With what every text begins that `expression` matches, as far as RE2's bounds on its matches tell: what
// both have in common. Of an expression "c…" followed by anything, the bounds are "c…" and its successor.
std::string literal_beginning(const re2::RE2& expression) {
  std::string low;
  std::string high;
  if (!expression.PossibleMatchRange(&low, &high, static_cast<int>(kBeginningMaxBytes))) return {};
  const auto differing = std::ranges::mismatch(low, high);
  const auto common = static_cast<std::size_t>(differing.in1 - low.begin());
  const bool is_successor =
      common + 1 == low.size() && common + 1 == high.size() && common > 0 &&
      static_cast<unsigned char>(low[common]) + 1 == static_cast<unsigned char>(high[common]);
  return is_successor ? low : low.substr(0, common);
}

// "https://.*" would speak for everybody: of a URL, scheme and host are literal.
bool has_literal_host(std::string_view beginning) {
  const std::size_t scheme = beginning.find("://");
  if (scheme != std::string_view::npos) {
    const std::size_t host = scheme + 3;
    const std::size_t end = beginning.find('/', host);
    return end != std::string_view::npos && end > host;
  }
  return !std::string_view("https://").starts_with(beginning) &&
         !std::string_view("http://").starts_with(beginning);
}

// Hosts where anybody can have a repository: there an owner tells people apart, not the host.
bool has_literal_owner(std::string_view beginning) {
  for (const std::string_view host : {"https://github.com/", "https://gitlab.com/"}) {
    if (beginning.starts_with(host) && beginning.find('/', host.size()) == std::string_view::npos)
      return false;
  }
  return true;
}

bool matches_wildcard(std::string_view pattern, std::string_view text) {
  std::size_t any = pattern.find(kAny);
  if (any == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, any))) return false;
  text.remove_prefix(any);
  pattern.remove_prefix(any + kAny.size());
  // Between wildcards, the first place that fits leaves the most for the rest.
  for (any = pattern.find(kAny); any != std::string_view::npos; any = pattern.find(kAny)) {
    const std::size_t at = text.find(pattern.substr(0, any));
    if (at == std::string_view::npos) return false;
    text.remove_prefix(at + any);
    pattern.remove_prefix(any + kAny.size());
  }
  return text.ends_with(pattern);
}

}  // namespace

Result<TextPattern> TextPattern::wildcard(std::string_view pattern) {
  STELLA_CHECK(check_size(pattern));
  if (pattern.starts_with(kAny)) {
    return refused("a pattern that matches anybody is no identity", pattern,
                   "a pattern with a literal beginning");
  }
  TextPattern result;
  result.text_ = pattern;
  result.beginning_ = pattern.substr(0, pattern.find(kAny));
  return result;
}

Result<TextPattern> TextPattern::regexp(std::string_view pattern) {
  STELLA_CHECK(check_size(pattern));
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(static_cast<std::int64_t>(kRegexpMemoryMaxBytes));
  options.set_dot_nl(false);
  // The anchors: a pattern never matches a part of a name.
  const std::string anchored = fmt::format("^(?:{})$", pattern);
  auto compiled = std::make_shared<const Regexp>(anchored, options);
  // Alone too: "x)|(?:.*" closes the group around it, and is no expression by itself.
  const re2::RE2 alone(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!alone.ok() || !compiled->expression.ok()) {
    return refused("a regular expression cannot be compiled: " +
                       (alone.ok() ? compiled->expression.error() : alone.error()),
                   pattern, "RE2 syntax");
  }
  std::string beginning = literal_beginning(compiled->expression);
  if (beginning.empty()) {
    return refused("a regular expression that may match anybody is no identity", pattern,
                   "an expression with a literal beginning, such as https://github\\.com/org/.*");
  }
  TextPattern result;
  result.text_ = pattern;
  result.beginning_ = std::move(beginning);
  result.regexp_ = std::move(compiled);
  return result;
}

bool TextPattern::matches(std::string_view text) const {
  if (regexp_ == nullptr) return matches_wildcard(text_, text);
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), regexp_->expression);
}

Result<TextPattern> parse_builder(std::string_view text) {
  STELLA_TRY(TextPattern builder, TextPattern::wildcard(text));
  if (text.find(kAny) != std::string_view::npos && !has_literal_host(builder.beginning())) {
    return refused("the host of a builder must be known exactly", text,
                   "such as https://builds.example.com/.*");
  }
  return builder;
}

Result<ExtensionCondition> parse_condition(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const auto known = crypto::fulcio_extension_names();
  if (equals == std::string_view::npos ||
      std::ranges::find(known, name, &crypto::FulcioExtensionName::name) == known.end()) {
    std::string names;
    for (const auto& extension : known)
      names += fmt::format("{}{}", names.empty() ? "" : ", ", extension.name);
    return refused("not a condition on a certificate's extension", text,
                   "NAME=PATTERN, with NAME one of " + names);
  }
  STELLA_TRY(TextPattern value, TextPattern::wildcard(text.substr(equals + 1)));
  return ExtensionCondition{.name = std::string(name), .value = std::move(value)};
}

namespace {

// Where the repositories live whose tokens `issuer` signs.
Result<std::string> repository_host(std::string_view issuer) {
  if (issuer == "https://token.actions.githubusercontent.com") return "https://github.com";
  constexpr std::string_view kScheme = "https://";
  if (!issuer.starts_with(kScheme) || issuer.find(kAny) != std::string_view::npos) {
    return refused("a repository in an identity needs an issuer that is known exactly", issuer,
                   "an https URL");
  }
  return std::string(issuer.substr(0, std::min(issuer.find('/', kScheme.size()), issuer.size())));
}

// Whether the condition is met by the repositories of somebody in particular: "visibility=public" is not.
bool tells_whom(const ExtensionCondition& condition) {
  constexpr std::string_view kOfRepository[] = {
      "repository", "repository_id", "owner", "owner_id", "build_config_uri", "github_workflow_repository"};
  const std::string& beginning = condition.value.beginning();
  return std::ranges::find(kOfRepository, condition.name) != std::end(kOfRepository) &&
         has_literal_host(beginning) && has_literal_owner(beginning);
}

// A name that is written out stands for itself; a pattern must not stand for everybody.
Status check_name(const IdentityPattern& identity, const std::vector<ExtensionCondition>& conditions) {
  if (!identity.name) return {};
  const TextPattern& name = *identity.name;
  if (!name.is_regexp() && name.text().find(kAny) == std::string::npos) return {};
  // In an expression a bare dot stands for any character, so that github.com would fit another host too.
  const std::string example = name.is_regexp()
                                  ? R"(https://github\.com/org/.* with the dots of the host escaped)"
                                  : "https://github.com/org/.*";
  if (!has_literal_host(name.beginning())) {
    return refused("the host of an identity must be known exactly", name.text(), "such as " + example);
  }
  if (!has_literal_owner(name.beginning()) && std::ranges::none_of(conditions, tells_whom)) {
    return refused("an identity that anybody can have is none", name.text(),
                   "a literal owner, such as " + example + ", or --require repository=…");
  }
  return {};
}

}  // namespace

Result<SignerRule> make_signer_rule(IdentityPattern identity, std::string_view issuer,
                                    std::vector<ExtensionCondition> conditions) {
  STELLA_TRY(TextPattern pattern, TextPattern::wildcard(issuer));
  // "https://.*" would let any issuer vouch for any name: scheme and host are literal.
  const std::size_t any = issuer.find(kAny);
  const std::size_t scheme = issuer.find("://");
  if (any != std::string_view::npos &&
      (scheme == std::string_view::npos || issuer.find('/', scheme + 3) > any)) {
    return refused("an issuer's host must be known exactly", issuer, "such as https://gitlab.example.com/.*");
  }
  STELLA_CHECK(check_name(identity, conditions));
  if (!identity.repository.empty()) {
    STELLA_TRY(const std::string host, repository_host(issuer));
    STELLA_TRY(TextPattern repository,
               TextPattern::wildcard(fmt::format("{}/{}", host, identity.repository)));
    conditions.push_back({.name = "repository", .value = std::move(repository)});
  }
  return SignerRule{
      .identity = std::move(identity), .issuer = std::move(pattern), .conditions = std::move(conditions)};
}

const std::string* SignerClaims::extension(std::string_view name) const {
  const auto found = std::ranges::find(extensions, name, &crypto::FulcioExtension::name);
  return found == extensions.end() ? nullptr : &found->value;
}

Result<SignerClaims> claims_of(const crypto::Certificate& certificate) {
  SignerClaims claims{.names = certificate.fields().names};
  STELLA_TRY(claims.extensions, crypto::fulcio_extensions(certificate));
  if (const std::string* issuer = claims.extension("issuer")) {
    claims.issuer = *issuer;
  } else if (const std::string* raw = claims.extension("issuer_raw")) {
    claims.issuer = *raw;
  }
  return claims;
}

namespace {

std::unexpected<Error> another(std::string message, std::string expected, std::string found) {
  return fail({.code = ErrorCode::kUntrusted,
               .message = std::move(message),
               .expected = std::move(expected),
               .found = std::move(found)});
}

Status match_condition(const ExtensionCondition& condition, const SignerClaims& claims) {
  const std::string* value = claims.extension(condition.name);
  if (value == nullptr) {
    return another(fmt::format("the certificate says nothing about {}", condition.name),
                   condition.value.text(), "no such extension");
  }
  if (!condition.value.matches(*value)) {
    return another(fmt::format("the certificate's {} is another", condition.name), condition.value.text(),
                   *value);
  }
  return {};
}

}  // namespace

Status match(const SignerRule& rule, const SignerClaims& claims) {
  if (!rule.issuer.matches(claims.issuer)) {
    return another("the identity was confirmed by another issuer", rule.issuer.text(),
                   claims.issuer.empty() ? "no issuer" : claims.issuer);
  }
  if (rule.identity.name) {
    const auto fits = [&](const crypto::SubjectAlternativeName& name) {
      return rule.identity.name->matches(name.value);
    };
    // All of them, not one: a certificate that speaks for a stranger too is not the one that is wanted.
    if (claims.names.empty() || !std::ranges::all_of(claims.names, fits)) {
      std::string found;
      for (const auto& name : claims.names) found += (found.empty() ? "" : ", ") + name.value;
      return another("the signer is another", rule.identity.text, found.empty() ? "no name" : found);
    }
  }
  for (const ExtensionCondition& condition : rule.identity.conditions)
    STELLA_CHECK(match_condition(condition, claims));
  for (const ExtensionCondition& condition : rule.conditions)
    STELLA_CHECK(match_condition(condition, claims));
  return {};
}

}  // namespace stella::attestation
