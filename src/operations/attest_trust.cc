#include "stella/operations/attest_trust.h"

#include <algorithm>

#include <fmt/format.h>

#include "stella/attestation/trust_store.h"
#include "stella/base/digest.h"
#include "stella/base/file.h"
#include "stella/tlog/checkpoint.h"

namespace stella::operations {
namespace {

constexpr std::size_t kTrustFileSizeMaxBytes = std::size_t{16} << 20;

using attestation::VerifyPolicy;

Result<std::string> read_text(const std::filesystem::path& path) {
  STELLA_TRY(const Bytes bytes, read_file(path, kTrustFileSizeMaxBytes));
  return std::string(as_text(bytes));
}

Result<std::vector<std::string>> read_texts(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::string> texts;
  for (const std::filesystem::path& path : paths) {
    STELLA_TRY(std::string text, read_text(path));
    texts.push_back(std::move(text));
  }
  return texts;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : " or ") + text;
  return all;
}

std::string described(const attestation::SignerRule& rule) {
  std::string text = rule.identity.text + ", by " + rule.issuer.text();
  for (const attestation::ExtensionCondition& condition : rule.conditions) {
    const bool of_identity = std::ranges::any_of(rule.identity.conditions, [&](const auto& other) {
      return other.name == condition.name && other.value.text() == condition.value.text();
    });
    if (!of_identity) text += fmt::format(", {}={}", condition.name, condition.value.text());
  }
  return text;
}

// The demands of one rule in words.
void describe_policy(const VerifyPolicy& policy, std::vector<PolicyLine>& lines) {
  for (const attestation::SignerRule& rule : policy.signers) lines.emplace_back("signer", described(rule));
  for (const crypto::PublicKey& key : policy.keys) {
    lines.emplace_back("key", fmt::format("{} {}", to_string(key.type()), to_hex(key.id().view())));
  }
  std::vector<std::string> builders;
  for (const attestation::TextPattern& builder : policy.builders) builders.push_back(builder.text());
  if (!builders.empty()) lines.emplace_back("builder", joined(builders));
  if (policy.slsa_level_min > 0)
    lines.emplace_back("SLSA level", fmt::format("at least {}", policy.slsa_level_min));
  const std::size_t logs = std::max<std::size_t>(policy.logs_min.value_or(1), 1);
  const bool for_keys = policy.require_log || policy.logs_min.value_or(0) > 0;
  lines.emplace_back("log", for_keys ? fmt::format("{} needed", logs)
                                     : fmt::format("{} needed for certificates; for keys only shown", logs));
  if (policy.timestamps_min > 0) {
    lines.emplace_back("timestamps", fmt::format("of {} authorities", policy.timestamps_min));
  }
  if (policy.witnesses != nullptr) lines.emplace_back("witnesses", "a quorum of the witness policy");
  lines.emplace_back("age",
                     policy.age_max_days ? fmt::format("at most {} days", *policy.age_max_days) : "any");
}

}  // namespace

Result<Trust> Trust::load(const TrustOptions& options) {
  Trust trust;
  trust.options_ = options;
  STELLA_CHECK(trust.load_signers(options));
  STELLA_CHECK(trust.load_root(options));
  STELLA_CHECK(trust.load_demands(options));
  trust.describe();
  return trust;
}

Status Trust::load_signers(const TrustOptions& options) {
  const bool has_identity =
      !options.certificate_identity.empty() || !options.certificate_identity_regexp.empty();
  if (has_identity || !options.certificate_issuer.empty() || !options.require.empty()) {
    if (!has_identity || options.certificate_issuer.empty()) {
      return fail({.code = ErrorCode::kInvalidArgument,
                   .message = "an identity is a name and who vouches for it",
                   .expected = "--certificate-identity (or --certificate-identity-regexp) and "
                               "--certificate-oidc-issuer",
                   .found = has_identity ? "no issuer" : "no identity"});
    }
    if (!options.certificate_identity.empty() && !options.certificate_identity_regexp.empty()) {
      return fail(ErrorCode::kInvalidArgument,
                  "--certificate-identity and --certificate-identity-regexp exclude each other");
    }
    STELLA_TRY(attestation::IdentityPattern identity,
               options.certificate_identity.empty()
                   ? attestation::parse_identity_regexp(options.certificate_identity_regexp)
                   : attestation::parse_identity(options.certificate_identity));
    std::vector<attestation::ExtensionCondition> conditions;
    for (const std::string& text : options.require) {
      STELLA_TRY(attestation::ExtensionCondition condition, attestation::parse_condition(text));
      conditions.push_back(std::move(condition));
    }
    STELLA_TRY(attestation::SignerRule rule,
               attestation::make_signer_rule(std::move(identity), options.certificate_issuer,
                                             std::move(conditions)));
    flags_.signers.push_back(std::move(rule));
  }
  for (const std::filesystem::path& path : options.keys) {
    STELLA_TRY(const std::string pem, read_text(path));
    auto key = crypto::PublicKey::from_pem(pem);
    if (!key) return fail(std::move(key).error().at(path.string()));
    flags_.keys.push_back(*std::move(key));
  }
  const bool from_flags = !flags_.signers.empty() || !flags_.keys.empty();
  if (!options.policy.empty()) {
    if (from_flags) {
      return fail({.code = ErrorCode::kInvalidArgument,
                   .message = "who may sign is said twice, by --policy and by flags",
                   .next = "Give either the policy, or an identity or key."});
    }
    STELLA_TRY(policy_, attestation::load_trust_policy(options.policy));
    policy_origin_ = options.policy.string();
    return {};
  }
  if (from_flags) return {};
  std::vector<std::string> tried;
  for (const std::filesystem::path& path : default_policy_paths()) {
    std::error_code ignored;
    tried.push_back(path.string());
    // What cannot be looked at may be there: to pass it over would apply another policy than the one meant.
    const auto type = std::filesystem::symlink_status(path, ignored).type();
    if (type == std::filesystem::file_type::not_found) continue;
    STELLA_TRY(policy_, attestation::load_trust_policy(path));
    policy_origin_ = path.string();
    return {};
  }
  return fail(
      {.code = ErrorCode::kInvalidArgument,
       .message = "nothing says whose signature is wanted, and nobody is trusted by default",
       .expected =
           "--certificate-identity with --certificate-oidc-issuer, or --key, or a policy in " + joined(tried),
       .found = "none of them",
       .next = "`stella policy init` writes a policy to begin with"});
}

Status Trust::load_root(const TrustOptions& options) {
  attestation::TrustedParts parts;
  STELLA_TRY(parts.logs, read_texts(options.log_roots));
  STELLA_TRY(parts.ct_logs, read_texts(options.ct_roots));
  STELLA_TRY(parts.certificate_authorities, read_texts(options.fulcio_roots));
  STELLA_TRY(parts.certificate_chains, read_texts(options.certificate_chains));
  STELLA_TRY(parts.timestamp_authorities, read_texts(options.timestamp_roots));
  const bool has_parts = !parts.logs.empty() || !parts.ct_logs.empty() ||
                         !parts.certificate_authorities.empty() || !parts.certificate_chains.empty() ||
                         !parts.timestamp_authorities.empty();
  if (has_parts || !options.trusted_roots.empty()) {
    std::vector<std::string> names;
    for (const std::filesystem::path& path : options.trusted_roots) {
      STELLA_TRY(const std::string text, read_text(path));
      auto root = attestation::parse_root_text(text);
      if (!root) return fail(std::move(root).error().at(path.string()));
      attestation::merge(root_, *root);
      names.push_back(path.string());
    }
    if (has_parts) {
      STELLA_TRY(const attestation::TrustedRoot root, attestation::trusted_root_from_parts(parts));
      attestation::merge(root_, root);
      names.emplace_back("parts given one by one");
    }
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    lines_.emplace_back("trusted root", all);
    return {};
  }
  if (policy_ && policy_->trusted_root) {
    root_ = *policy_->trusted_root;
    lines_.emplace_back("trusted root", "of " + policy_origin_);
    return {};
  }

  const std::filesystem::path folder =
      options.trust_folder.empty() ? default_trust_folder() : options.trust_folder;
  if (!folder.empty()) {
    const auto stored = attestation::TrustStore(folder).load();
    if (stored) {
      const auto target = stored->targets.find(attestation::kTrustedRootTarget);
      if (target == stored->targets.end()) {
        return fail(ErrorCode::kNotFound, "the folder of trust holds no trusted_root.json", folder.string());
      }
      auto root = attestation::parse_trusted_root(as_text(target->second));
      if (!root) return fail(std::move(root).error().at(folder.string()));
      root_ = *std::move(root);
      lines_.emplace_back("trusted root", fmt::format("{}, version {} of its repository", folder.string(),
                                                      stored->timestamp_version));
      if (stored->expires <= options.at) {
        notes_.push_back(
            fmt::format("the trusted root has not been updated since before {}; `stella trust update` "
                        "asks for news",
                        to_string(stored->expires)));
      }
      return {};
    }
    // A damaged store must not fall back to other trust; one that was never filled may.
    if (stored.error().code != ErrorCode::kNotFound || !options.trust_folder.empty()) {
      Error error = stored.error();
      if (error.next.empty()) error.next = "`stella trust update` fetches what is kept there anew";
      return fail(std::move(error));
    }
  }
  const attestation::BuiltInRoot& built_in = attestation::public_good_root();
  STELLA_TRY(root_, attestation::parse_trusted_root(built_in.json));
  const std::string taken = to_string(built_in.taken).substr(0, 10);
  lines_.emplace_back("trusted root", "built in: Sigstore's public-good instance as of " + taken);
  if (built_in.taken.seconds + kBuiltInRootOldDays * kSecondsPerDay < options.at.seconds) {
    notes_.push_back("the built-in trusted root is of " + taken +
                     " and may lack newer logs and authorities; `stella trust update` asks for news");
  }
  return {};
}

Status Trust::load_demands(const TrustOptions& options) {
  for (const std::string& builder : options.builder_ids) {
    STELLA_TRY(attestation::TextPattern pattern, attestation::parse_builder(builder));
    flags_.builders.push_back(std::move(pattern));
  }
  for (const std::string& material : options.materials) {
    STELLA_TRY(const Digest digest, digest_of(material));
    flags_.materials.push_back(digest);
  }
  for (const std::string& type : options.predicate_types) {
    flags_.predicate_types.push_back(attestation::predicate_type_uri(type));
  }
  if (!options.witness_policy.empty()) {
    STELLA_TRY(const std::string text, read_text(options.witness_policy));
    auto witnesses = tlog::parse_witness_policy(text);
    if (!witnesses) return fail(std::move(witnesses).error().at(options.witness_policy.string()));
    witnesses_ = std::make_shared<const tlog::WitnessPolicy>(*std::move(witnesses));
  }
  if (!options.checkpoint.empty()) {
    STELLA_TRY(std::string text, read_text(options.checkpoint));
    if (auto parsed = tlog::parse_signed_checkpoint(text); !parsed) {
      return fail(std::move(parsed).error().at(options.checkpoint.string()));
    }
    flags_.checkpoint = std::move(text);
  }
  return {};
}

Result<VerifyPolicy> Trust::policy_for(std::string_view kind) const {
  VerifyPolicy policy = flags_;
  if (policy_) {
    const attestation::TrustRule* rule = attestation::find_rule(*policy_, kind);
    if (rule == nullptr) {
      return fail({.code = ErrorCode::kUntrusted,
                   .message = "the policy trusts nobody for this kind of evidence",
                   .where = policy_origin_,
                   .expected = "a rule for it",
                   .found = std::string(kind),
                   .next = "Add a rule for it to the policy, if such evidence shall count."});
    }
    const VerifyPolicy& demanded = rule->policy;
    if (!demanded.builders.empty() && !policy.builders.empty()) {
      return fail(ErrorCode::kInvalidArgument, "builders are named twice, by --builder-id and by the policy",
                  rule->where);
    }
    policy.signers = demanded.signers;
    policy.keys = demanded.keys;
    if (policy.builders.empty()) policy.builders = demanded.builders;
    policy.slsa_level_min = demanded.slsa_level_min;
    policy.logs_min = demanded.logs_min;
    policy.timestamps_min = demanded.timestamps_min;
    policy.require_log = demanded.require_log;
    policy.age_max_days = demanded.age_max_days;
    policy.witnesses = demanded.witnesses;
    // What was asked for is what must come out, whichever rule the evidence itself pointed to.
    if (policy.predicate_types.empty() && kind != attestation::kFileSignature) {
      policy.predicate_types = {std::string(kind)};
    }
  }
  // Flags can only add to what the policy demands.
  policy.slsa_level_min = std::max(policy.slsa_level_min, options_.slsa_level.value_or(0));
  if (options_.logs_min) policy.logs_min = std::max(policy.logs_min.value_or(0), *options_.logs_min);
  policy.timestamps_min = std::max(policy.timestamps_min, options_.timestamps_min.value_or(0));
  if (options_.scts_min) policy.scts_min = *options_.scts_min;
  policy.require_log = policy.require_log || options_.require_log;
  policy.strict = options_.strict;
  if (options_.age_max_days) {
    policy.age_max_days =
        std::min(*options_.age_max_days, policy.age_max_days.value_or(*options_.age_max_days));
  }
  if (witnesses_) {
    if (policy.witnesses != nullptr) {
      return fail(ErrorCode::kInvalidArgument,
                  "witnesses are named twice, by --witness-policy and by the policy");
    }
    policy.witnesses = witnesses_.get();
  }
  policy.at = options_.at;
  return policy;
}

// What flags demand of every kind of evidence, on top of the policy file.
void Trust::describe_additions() {
  const auto add = [&](std::string name, std::string what) {
    lines_.emplace_back("also " + std::move(name), std::move(what));
  };
  if (options_.require_log) add("log", "needed (--require-rekor)");
  if (options_.logs_min) add("log", fmt::format("at least {}", *options_.logs_min));
  if (options_.timestamps_min) add("timestamps", fmt::format("of {} authorities", *options_.timestamps_min));
  if (options_.slsa_level) add("SLSA level", fmt::format("at least {}", *options_.slsa_level));
  if (options_.age_max_days) add("age", fmt::format("at most {} days", *options_.age_max_days));
  if (!options_.builder_ids.empty()) add("builder", joined(options_.builder_ids));
  if (witnesses_) add("witnesses", "a quorum of " + options_.witness_policy.string());
}

void Trust::describe() {
  if (!options_.predicate_types.empty())
    lines_.emplace_back("predicate type", joined(flags_.predicate_types));
  if (policy_) {
    lines_.emplace_back("policy", policy_origin_);
    for (const attestation::TrustRule& rule : policy_->rules) {
      lines_.emplace_back("rule for", joined(rule.predicate_types));
      describe_policy(rule.policy, lines_);
    }
    describe_additions();
  } else {
    // It cannot fail without a policy file, as the flags contradict nothing.
    if (const auto policy = policy_for(attestation::kFileSignature)) describe_policy(*policy, lines_);
  }
  for (const std::string& material : options_.materials) lines_.emplace_back("material", material);
  if (!options_.checkpoint.empty())
    lines_.emplace_back("checkpoint", "the tree of " + options_.checkpoint.string());
  if (options_.scts_min) {
    lines_.emplace_back("SCTs", fmt::format("of {} certificate transparency logs", *options_.scts_min));
  }
  if (options_.strict) lines_.emplace_back("strict", "what could not be checked counts against it");
  lines_.emplace_back("judged at", to_string(options_.at));
}

}  // namespace stella::operations
