#include "evidence_verbs.h"

#include <chrono>

#include <CLI/CLI.hpp>

#include "evidence_help.h"

namespace stella::cli {
namespace {

Time now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  return {.seconds = seconds.count(),
          .nanoseconds = static_cast<std::int32_t>(
              std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds).count())};
}

// An empty value, such as a script's variable that was never set, must not switch off what its flag demands.
std::string refuse_empty(const std::string& value) { return value.empty() ? "the value is empty" : ""; }

template <typename T>
CLI::Option& add(CLI::App& verb, const char* names, T& to, const char* type, const char* what) {
  return *verb.add_option(names, to, what)->check(refuse_empty)->type_name(type);
}

// Several values come by repeating the flag, not by words after it.
template <typename T>
void add_each(CLI::App& verb, const char* names, std::vector<T>& to, const char* type, const char* what) {
  add(verb, names, to, type, what).allow_extra_args(false);
}

void add_evidence(CLI::App& verb, operations::EvidenceOptions& o) {
  add(verb, "--bundle,-b", o.bundle, "FILE", "Where the evidence is");
  add(verb, "--artifact,-a", o.artifact, "FILE|sha256:…", "What it must be about");
  add(verb, "--evidence", o.folder, "DIR", "Where to look for the evidence of --artifact");
}

void add_signers(CLI::App& verb, operations::TrustOptions& o) {
  add(verb, "--policy", o.policy, "FILE", "Whose evidence counts (default: the places above)");
  add(verb, "--certificate-identity", o.certificate_identity, "NAME",
      "Who signed; \".*\" stands for any text within a name");
  add(verb, "--certificate-identity-regexp", o.certificate_identity_regexp, "RE2",
      "The same as a regular expression, matched as a whole");
  add(verb, "--certificate-oidc-issuer", o.certificate_issuer, "URL", "Who vouched for the name");
  add_each(verb, "--require", o.require, "NAME=PATTERN",
           "Further conditions on the certificate's extensions");
  add_each(verb, "--key", o.keys, "FILE", "A public key (PEM) instead of an identity");
}

void add_roots(CLI::App& verb, operations::TrustOptions& o) {
  add_each(verb, "--trusted-root,--trust-root", o.trusted_roots, "FILE",
           "A Sigstore trusted root (JSON), or PEM (default: kept by `trust update`, else built in)");
  add_each(verb, "--rekor-root", o.log_roots, "FILE", "A log's public key");
  add_each(verb, "--fulcio-root", o.fulcio_roots, "FILE", "A certificate authority's root");
  add_each(verb, "--certificate-chain", o.certificate_chains, "FILE", "Its intermediates and root");
  add_each(verb, "--ct-root", o.ct_roots, "FILE", "A certificate transparency log's public key");
  add_each(verb, "--timestamp-root", o.timestamp_roots, "FILE", "A timestamp authority's chain");
  add(verb, "--trust-dir", o.trust_folder, "DIR", "The folder that `trust update` keeps");
}

void add_demands(CLI::App& verb, operations::TrustOptions& o, std::string& at) {
  add_each(verb, "--predicate-type", o.predicate_types, "URI", "The statement must be of this type");
  add_each(verb, "--builder-id", o.builder_ids, "ID", "SLSA provenance: who must have built it");
  verb.add_option("--slsa-level", o.slsa_level, "SLSA provenance: at least this level")
      ->check(CLI::Range(0, 3))
      ->type_name("N");
  add_each(verb, "--material", o.materials, "FILE|sha256:…", "SLSA provenance: must be among its materials");
  verb.add_flag("--require-rekor", o.require_log, "A log must hold the proof, also for keys");
  add(verb, "--rekor-checkpoint", o.checkpoint, "FILE", "The proof must lead to this checkpoint");
  add(verb, "--witness-policy", o.witness_policy, "FILE", "Who must have cosigned (c2sp.org/tlog-policy)");
  const auto add_count = [&](const char* name, std::optional<std::size_t>& to, const char* what) {
    verb.add_option(name, to, what)->check(CLI::Range(0, 32))->type_name("N");
  };
  add_count("--min-logs", o.logs_min, "How many different logs (default 1)");
  add_count("--min-timestamps", o.timestamps_min, "How many timestamp authorities (default 0)");
  add_count("--min-scts", o.scts_min, "How many certificate transparency logs (default 1)");
  verb.add_option("--max-age-days", o.age_max_days, "Refuse what was signed longer ago")
      ->check(CLI::Range(0, 36'500))
      ->type_name("N");
  add(verb, "--at", at, "TIME", "Judge as of this time, such as 2026-11-27T02:21:00Z (default: now)");
  verb.add_flag("--strict", o.strict, "What could not be checked counts against it");
}

void add_attest(CLI::App& app, EvidenceVerbs& verbs, Command& command) {
  CLI::App& attest = *app.add_subcommand("attest", "Verify and look into evidence");
  attest.require_subcommand(1);
  CLI::App& verify =
      add_verb(attest, "verify", "Say whether evidence can be trusted", kAttestVerifyHelp, command);
  add_evidence(verify, verbs.verify.evidence);
  add(verify, "--batch", verbs.verify.batch, "FILE",
      "Many at once: lines BUNDLE<tab>ARTIFACT; - is standard input");
  add_signers(verify, verbs.verify.trust);
  add_roots(verify, verbs.verify.trust);
  add_demands(verify, verbs.verify.trust, verbs.at);
  verify.add_flag("--offline", verbs.verify.offline, "Never open a connection (no verification does)");
  verify.add_flag("--explain", verbs.verify.explain, "List the checks and when each refuses");

  CLI::App& inspect = add_verb(attest, "inspect", "Show what a bundle claims", kAttestInspectHelp, command);
  add_evidence(inspect, verbs.inspect.evidence);
  inspect.add_flag("--show-cert", verbs.inspect.show_certificate, "The whole certificate");
  inspect.add_flag("--show-entry", verbs.inspect.show_entry,
                   "The body of log entries, and their checkpoints");
  inspect.add_flag("--show-timestamps", verbs.inspect.show_timestamps, "All of the timestamps");
}

void add_trust(CLI::App& app, EvidenceVerbs& verbs, Command& command) {
  CLI::App& trust = *app.add_subcommand("trust", "Keep the trusted root fresh");
  trust.require_subcommand(1);
  const auto add_folder = [](CLI::App& verb, std::filesystem::path& folder) {
    add(verb, "--trust-dir", folder, "DIR",
        "The folder of trust (default: STELLAOPS_TRUST_DIR, or of the user)");
  };
  const auto add_source = [](CLI::App& verb, attestation::TrustSource& source) {
    add(verb, "--url", source.metadata_url, "URL|DIR", "Where the repository's metadata is");
    add(verb, "--targets-url", source.targets_url, "URL|DIR", "Where its files are (default: URL/targets)");
  };
  CLI::App& init = add_verb(trust, "init", "Say whom to trust first", kTrustInitHelp, command);
  add_folder(init, verbs.trust_init.folder);
  add(init, "--root", verbs.trust_init.root, "FILE", "The first root (default: built in)");
  add_source(init, verbs.trust_init.source);

  CLI::App& update = add_verb(trust, "update", "Fetch and verify news", kTrustUpdateHelp, command);
  add_folder(update, verbs.trust_update.folder);
  add_source(update, verbs.trust_update.source);
  add_each(update, "--target", verbs.trust_update.targets, "PATH",
           "A file to keep, besides those kept already (default: trusted_root.json)");
  update.add_flag("--metadata-only", verbs.trust_update.metadata_only,
                  "Fetch no file that is not kept already");
  update.add_flag("--offline", verbs.trust_update.offline, "Only a repository on a disk will do");

  CLI::App& show = add_verb(trust, "show", "Verify again what is kept, and show it", kTrustShowHelp, command);
  add_folder(show, verbs.trust_show.folder);

  CLI::App& write = add_verb(trust, "export", "Write a kept file, verified again", kTrustExportHelp, command);
  add_folder(write, verbs.trust_export.folder);
  add(write, "--target", verbs.trust_export.target, "PATH", "Which file").capture_default_str();
  add(write, "--output,-o", verbs.trust_export.output, "FILE", "Where to put it; - is standard output")
      .required();
  write.add_flag("--force,-f", verbs.trust_export.replace_output, "Replace what is there");
}

void add_policy(CLI::App& app, EvidenceVerbs& verbs, Command& command) {
  CLI::App& policy = *app.add_subcommand("policy", "Say whose evidence counts");
  policy.require_subcommand(1);
  CLI::App& init =
      add_verb(policy, "init", "Write a commented policy to begin with", kPolicyInitHelp, command);
  add(init, "--output,-o", verbs.policy_init.output, "FILE", "Where to put it; - is standard output")
      .capture_default_str();
  init.add_flag("--force,-f", verbs.policy_init.replace_output, "Replace what is there");
}

}  // namespace

void add_evidence_verbs(CLI::App& app, EvidenceVerbs& verbs, Command& command) {
  add_attest(app, verbs, command);
  add_trust(app, verbs, command);
  add_policy(app, verbs, command);
}

Result<bool> take_evidence_verb(const std::string& verb, EvidenceVerbs& verbs, Command& command) {
  if (verb == "attest verify") {
    verbs.verify.trust.at = now();
    if (!verbs.at.empty()) {
      auto at = parse_time(verbs.at);
      if (!at) {
        Error error = std::move(at).error().at("--at");
        error.code = ErrorCode::kInvalidArgument;
        return fail(std::move(error));
      }
      verbs.verify.trust.at = *at;
    }
    command.options = std::move(verbs.verify);
  } else if (verb == "attest inspect") {
    command.options = std::move(verbs.inspect);
  } else if (verb == "trust init") {
    command.options = std::move(verbs.trust_init);
  } else if (verb == "trust update") {
    verbs.trust_update.now = now();
    command.options = std::move(verbs.trust_update);
  } else if (verb == "trust show") {
    verbs.trust_show.now = now();
    command.options = std::move(verbs.trust_show);
  } else if (verb == "trust export") {
    command.options = std::move(verbs.trust_export);
  } else if (verb == "policy init") {
    command.options = std::move(verbs.policy_init);
  } else {
    return false;
  }
  return true;
}

}  // namespace stella::cli
