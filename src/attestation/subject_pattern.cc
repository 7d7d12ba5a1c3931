// The subjects of CI systems' tokens as identities. Certificates do not carry a token's subject; they carry
// its claims, each in an extension of its own. A pattern is taken apart into conditions on those; what no
// extension carries is refused, because to ignore it would trust more than was asked for. Sources: GitHub,
// "OpenID Connect reference", example subject claims; GitLab, "ID token authentication", sub.
#include <array>
#include <optional>

#include <fmt/format.h>

#include "stella/attestation/identity.h"

namespace stella::attestation {
namespace {

constexpr std::string_view kGitHub = "repo:";
constexpr std::string_view kGitLab = "project_path:";

std::unexpected<Error> refused(std::string message, std::string_view text, std::string next = {}) {
  return fail({.code = ErrorCode::kInvalidArgument,
               .message = std::move(message),
               .found = fmt::format("\"{}\"", text.substr(0, 200)),
               .next = std::move(next)});
}

// Takes the text up to the next colon from `rest`.
std::string_view take_part(std::string_view& rest) {
  const std::size_t colon = std::min(rest.find(':'), rest.size());
  const std::string_view part = rest.substr(0, colon);
  rest.remove_prefix(std::min(colon + 1, rest.size()));
  return part;
}

Status add(IdentityPattern& pattern, std::string_view name, std::string_view value) {
  STELLA_TRY(TextPattern text, TextPattern::wildcard(value));
  pattern.conditions.push_back({.name = std::string(name), .value = std::move(text)});
  return {};
}

// "org/repo" must be literal as far as the organisation: "repo:.*" would be everybody's.
Status set_repository(IdentityPattern& pattern, std::string_view path) {
  const std::size_t slash = path.find('/');
  const std::string_view owner = path.substr(0, slash);
  if (slash == std::string_view::npos || owner.empty() || slash + 1 == path.size() ||
      owner.find(".*") != std::string_view::npos) {
    return refused("the repository of an identity must be written as owner/name, with a literal owner", path);
  }
  pattern.repository = path;
  return {};
}

// repo:OWNER/NAME[:ref:REF | :environment:NAME | :pull_request]
Result<IdentityPattern> parse_github(std::string_view text) {
  IdentityPattern pattern{.text = std::string(text)};
  std::string_view rest = text.substr(kGitHub.size());
  STELLA_CHECK(set_repository(pattern, take_part(rest)));
  if (rest.empty()) {
    return refused("the identity does not say which workflow runs are meant", text,
                   "add :ref:refs/heads/NAME, :environment:NAME or :pull_request; for all of them, :.*");
  }
  if (rest == ".*") return pattern;
  if (rest == "pull_request") {
    STELLA_CHECK(add(pattern, "trigger", "pull_request"));
    return pattern;
  }
  const std::string_view claim = take_part(rest);
  if (claim != "ref" && claim != "environment") {
    return refused(fmt::format("certificates carry no claim \"{}\" of GitHub's tokens", claim), text,
                   "use ref, environment or pull_request, or --require NAME=PATTERN");
  }
  if (rest.empty()) return refused(fmt::format("the claim \"{}\" has no value", claim), text);
  STELLA_CHECK(add(pattern, claim, rest));
  return pattern;
}

// project_path:GROUP/PROJECT:ref_type:{branch|tag}:ref:NAME; the parts after the project in any order.
Result<IdentityPattern> parse_gitlab(std::string_view text) {
  IdentityPattern pattern{.text = std::string(text)};
  std::string_view rest = text.substr(kGitLab.size());
  STELLA_CHECK(set_repository(pattern, take_part(rest)));
  if (rest.empty())
    return refused("the identity does not say which pipelines are meant", text,
                   "add :ref_type:branch:ref:NAME; for all, :.*");
  if (rest == ".*") return pattern;
  std::optional<std::string_view> ref_type;
  std::optional<std::string_view> ref;
  while (!rest.empty()) {
    const std::string_view claim = take_part(rest);
    const std::string_view value = take_part(rest);
    if (value.empty()) return refused(fmt::format("the claim \"{}\" has no value", claim), text);
    if (claim == "ref_type") {
      ref_type = value;
    } else if (claim == "ref") {
      ref = value;
    } else if (claim == "environment") {
      STELLA_CHECK(add(pattern, "environment", value));
    } else {
      return refused(fmt::format("certificates carry no claim \"{}\" of GitLab's tokens", claim), text,
                     "leave it out, and protect the branch where the pipeline runs");
    }
  }
  if (ref) {
    if (ref_type != "branch" && ref_type != "tag") {
      return refused("a ref needs ref_type branch or tag, because certificates carry the full name", text);
    }
    STELLA_CHECK(
        add(pattern, "ref", fmt::format("refs/{}/{}", ref_type == "branch" ? "heads" : "tags", *ref)));
  } else if (ref_type) {
    return refused("a ref_type without a ref", text);
  }
  return pattern;
}

}  // namespace

Result<IdentityPattern> parse_identity(std::string_view text) {
  if (text.starts_with(kGitHub)) return parse_github(text);
  if (text.starts_with(kGitLab)) return parse_gitlab(text);
  STELLA_TRY(TextPattern name, TextPattern::wildcard(text));
  return IdentityPattern{.text = std::string(text), .name = std::move(name)};
}

Result<IdentityPattern> parse_identity_regexp(std::string_view text) {
  STELLA_TRY(TextPattern name, TextPattern::regexp(text));
  return IdentityPattern{.text = std::string(text), .name = std::move(name)};
}

}  // namespace stella::attestation
