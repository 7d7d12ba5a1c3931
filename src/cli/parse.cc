#include <CLI/CLI.hpp>

#include "command.h"
#include "delta_sig_verbs.h"
#include "evidence_verbs.h"
#include "help.h"

namespace stella::cli {
namespace {

constexpr unsigned kThreadsMax = 1024;

void add_common(CLI::App& verb, Command& command) {
  verb.add_flag("--json", command.json, "Print one JSON object instead of a table");
  verb.add_flag("--quiet,-q", command.quiet, "Print nothing but errors");
  verb.add_flag("--verbose,-v", command.verbose, "Say on standard error what goes on");
  verb.add_option("--threads", command.threads, "Threads to use (default: all cores)")
      ->check(CLI::Range(1U, kThreadsMax))
      ->type_name("N");
  verb.get_formatter()->column_width(34);
}

}  // namespace

CLI::App& add_verb(CLI::App& to, const char* name, const char* what, const char* help, Command& command) {
  CLI::App& verb = *to.add_subcommand(name, what);
  verb.footer(help);
  add_common(verb, command);
  return verb;
}

namespace {

std::string check_name(const std::string& name) { return name.empty() ? "a name is missing" : ""; }

// CLI11 would take -1 for 2^64 - 1.
std::string check_bytes(const std::string& text) {
  constexpr std::size_t kDigitsMax = 19;
  const bool good =
      !text.empty() && text.size() <= kDigitsMax && text.find_first_not_of("0123456789") == std::string::npos;
  return good ? "" : "a number of bytes is expected, not `" + text + "`";
}

CLI::Option& add_path(CLI::App& verb, const char* names, std::filesystem::path& to, const char* type,
                      const char* what) {
  return *verb.add_option(names, to, what)->check(check_name)->type_name(type);
}

void add_limits(CLI::App& verb, std::uint64_t& add_max_bytes, bool& replace_output) {
  verb.add_option("--max-add-bytes", add_max_bytes, "Refuse a delta that adds more than this")
      ->check(check_bytes)
      ->type_name("BYTES")
      ->capture_default_str();
  verb.add_flag("--force,-f", replace_output, "Replace what is there");
}

struct Verbs {
  operations::DeltaCreateOptions create;
  operations::DeltaVerifyOptions verify;
  operations::DeltaApplyOptions apply;
  operations::DeltaRollbackOptions rollback;
  InspectOptions inspect;
  EvidenceVerbs evidence;
  DeltaSigVerbs delta_sig;
  std::string level = "default";
  std::string chunker = "gear";
  bool no_rollback = false;
};

void add_create(CLI::App& delta, Verbs& verbs, Command& command) {
  CLI::App& verb =
      add_verb(delta, "create", "Make a delta from base to target, and the way back", kCreateHelp, command);
  operations::DeltaCreateOptions& o = verbs.create;
  add_path(verb, "--base", o.base, "FILE", "What the other side has").required();
  add_path(verb, "--target", o.target, "FILE", "What it shall have").required();
  add_path(verb, "--output,-o", o.output, "DIR", "Where to put the delta (default: TARGET.delta)")
      .check([](const std::string& name) {
        return name == "-" ? "a delta is a folder, which standard output cannot take" : "";
      });
  verb.add_option("--level", verbs.level, "How hard to look: fast, default or best")->type_name("LEVEL");
  verb.add_option("--chunker", verbs.chunker, "How to cut chunks: gear or rabin")->type_name("NAME");
  verb.add_option("--chunk-size", o.chunk_size_avg_bytes, "Average chunk: 4096, 8192 or 16384")
      ->check(check_bytes)
      ->type_name("BYTES")
      ->capture_default_str();
  verb.add_flag("--no-rollback", verbs.no_rollback, "Leave out the way back");
  add_limits(verb, o.add_max_bytes, o.replace_output);
}

void add_verify(CLI::App& delta, Verbs& verbs, Command& command) {
  CLI::App& verb = add_verb(delta, "verify", "Recompute a delta and say what differs", kVerifyHelp, command);
  add_path(verb, "--base", verbs.verify.base, "FILE", "The base that it was made for").required();
  add_path(verb, "--target", verbs.verify.target, "FILE", "The target that it was made for").required();
  add_path(verb, "--delta,-d", verbs.verify.delta, "DIR", "The delta's folder (default: TARGET.delta)");
}

void add_apply(CLI::App& delta, Verbs& verbs, Command& command) {
  CLI::App& verb = add_verb(delta, "apply", "Turn the base into the target", kApplyHelp, command);
  operations::DeltaApplyOptions& o = verbs.apply;
  add_path(verb, "--base", o.base, "FILE", "What there is").required();
  add_path(verb, "--delta,-d", o.delta, "DIR|FILE",
           "The delta's folder or delta.bin (default: OUTPUT.delta)");
  add_path(verb, "--output,-o,--target", o.output, "FILE", "Where to put the target; - is standard output")
      .required();
  add_limits(verb, o.add_max_bytes, o.replace_output);
}

void add_rollback(CLI::App& delta, Verbs& verbs, Command& command) {
  CLI::App& verb = add_verb(delta, "rollback", "Turn the target back into the base", kRollbackHelp, command);
  operations::DeltaRollbackOptions& o = verbs.rollback;
  add_path(verb, "--target", o.target, "FILE", "What there is").required();
  add_path(verb, "--delta,-d", o.delta, "DIR|FILE",
           "The delta's folder or rollback/delta.bin (default: TARGET.delta)");
  add_path(verb, "--output,-o,--base", o.output, "FILE", "Where to put the base; - is standard output")
      .required();
  verb.add_flag("--allow-unsigned", o.allow_unsigned, "Go back without a signed rollback statement");
  add_limits(verb, o.add_max_bytes, o.replace_output);
}

void add_inspect(CLI::App& delta, Verbs& verbs, Command& command) {
  CLI::App& verb = add_verb(delta, "inspect", "Say what is inside a delta, and why", kInspectHelp, command);
  add_path(verb, "--delta,-d,delta", verbs.inspect.delta, "DIR|FILE", "The delta's folder or a delta.bin")
      .required();
}

// The verb that was meant, as far as it can be told.
std::string verb_of(const CLI::App& app) {
  std::string verb;
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    verb += (verb.empty() ? "" : " ") + at->get_name();
  }
  return verb;
}

const CLI::App& innermost(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return *at;
}

// CLI11 complains about what is missing before it says which word it did not know.
Error usage_error(const CLI::App& app, const CLI::ParseError& cause) {
  const std::string verb = verb_of(app);
  Error error{.code = ErrorCode::kInvalidArgument,
              .message = cause.what(),
              .next = "`stella " + verb + (verb.empty() ? "" : " ") + "--help` shows how it is used"};
  const std::vector<std::string> unknown = app.remaining(true);
  const bool wants_verb = !innermost(app).get_subcommands({}).empty();
  if (wants_verb) {
    for (const CLI::App* choice : innermost(app).get_subcommands({})) {
      error.expected += (error.expected.empty() ? "" : ", ") + choice->get_name();
    }
  }
  if (!unknown.empty()) {
    error.found = unknown.front();
    const bool is_option = error.found.size() > 1 && error.found.starts_with('-');
    error.message = is_option    ? "there is no such option"
                    : wants_verb ? "there is no such verb"
                                 : "there is a word too many";
  } else if (wants_verb) {
    error.message = "a verb is missing";
  }
  return error;
}

Result<Command> finish(const std::string& verb, Verbs& verbs, Command command) {
  command.verb = verb;
  STELLA_TRY(const bool is_evidence_verb, take_evidence_verb(verb, verbs.evidence, command));
  if (is_evidence_verb) return command;
  STELLA_TRY(const bool is_delta_sig_verb, take_delta_sig_verb(verb, verbs.delta_sig, command));
  if (is_delta_sig_verb) return command;
  if (verb == "delta create") {
    STELLA_TRY(verbs.create.level, delta::parse_level(verbs.level));
    STELLA_TRY(verbs.create.chunker, chunk::parse_algorithm(verbs.chunker));
    verbs.create.with_rollback = !verbs.no_rollback;
    command.options = std::move(verbs.create);
  } else if (verb == "delta verify") {
    command.options = std::move(verbs.verify);
  } else if (verb == "delta apply") {
    command.options = std::move(verbs.apply);
  } else if (verb == "delta rollback") {
    command.options = std::move(verbs.rollback);
  } else if (verb == "delta inspect") {
    command.options = std::move(verbs.inspect);
  } else {
    command.options = VersionOptions{};
  }
  return command;
}

}  // namespace

Result<Command> parse_command(int argc, const char* const* argv, std::string& meant) {
  Command command;
  Verbs verbs;
  CLI::App app("Small, verifiable updates from one artifact to the next", "stella");
  app.footer(kStellaHelp);
  app.require_subcommand(1);
  bool print_version = false;
  app.add_flag("--version", print_version, "Same as `stella version`");
  CLI::App& delta = *app.add_subcommand("delta", "Make, check, apply, reverse and look into deltas");
  delta.require_subcommand(1);
  add_create(delta, verbs, command);
  add_verify(delta, verbs, command);
  add_apply(delta, verbs, command);
  add_rollback(delta, verbs, command);
  add_inspect(delta, verbs, command);
  add_delta_sig_verbs(app, verbs.delta_sig, command);
  add_evidence_verbs(app, verbs.evidence, command);
  add_verb(app, "version", "Say what this program is made of", "", command);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    command.options = HelpOptions{app.help()};
    return command;
  } catch (const CLI::ParseError& error) {
    if (print_version && app.get_subcommands().empty()) {
      command.verb = "version";
      command.options = VersionOptions{};
      return command;
    }
    meant = verb_of(app);
    return fail(usage_error(app, error));
  }
  meant = verb_of(app);
  return finish(meant, verbs, std::move(command));
}

}  // namespace stella::cli
