#include "stella/attestation/verifier.h"

#include <algorithm>

#include <fmt/format.h>

#include "run.h"

namespace stella::attestation {

ByteView Run::signature() const {
  if (const statement::Envelope* envelope = bundle.envelope()) return envelope->signatures.front().signature;
  return bundle.message_signature()->signature;
}

void Run::passed(CheckId id, std::string message) {
  report.checks.push_back({.id = id, .state = CheckState::kPassed, .message = std::move(message)});
}

void Run::failed(CheckId id, Error error, bool fatal) {
  if (!error.where.empty()) error.message += fmt::format(" ({})", error.where);
  report.checks.push_back({.id = id,
                           .state = CheckState::kFailed,
                           .fatal = fatal,
                           .message = std::move(error.message),
                           .expected = std::move(error.expected),
                           .found = std::move(error.found),
                           .next = std::move(error.next)});
}

void Run::not_checked(CheckId id, std::string why, std::string next) {
  report.checks.push_back({.id = id,
                           .state = CheckState::kNotChecked,
                           .fatal = policy.strict,
                           .message = std::move(why),
                           .next = std::move(next)});
}

void Run::not_asked(CheckId id, std::string why) {
  report.checks.push_back({.id = id, .state = CheckState::kNotChecked, .message = std::move(why)});
}

bool Run::has_fatal() const {
  return std::ranges::any_of(
      report.checks, [](const Check& check) { return check.fatal && check.state != CheckState::kPassed; });
}

namespace {

// By their ids; those of one id in the order in which they were made.
void sort_checks(std::vector<Check>& checks) {
  std::vector<Check> sorted;
  for (const CheckExplanation& kind : check_explanations()) {
    for (Check& check : checks) {
      if (check.id == kind.id) sorted.push_back(std::move(check));
    }
  }
  checks = std::move(sorted);
}

}  // namespace

struct Verifier::State {
  TrustedRoot root;
  crypto::ChainCache cache{};
};

Verifier::Verifier(TrustedRoot root) : state_(std::make_unique<State>(std::move(root))) {}
Verifier::~Verifier() = default;
Verifier::Verifier(Verifier&&) noexcept = default;
Verifier& Verifier::operator=(Verifier&&) noexcept = default;

const TrustedRoot& Verifier::root() const { return state_->root; }

Verdict Verifier::verify(const Bundle& bundle, const std::optional<ArtifactDigest>& artifact,
                         const VerifyPolicy& policy) const {
  Run run{
      .root = state_->root, .cache = state_->cache, .bundle = bundle, .artifact = artifact, .policy = policy};
  run.passed(CheckId::kBundle, fmt::format("bundle of version {}", to_string(bundle.version)));
  check_content(run);
  check_key(run);
  check_timestamps(run);
  check_log(run);
  check_time(run);
  check_signer(run);
  check_signature(run);
  check_statement(run);
  check_age(run);
  sort_checks(run.report.checks);
  run.report.accepted = !run.has_fatal();

  Verdict verdict;
  if (run.report.accepted && run.statement) {
    VerifiedStatement verified;
    verified.statement_ = *std::move(run.statement);
    verified.provenance_ = std::move(run.provenance);
    verified.payload_digest_ = sha256(bundle.envelope()->payload);
    verified.report_ = run.report;
    verdict.statement = std::move(verified);
  }
  verdict.report = std::move(run.report);
  return verdict;
}

}  // namespace stella::attestation
