// When it was signed: timestamps, the proven signing time, and its age.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "run.h"
#include "stella/crypto/timestamp.h"

namespace stella::attestation {
namespace {

Error error(std::string message, std::string expected = {}, std::string found = {}, std::string next = {}) {
  return {.code = ErrorCode::kUntrusted,
          .message = std::move(message),
          .expected = std::move(expected),
          .found = std::move(found),
          .next = std::move(next)};
}

struct TimestampOutcome {
  std::set<Digest> authorities{};  // by the trusted key: one authority counts once, whoever signs for it
  std::optional<Error> unknown{};  // of the first that no trusted authority signed
};

void check_timestamp(Run& run, const Bytes& der, std::size_t number, TimestampOutcome& outcome) {
  const std::string where = fmt::format("timestamp {}", number);
  const auto token = crypto::parse_timestamp(der);
  if (!token) return run.failed(CheckId::kTimestamp, Error(token.error()).at(where));
  const Bytes imprint = crypto::digest(token->imprint_hash, run.signature());
  if (imprint != token->imprint) {
    return run.failed(CheckId::kTimestamp,
                      error(fmt::format("the timestamp is over another signature ({})", where),
                            to_hex(imprint), to_hex(token->imprint)));
  }
  std::optional<Error> first;
  for (const TrustedAuthority& authority : run.root.timestamp_authorities) {
    auto chain = crypto::verify_timestamp(*token, run.signature(),
                                          {.roots = authority.roots,
                                           .root_keys = authority.root_keys,
                                           .others = authority.intermediates,
                                           .cache = &run.cache});
    if (!chain) {
      if (!first) first = std::move(chain).error();
      continue;
    }
    if (!authority.valid.contains(token->time)) {
      first = error("the timestamp authority was not trusted at that time", to_string(authority.valid),
                    to_string(token->time));
      continue;
    }
    outcome.authorities.insert(chain->anchor.id());
    run.times.push_back({.time = token->time, .source = TimeSource::kTimestamp});
    run.passed(CheckId::kTimestamp, fmt::format("{} by {}", to_string(token->time), authority.name));
    return;
  }
  if (!first) first = error("no timestamp authority is trusted");
  if (!outcome.unknown) outcome.unknown = std::move(*first).at(where);
}

}  // namespace

void check_timestamps(Run& run) {
  TimestampOutcome outcome;
  for (std::size_t i = 0; i < run.bundle.timestamps.size(); ++i)
    check_timestamp(run, run.bundle.timestamps[i], i + 1, outcome);
  const std::size_t found = outcome.authorities.size();
  const std::size_t wanted = run.policy.timestamps_min;
  // A timestamp that nobody trusted signed proves nothing and takes nothing away, unless it is needed.
  if (outcome.unknown)
    run.failed(CheckId::kTimestamp, *std::move(outcome.unknown), found < wanted || run.policy.strict);
  if (wanted == 0) return;
  const std::string count = fmt::format("{} different authorities", found);
  if (found >= wanted) {
    run.passed(CheckId::kTimestampThreshold, fmt::format("timestamps by {}", count));
  } else {
    run.failed(CheckId::kTimestampThreshold,
               error("too few timestamps by trusted authorities", fmt::format("{}", wanted), count));
  }
}

void check_time(Run& run) {
  for (const ProvenTime& proven : run.times) {
    if (proven.time <= run.policy.at) continue;
    run.failed(
        CheckId::kSigningTime,
        error("the signature was made after the evaluation time", "a time up to " + to_string(run.policy.at),
              to_string(proven.time), "set the clock right, or give the time with --at"));
    return;
  }
  if (run.times.empty()) {
    if (!run.keyless())
      return run.not_checked(CheckId::kSigningTime, "no log and no timestamp proves the signing time");
    // Certificates live for minutes: without a proven time nothing says that this one was alive.
    const Check* reason = nullptr;
    for (const Check& check : run.report.checks) {
      if (check.id == CheckId::kTimestamp && check.state == CheckState::kFailed && reason == nullptr)
        reason = &check;
    }
    return run.failed(
        CheckId::kSigningTime,
        error("no trusted log and no trusted timestamp proves when it was signed", "a proven time",
              reason == nullptr ? "none" : reason->message,
              reason == nullptr
                  ? "add a timestamp (RFC 3161) when signing"
                  : "if its authority deserves trust, name it (--timestamp-root, or a trusted root)"));
  }
  // The log first, then the earliest timestamp.
  const auto earlier = [](const ProvenTime& a, const ProvenTime& b) {
    return a.source != b.source ? a.source == TimeSource::kLog : a.time < b.time;
  };
  const ProvenTime& chosen = *std::ranges::min_element(run.times, earlier);
  run.report.signing_time = chosen.time;
  run.report.time_source = chosen.source;
  run.passed(CheckId::kSigningTime,
             fmt::format("{}, proven by the {}", to_string(chosen.time), to_string(chosen.source)));
}

void check_age(Run& run) {
  if (!run.policy.age_max_days) return;
  if (!run.report.signing_time && !run.witnessed.empty()) {
    run.report.signing_time = *std::ranges::min_element(run.witnessed);
    run.report.time_source = TimeSource::kWitness;
  }
  if (!run.report.signing_time) {
    return run.not_checked(CheckId::kAge, "the age is not known, because no signing time is proven");
  }
  // Witnesses' times are looked at here alone: a clock set back would make any signature young.
  if (run.policy.at < *run.report.signing_time) {
    return run.failed(
        CheckId::kAge,
        error("a witness cosigned after the evaluation time", "a time up to " + to_string(run.policy.at),
              to_string(*run.report.signing_time), "set the clock right, or give the time with --at"));
  }
  const std::int64_t age_days = (run.policy.at.seconds - run.report.signing_time->seconds) / kSecondsPerDay;
  const std::int64_t limit_seconds = *run.policy.age_max_days * kSecondsPerDay;
  const bool fresh = run.policy.at.seconds - run.report.signing_time->seconds <= limit_seconds;
  if (fresh)
    return run.passed(CheckId::kAge,
                      fmt::format("{} days old, at most {}", age_days, *run.policy.age_max_days));
  run.failed(CheckId::kAge, error("the signature is older than the policy allows",
                                  fmt::format("at most {} days", *run.policy.age_max_days),
                                  fmt::format("{} days", age_days), "sign the artifact again"));
}

}  // namespace stella::attestation
