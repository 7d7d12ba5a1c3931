#include "stella/attestation/policy.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "stella/base/base64.h"
#include "stella/base/file.h"
#include "stella/base/json_view.h"

namespace stella::attestation {
namespace {

constexpr std::size_t kNamedFileSizeMaxBytes = std::size_t{16} << 20;
constexpr std::int64_t kThresholdMax = 32;
constexpr std::int64_t kAgeMaxDays = 36'500;

// Reads the section out of values; errors name paths, which the caller turns into lines.
class PolicyReader {
 public:
  explicit PolicyReader(const ReadPolicyFile& read) : read_(read) {}

  Result<TrustPolicy> policy(const json::View& root) {
    STELLA_CHECK(root.closed({"version", "attestation", "trust"}));
    STELLA_TRY(const json::View version, root.at("version"));
    STELLA_CHECK(version.integer(1, 1));
    std::optional<std::int64_t> age_max_days;
    STELLA_TRY(const auto attestation, root.find("attestation"));
    if (attestation) {
      STELLA_CHECK(attestation->closed({"max_age_days"}));
      STELLA_TRY(age_max_days, age(*attestation));
    }
    STELLA_TRY(const json::View trust, root.at("trust"));
    STELLA_CHECK(trust.closed({"trusted_root", "rules"}));

    TrustPolicy policy;
    STELLA_TRY(const auto trusted_root, trust.find("trusted_root"));
    if (trusted_root) {
      STELLA_TRY(policy.trusted_root,
                 parsed_file(*trusted_root, [](const std::string& text) { return parse_root_text(text); }));
    }
    STELLA_TRY(const json::View rules, trust.at("rules"));
    STELLA_TRY(const auto elements, rules.elements(kTrustRulesMax));
    if (elements.empty()) return rules.fail("no rule is given, so nothing could be trusted");
    std::set<std::string> kinds;
    for (const json::View& element : elements) {
      STELLA_TRY(TrustRule made, rule(element, age_max_days));
      for (const std::string& kind : made.predicate_types) {
        if (!kinds.insert(kind).second)
          return element.fail("two rules are about one predicate type", {}, kind);
      }
      policy.rules.push_back(std::move(made));
    }
    return policy;
  }

 private:
  Result<std::optional<std::int64_t>> age(const json::View& view) {
    STELLA_TRY(const auto days, view.find("max_age_days"));
    if (!days) return std::optional<std::int64_t>();
    STELLA_TRY(const std::int64_t value, days->integer(0, kAgeMaxDays));
    return value;
  }

  Result<std::optional<std::size_t>> threshold(const json::View& rule, std::string_view key) {
    STELLA_TRY(const auto view, rule.find(key));
    if (!view) return std::optional<std::size_t>();
    STELLA_TRY(const std::int64_t value, view->integer(0, kThresholdMax));
    return static_cast<std::size_t>(value);
  }

  Result<std::vector<json::View>> list(const json::View& rule, std::string_view key) {
    STELLA_TRY(const auto view, rule.find(key));
    if (!view) return std::vector<json::View>();
    STELLA_TRY(auto elements, view->elements(kTrustNamesMax));
    if (elements.empty()) return view->fail("an empty list: leave it out, or name somebody");
    return elements;
  }

  // What a function makes of the view, with the path of the view before its errors.
  template <typename Make>
  static auto made_of(const json::View& view, const Make& make) -> decltype(make()) {
    auto made = make();
    if (!made) {
      Error error = std::move(made).error();
      error.where = view.path() + (error.where.empty() ? "" : ": " + error.where);
      return std::unexpected(std::move(error));
    }
    return made;
  }

  // The contents of the file that a view names, understood by `parse`.
  template <typename Parse>
  auto parsed_file(const json::View& view, const Parse& parse) -> decltype(parse(std::string())) {
    STELLA_TRY(const std::string path, view.text());
    return made_of(view, [&]() -> decltype(parse(std::string())) {
      STELLA_TRY(const std::string text, read_(path));
      auto parsed = parse(text);
      if (!parsed) return std::unexpected(std::move(parsed).error().at(path));
      return parsed;
    });
  }

  Result<SignerRule> signer(const json::View& view) {
    STELLA_CHECK(view.closed({"identity", "identity_regexp", "issuer", "require"}));
    STELLA_TRY(const auto plain, view.find("identity"));
    STELLA_TRY(const auto regexp, view.find("identity_regexp"));
    if (plain.has_value() == regexp.has_value()) {
      return view.fail("a signer's identity is ambiguous or missing", "either identity or identity_regexp",
                       plain ? "both" : "neither");
    }
    const json::View& identity_view = plain ? *plain : *regexp;
    STELLA_TRY(const std::string identity_text, identity_view.text());
    STELLA_TRY(IdentityPattern identity, made_of(identity_view, [&] {
                 return plain ? parse_identity(identity_text) : parse_identity_regexp(identity_text);
               }));
    std::vector<ExtensionCondition> conditions;
    STELLA_TRY(const auto require, view.find("require"));
    if (require) {
      STELLA_TRY(const auto members, require->members(kTrustNamesMax));
      for (const auto& [name, member] : members) {
        STELLA_TRY(const std::string pattern, member.text());
        STELLA_TRY(ExtensionCondition condition,
                   made_of(member, [&, &key = name] { return parse_condition(key + "=" + pattern); }));
        conditions.push_back(std::move(condition));
      }
    }
    STELLA_TRY(const json::View issuer_view, view.at("issuer"));
    STELLA_TRY(const std::string issuer, issuer_view.text());
    return made_of(issuer_view,
                   [&] { return make_signer_rule(std::move(identity), issuer, std::move(conditions)); });
  }

  // A PEM text itself, or the path of a file with it.
  Result<crypto::PublicKey> key(const json::View& view) {
    STELLA_TRY(const std::string text, view.text());
    if (text.find("-----BEGIN ") == std::string::npos) {
      return parsed_file(view, [](const std::string& pem) { return crypto::PublicKey::from_pem(pem); });
    }
    return made_of(view, [&] { return crypto::PublicKey::from_pem(text); });
  }

  Result<TrustRule> rule(const json::View& view, std::optional<std::int64_t> age_max_days) {
    STELLA_CHECK(view.closed({"predicate_types", "signers", "keys", "builders", "slsa_level", "require_log",
                              "logs", "timestamps", "witnesses", "max_age_days"}));
    TrustRule rule{.where = view.path()};
    STELLA_TRY(const json::View types, view.at("predicate_types"));
    STELLA_TRY(const auto type_views, types.elements(kTrustNamesMax));
    if (type_views.empty()) return types.fail("a rule is about no predicate type");
    for (const json::View& type_view : type_views) {
      STELLA_TRY(const std::string name, type_view.text());
      rule.predicate_types.push_back(predicate_type_uri(name));
    }

    VerifyPolicy& policy = rule.policy;
    STELLA_TRY(const auto signers, list(view, "signers"));
    for (const json::View& element : signers) {
      STELLA_TRY(SignerRule made, signer(element));
      policy.signers.push_back(std::move(made));
    }
    STELLA_TRY(const auto keys, list(view, "keys"));
    for (const json::View& element : keys) {
      STELLA_TRY(crypto::PublicKey made, key(element));
      policy.keys.push_back(std::move(made));
    }
    if (signers.empty() && keys.empty()) {
      return view.fail("a rule names nobody to trust", "signers, keys or both");
    }
    STELLA_TRY(const auto builders, list(view, "builders"));
    for (const json::View& element : builders) {
      STELLA_TRY(const std::string text, element.text());
      STELLA_TRY(TextPattern made, made_of(element, [&] { return parse_builder(text); }));
      policy.builders.push_back(std::move(made));
    }
    STELLA_TRY(const auto level, view.find("slsa_level"));
    if (level) {
      STELLA_TRY(const std::int64_t value, level->integer(0, 3));
      policy.slsa_level_min = static_cast<int>(value);
    }
    STELLA_TRY(const auto require_log, view.find("require_log"));
    if (require_log) {
      STELLA_TRY(policy.require_log, require_log->boolean());
    }
    STELLA_TRY(policy.logs_min, threshold(view, "logs"));
    STELLA_TRY(const auto timestamps, threshold(view, "timestamps"));
    policy.timestamps_min = timestamps.value_or(0);
    STELLA_TRY(const auto witnesses, view.find("witnesses"));
    if (witnesses) {
      STELLA_TRY(tlog::WitnessPolicy made, parsed_file(*witnesses, [](const std::string& text) {
                   return tlog::parse_witness_policy(text);
                 }));
      rule.witnesses = std::make_shared<const tlog::WitnessPolicy>(std::move(made));
      policy.witnesses = rule.witnesses.get();
    }
    STELLA_TRY(policy.age_max_days, age(view));
    if (!policy.age_max_days) policy.age_max_days = age_max_days;
    return rule;
  }

  const ReadPolicyFile& read_;
};

// What is wrong with the file itself is the user's to mend, whatever the reader called it.
Error as_argument(Error error) {
  if (error.code == ErrorCode::kCorrupt || error.code == ErrorCode::kNotFound) {
    error.code = ErrorCode::kInvalidArgument;
  }
  return error;
}

}  // namespace

std::string predicate_type_uri(std::string_view name) {
  using Pair = std::pair<std::string_view, std::string_view>;
  constexpr std::array<Pair, 7> kShortNames = {
      Pair{"StellaOps.BuildProvenance@1", "https://schemas.stella-ops.org/attestations/build-provenance@1"},
      Pair{"StellaOps.SBOMAttestation@1", "https://schemas.stella-ops.org/attestations/sbom-attestation@1"},
      Pair{"StellaOps.ScanResults@1", "https://schemas.stella-ops.org/attestations/scan-results@1"},
      Pair{"StellaOps.PolicyEvaluation@1", "https://schemas.stella-ops.org/attestations/policy-evaluation@1"},
      Pair{"StellaOps.VEXAttestation@1", "https://schemas.stella-ops.org/attestations/vex-attestation@1"},
      Pair{"StellaOps.RiskProfileEvidence@1", "https://schemas.stella-ops.org/attestations/risk-profile@1"},
      Pair{"StellaOps.PromotionAttestation@1", "stella.ops/promotion@v1"}};
  for (const auto& [short_name, uri] : kShortNames) {
    if (name == short_name) return std::string(uri);
  }
  return std::string(name);
}

Result<TrustedRoot> parse_root_text(std::string_view text) {
  if (text.find("-----BEGIN ") == std::string_view::npos) return parse_trusted_root(text);
  STELLA_TRY(const std::vector<PemBlock> blocks, parse_pem(text));
  TrustedParts parts;
  std::string certificates;
  for (const PemBlock& block : blocks) {
    if (block.label == "CERTIFICATE") {
      certificates += to_pem(block.label, block.der);
    } else {
      parts.logs.push_back(to_pem(block.label, block.der));
    }
  }
  if (!certificates.empty()) {
    parts.certificate_authorities = {certificates};
    parts.timestamp_authorities = {certificates};
  }
  return trusted_root_from_parts(parts);
}

Result<TrustPolicy> parse_trust_policy(std::string_view yaml_text, const ReadPolicyFile& read) {
  auto document = yaml::parse(yaml_text);
  if (!document) return fail(as_argument(std::move(document).error()));
  auto policy = PolicyReader(read).policy(json::View(document->value));
  if (!policy) return fail(document->at_line(as_argument(std::move(policy).error())));
  for (TrustRule& rule : policy->rules) {
    rule.where = fmt::format("line {}", document->lines.find(rule.where)->second);
  }
  return policy;
}

Result<TrustPolicy> load_trust_policy(const std::filesystem::path& path) {
  STELLA_TRY(const Bytes bytes, read_file(path, yaml::kSizeMaxBytes));
  const auto read = [&](const std::string& name) -> Result<std::string> {
    STELLA_TRY(const Bytes file, read_file(path.parent_path() / name, kNamedFileSizeMaxBytes));
    return std::string(as_text(file));
  };
  auto policy = parse_trust_policy(as_text(bytes), read);
  if (!policy) return fail(std::move(policy).error().at(path.string()));
  for (TrustRule& rule : policy->rules) rule.where = path.string() + ": " + rule.where;
  return policy;
}

const TrustRule* find_rule(const TrustPolicy& policy, std::string_view predicate_type) {
  const TrustRule* any_other = nullptr;
  for (const TrustRule& rule : policy.rules) {
    for (const std::string& type : rule.predicate_types) {
      if (type == predicate_type) return &rule;
      if (type == kAnyOther) any_other = &rule;
    }
  }
  return any_other;
}

}  // namespace stella::attestation
