#include "delta_sig_verbs.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>

#include <CLI/CLI.hpp>

#include "delta_sig_help.h"
#include "stella/base/time.h"

namespace stella::cli {
namespace {

constexpr std::size_t kRowsMax = 1'000'000;
constexpr std::uint64_t kTimeMaxS = 86'400;

template <typename T>
CLI::Option& add(CLI::App& verb, const char* names, T& to, const char* type, const char* what) {
  return *verb.add_option(names, to, what)->type_name(type);
}

void add_limits(CLI::App& verb, executable::AnalysisLimits& limits) {
  verb.add_option("--max-memory", limits.memory_max_bytes, "What the analysis of one pair may use")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("BYTES")
      ->capture_default_str();
  verb.add_option("--max-time", limits.time_max_s, "How long the analysis of one pair may take")
      ->check(CLI::Range(std::uint64_t{1}, kTimeMaxS))
      ->type_name("SECONDS")
      ->capture_default_str();
}

void add_inputs(CLI::App& verb, operations::DeltaSigInputs& inputs, bool required) {
  add(verb, "--old", inputs.base, "FILE", "The version before").required(required);
  add(verb, "--new", inputs.target, "FILE", "The version after").required(required);
  add_limits(verb, inputs.limits);
}

void add_attachments(CLI::App& verb, operations::DeltaSigAttachments& to) {
  add(verb, "--sbom", to.sbom, "FILE", "The SBOM whose digest the predicate holds");
  add(verb, "--blob", to.blobs, "KIND=FILE", "A file that belongs to it, such as binary-patch=app.delta")
      .allow_extra_args(false);
}

void add_debug_dir(CLI::App& verb, operations::DeltaSigInputs& inputs) {
  add(verb, "--debug-dir", inputs.debug_dir, "DIR", "Where separate debug files are, such as /usr/lib/debug");
}

void add_diff(CLI::App& to, DeltaSigVerbs& verbs, Command& command) {
  CLI::App& verb = add_verb(to, "diff", "Say which functions changed", kDeltaSigDiffHelp, command);
  operations::DeltaSigDiffOptions& o = verbs.diff;
  add_inputs(verb, o.inputs, true);
  add(verb, "--output,-o", o.output, "FILE", "Where to put the predicate").required();
  add(verb, "--arch", o.inputs.arch, "OS-ARCH", "What the programs must be for, such as linux-amd64");
  add_attachments(verb, o.attachments);
  add_debug_dir(verb, o.inputs);
  add(verb, "--computed-at", o.computed_at, "TIME",
      "The time to state (default: SOURCE_DATE_EPOCH, else now)");
  verb.add_flag("--force,-f", o.replace_output, "Replace what is there");
}

void add_verify(CLI::App& to, DeltaSigVerbs& verbs, Command& command) {
  CLI::App& verb =
      add_verb(to, "verify", "Compute a predicate again and say what differs", kDeltaSigVerifyHelp, command);
  operations::DeltaSigVerifyOptions& o = verbs.verify;
  add(verb, "--predicate,-p", o.predicate, "FILE", "The predicate").required();
  add_inputs(verb, o.inputs, false);
  add_attachments(verb, o.attachments);
  add_debug_dir(verb, o.inputs);
  verb.add_flag("--schema-only", o.schema_only, "Check the form alone; needs no files");
}

void add_show(CLI::App& to, DeltaSigVerbs& verbs, Command& command) {
  CLI::App& verb = add_verb(to, "show", "Show the functions that changed", kDeltaSigShowHelp, command);
  operations::DeltaSigShowOptions& o = verbs.show;
  add(verb, "--predicate,-p,predicate", o.predicate, "FILE", "The predicate").required();
  add(verb, "--kind", verbs.kind, "KIND", "modified, added, removed, renamed or moved alone");
  add(verb, "--section", o.section, "NAME", "Functions of this section alone");
  add(verb, "--name", o.name, "TEXT", "Functions whose name contains this");
  add(verb, "--sort", verbs.sort, "BY", "change, size, name, address, fan-out or similarity")
      .capture_default_str();
  verb.add_option("--limit", o.limit, "How many (default: 30, on a page 5000)")
      ->check(CLI::Range(std::size_t{1}, kRowsMax))
      ->type_name("N");
  add(verb, "--function", o.function, "NAME", "Two listings of this function; needs --old and --new");
  add_inputs(verb, o.inputs, false);
  add(verb, "--html", o.html, "FILE", "Write a page");
  verb.add_flag("--force,-f", o.replace_output, "Replace what is there");
}

Error wrong(const char* where, std::string expected, std::string found) {
  return {.code = ErrorCode::kInvalidArgument,
          .message = "a value makes no sense",
          .where = where,
          .expected = std::move(expected),
          .found = std::move(found)};
}

// Source: reproducible-builds.org/specs/source-date-epoch.
Result<std::string> computed_at(const std::string& given) {
  if (!given.empty()) return given;
  if (const char* epoch = std::getenv("SOURCE_DATE_EPOCH"); epoch != nullptr && *epoch != '\0') {
    const std::string_view text = epoch;
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const std::string shown = to_string(Time{.seconds = seconds});
    if (error != std::errc() || end != text.data() + text.size() || seconds < 0 || shown.starts_with('@')) {
      return fail(wrong("SOURCE_DATE_EPOCH", "seconds since 1970", std::string(text)));
    }
    return shown;
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  return to_string(Time{.seconds = now.time_since_epoch().count()});
}

Result<bool> take_show(DeltaSigVerbs& verbs, Command& command) {
  constexpr std::array<std::string_view, 6> kSorts = {"change",  "size",    "name",
                                                      "address", "fan-out", "similarity"};
  const auto sort = std::ranges::find(kSorts, verbs.sort);
  if (sort == kSorts.end()) {
    return fail(wrong("--sort", "change, size, name, address, fan-out or similarity", verbs.sort));
  }
  verbs.show.sort = static_cast<operations::DeltaSigSort>(sort - kSorts.begin());
  if (!verbs.kind.empty()) {
    const auto kind = std::ranges::find(statement::kChangeKindNames, verbs.kind);
    if (kind == statement::kChangeKindNames.end()) {
      return fail(wrong("--kind", "modified, added, removed, renamed or moved", verbs.kind));
    }
    verbs.show.kind = static_cast<statement::ChangeKind>(kind - statement::kChangeKindNames.begin());
  }
  command.options = std::move(verbs.show);
  return true;
}

}  // namespace

void add_delta_sig_verbs(CLI::App& app, DeltaSigVerbs& verbs, Command& command) {
  CLI::App& binary = *app.add_subcommand("binary", "Compare programs function by function");
  binary.require_subcommand(1);
  CLI::App& delta_sig = *binary.add_subcommand("delta-sig", "State which functions changed");
  delta_sig.require_subcommand(1);
  add_diff(delta_sig, verbs, command);
  add_verify(delta_sig, verbs, command);
  add_show(delta_sig, verbs, command);
}

Result<bool> take_delta_sig_verb(const std::string& verb, DeltaSigVerbs& verbs, Command& command) {
  if (verb == "binary delta-sig diff") {
    STELLA_TRY(verbs.diff.computed_at, computed_at(verbs.diff.computed_at));
    command.options = std::move(verbs.diff);
    return true;
  }
  if (verb == "binary delta-sig verify") {
    const operations::DeltaSigVerifyOptions& o = verbs.verify;
    if (!o.schema_only && (o.inputs.base.empty() || o.inputs.target.empty())) {
      return fail(wrong("verify", "--old and --new, or --schema-only", "neither"));
    }
    command.options = std::move(verbs.verify);
    return true;
  }
  return verb == "binary delta-sig show" ? take_show(verbs, command) : Result<bool>(false);
}

}  // namespace stella::cli
