#include "stella/cli/run.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <mutex>
#include <new>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "command.h"
#include "environment.h"
#include "progress_bar.h"
#include "stella/base/file.h"
#include "stella/base/utf8.h"
#include "stella/report/attest.h"
#include "stella/report/delta_sig.h"
#include "stella/report/report.h"

namespace stella::cli {
namespace {

// What a verb has to say, and whether the answer is yes.
struct Outcome {
  bool yes = true;
  std::string text{};
  json::Value json{};
  bool to_standard_error = false;  // standard output belongs to the artifact
};

class Runner {
 public:
  Runner(operations::Context context, report::Style style, bool verbose)
      : context_(std::move(context)), style_(style), verbose_(verbose) {}

  Result<Outcome> operator()(const HelpOptions& help) const { return Outcome{.text = help.text}; }
  Result<Outcome> operator()(const VersionOptions&) const { return outcome(operations::version()); }
  Result<Outcome> operator()(const operations::DeltaCreateOptions& options) const {
    STELLA_TRY(const auto result, operations::delta_create(options, context_));
    return outcome(result);
  }
  Result<Outcome> operator()(const operations::DeltaVerifyOptions& options) const {
    STELLA_TRY(const auto result, operations::delta_verify(options, context_));
    Outcome out = outcome(result);
    out.yes = result.ok;
    return out;
  }
  Result<Outcome> operator()(const operations::DeltaApplyOptions& options) const {
    STELLA_TRY(const auto result, operations::delta_apply(options, context_));
    return way_outcome(result, report::Way::kApply);
  }
  Result<Outcome> operator()(const operations::DeltaRollbackOptions& options) const {
    STELLA_TRY(const auto result, operations::delta_rollback(options, context_));
    return way_outcome(result, report::Way::kRollback);
  }
  Result<Outcome> operator()(const InspectOptions& options) const {
    STELLA_TRY(const auto result, operations::delta_inspect(options.delta, context_));
    return outcome(result);
  }
  Result<Outcome> operator()(const operations::AttestVerifyOptions& options) const {
    if (options.explain) {
      return Outcome{.text = report::checks_explained_text(style_), .json = report::checks_explained_json()};
    }
    STELLA_TRY(const auto result, operations::attest_verify(options, context_));
    return Outcome{.yes = result.accepted,
                   .text = report::text(result, style_, verbose_),
                   .json = report::to_json(result)};
  }
  Result<Outcome> operator()(const operations::AttestInspectOptions& options) const {
    STELLA_TRY(const auto result, operations::attest_inspect(options));
    return outcome(result);
  }
  Result<Outcome> operator()(const operations::TrustInitOptions& options) const {
    STELLA_TRY(const auto result, operations::trust_init(options));
    return outcome(result);
  }
  Result<Outcome> operator()(const operations::TrustUpdateOptions& options) const {
    STELLA_TRY(const auto result, operations::trust_update(options));
    return outcome(result);
  }
  Result<Outcome> operator()(const operations::TrustShowOptions& options) const {
    STELLA_TRY(const auto result, operations::trust_show(options));
    return outcome(result);
  }
  Result<Outcome> operator()(const operations::TrustExportOptions& options) const {
    STELLA_TRY(const auto result, operations::trust_export(options));
    return written(result);
  }
  Result<Outcome> operator()(const operations::PolicyInitOptions& options) const {
    STELLA_TRY(const auto result, operations::policy_init(options));
    return written(result);
  }
  Result<Outcome> operator()(const operations::DeltaSigDiffOptions& options) const {
    STELLA_TRY(const auto result, operations::delta_sig_diff(options, context_));
    return outcome(result);
  }
  Result<Outcome> operator()(const operations::DeltaSigVerifyOptions& options) const {
    STELLA_TRY(const auto result, operations::delta_sig_verify(options, context_));
    Outcome out = outcome(result);
    out.yes = result.ok;
    return out;
  }
  Result<Outcome> operator()(const operations::DeltaSigShowOptions& options) const {
    STELLA_TRY(const auto result, operations::delta_sig_show(options, context_));
    if (!options.html.empty()) {
      STELLA_CHECK(write_file(
          options.html, as_bytes(report::html(result)),
          options.replace_output ? AtomicFile::Existing::kReplace : AtomicFile::Existing::kRefuse));
    }
    return outcome(result);
  }

 private:
  // What went to standard output is not followed by a report there.
  template <typename T>
  [[nodiscard]] Outcome written(const T& result) const {
    Outcome out = outcome(result);
    out.to_standard_error = result.output == "-";
    return out;
  }
  template <typename T>
  [[nodiscard]] Outcome outcome(const T& result) const {
    return {.text = report::text(result, style_), .json = report::to_json(result)};
  }
  [[nodiscard]] Outcome way_outcome(const operations::DeltaApplyResult& result, report::Way way) const {
    return {.text = report::text(result, way, style_),
            .json = report::to_json(result, way),
            .to_standard_error = result.output == "-"};
  }

  operations::Context context_;
  report::Style style_;
  bool verbose_;
};

Status print(int descriptor, std::string_view text) {
  return write_descriptor(descriptor, as_bytes(text),
                          descriptor == STDOUT_FILENO ? "standard output" : "standard error");
}

// Names of files and pieces of broken input need not be UTF-8; JSON must be.
std::string json_text(const json::Value& value) { return repaired_utf8(json::pretty(value)); }

int print_error(const Error& error, const std::string& verb, bool as_json) {
  // Nothing more can be done when this cannot be printed either.
  if (as_json) {
    (void)print(STDOUT_FILENO, json_text(report::to_json(error, verb)));
  } else {
    (void)print(STDERR_FILENO, report::text(error, style_for(STDERR_FILENO)));
  }
  return exit_status(error.code);
}

bool writes_artifact_to_stdout(const Command& command) {
  const auto* apply = std::get_if<operations::DeltaApplyOptions>(&command.options);
  const auto* rollback = std::get_if<operations::DeltaRollbackOptions>(&command.options);
  const auto* trust = std::get_if<operations::TrustExportOptions>(&command.options);
  const auto* policy = std::get_if<operations::PolicyInitOptions>(&command.options);
  return (apply != nullptr && apply->output == "-") || (rollback != nullptr && rollback->output == "-") ||
         (trust != nullptr && trust->output == "-") || (policy != nullptr && policy->output == "-");
}

Result<Outcome> run_verb(const Command& command, ProgressBar& bar) {
  STELLA_TRY(const Environment environment, read_environment(command));
  operations::Context context{.threads = environment.threads};
  if (!command.quiet && !command.json && is_terminal(STDERR_FILENO)) {
    context.progress = [&bar](std::string_view stage, std::uint64_t done, std::uint64_t total) {
      bar.update(stage, done, total);
    };
  }
  std::mutex debug_mutex;
  if (environment.debug) {
    context.debug = [&](std::string_view message) {
      const std::lock_guard lock(debug_mutex);
      bar.clear();
      (void)print(STDERR_FILENO, fmt::format("debug: {}\n", message));
    };
  }
  const int descriptor = writes_artifact_to_stdout(command) ? STDERR_FILENO : STDOUT_FILENO;
  return std::visit(Runner(std::move(context), style_for(descriptor), command.verbose), command.options);
}

// For errors that come before or instead of a parsed command.
bool asks_for_json(int argc, const char* const* argv) {
  return std::any_of(argv, argv + argc, [](const char* word) { return std::string_view(word) == "--json"; });
}

int run_checked(int argc, const char* const* argv) {
  std::string verb;
  const auto command = parse_command(argc, argv, verb);
  if (!command) return print_error(command.error(), verb, asks_for_json(argc, argv));
  remove_temporary_files_on_signals();
  // A file over the limit of `ulimit -f` is an error like a full disk, and no reason to die without cleaning
  // up.
  (void)std::signal(SIGXFSZ, SIG_IGN);
  ProgressBar bar;
  const auto outcome = run_verb(*command, bar);
  bar.clear();
  // An error that ends `--output - --json` must not look like the artifact.
  const bool json_errors = command->json && !writes_artifact_to_stdout(*command);
  if (!outcome) return print_error(outcome.error(), command->verb, json_errors);

  const bool is_help = std::holds_alternative<HelpOptions>(command->options);
  const std::string text = command->json && !is_help ? json_text(outcome->json) : outcome->text;
  const bool silent = command->quiet && !command->json && !is_help;
  if (!silent) {
    const Status printed = print(outcome->to_standard_error ? STDERR_FILENO : STDOUT_FILENO, text);
    if (!printed) return print_error(printed.error(), command->verb, false);
  }
  return outcome->yes ? 0 : exit_status(ErrorCode::kUntrusted);
}

}  // namespace

int run(int argc, const char* const* argv) {
  try {
    return run_checked(argc, argv);
  } catch (const std::bad_alloc&) {
    return print_error({.code = ErrorCode::kLimitExceeded,
                        .message = "there is not enough memory",
                        .next = "use fewer threads or a machine with more memory"},
                       "", asks_for_json(argc, argv));
  } catch (const std::exception& exception) {
    return print_error({.code = ErrorCode::kInternal,
                        .message = "this should not have happened",
                        .found = exception.what(),
                        .next = "please report it"},
                       "", asks_for_json(argc, argv));
  }
}

}  // namespace stella::cli
