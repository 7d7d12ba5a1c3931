#include <fmt/format.h>

#include "format.h"
#include "stella/report/attest.h"

namespace stella::report {
namespace {

using attestation::Check;
using attestation::CheckState;
using json::Array;
using json::Object;
using json::Value;

constexpr std::size_t kLinesOfBatchMax = 1000;  // of refusals in a text; JSON has all

std::string mark(const Check& check, Style style) {
  if (check.state == CheckState::kPassed) return coloured("✓", Colour::kGreen, style);
  if (check.state == CheckState::kNotChecked && !check.fatal) return coloured("–", Colour::kYellow, style);
  if (!check.fatal) return coloured("!", Colour::kYellow, style);  // shown, and not counted against it
  return coloured("✗", Colour::kRed, style);
}

std::string check_lines(const Check& check, Style style) {
  std::string out =
      fmt::format("  {} {:<20} {}\n", mark(check, style), to_string(check.id), printable(check.message));
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out += fmt::format("      {:<9} {}\n", name, printable(value));
  };
  if (check.state != CheckState::kPassed) {
    add("expected", check.expected);
    add("found", check.found);
    add("next", check.next);
  }
  return out;
}

std::string facts(const operations::EvidenceVerdict& evidence, const attestation::Report& report) {
  Table table({false, false});
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) table.row({std::string(name), printable(value)});
  };
  if (evidence.sha256) add("artifact", sha256_text(*evidence.sha256));
  add("signer", report.signer);
  add("issuer", report.issuer);
  if (report.signing_time) {
    add("signed at",
        fmt::format("{}, by the {}", to_string(*report.signing_time), to_string(report.time_source)));
  }
  for (const attestation::LogReference& entry : report.log_entries) {
    const std::string& log = entry.url.empty() ? entry.origin : entry.url;
    add("log entry", fmt::format("{} {}", log.empty() ? "of a log that is not trusted:" : log, entry.index));
  }
  add("predicate", report.predicate_type.empty() ? report.payload_type : report.predicate_type);
  add("builder", report.builder_id);
  if (report.slsa_level > 0) add("SLSA level", fmt::format("{}", report.slsa_level));
  return table.text();
}

std::string verdict_text(const operations::EvidenceVerdict& evidence, Style style, bool verbose) {
  const std::string bundle = printable(evidence.bundle.string());
  std::string out = evidence.accepted ? coloured("Accepted", Colour::kGreen, style)
                                      : coloured("Refused", Colour::kRed, style);
  out += ": " + bundle + "\n";
  for (std::size_t i = 0; i < evidence.verdicts.size(); ++i) {
    const attestation::Verdict& verdict = evidence.verdicts[i];
    // One bundle of several decides; the others are of interest only when one looks for the reason.
    if (&verdict != evidence.decisive() && !verbose && evidence.accepted) continue;
    if (evidence.verdicts.size() > 1) {
      out += fmt::format("  bundle {} of {}: {}\n", i + 1, evidence.verdicts.size(),
                         verdict.report.accepted ? "accepted" : "refused");
    }
    out += facts(evidence, verdict.report);
    for (const Check& check : verdict.report.checks) {
      if (verbose || check.state != CheckState::kPassed) out += check_lines(check, style);
    }
  }
  return out;
}

// Why one of many was refused, in one line: where, or which check; what; expected and found.
std::string reason_of(const operations::EvidenceVerdict& evidence) {
  Error error;
  if (evidence.error) {
    error = *evidence.error;
  } else if (const attestation::Verdict* verdict = evidence.decisive()) {
    error = verdict->report.failure().value_or(Error{});
  }
  std::string reason = error.where.empty() ? error.message : error.where + ": " + error.message;
  if (!error.expected.empty()) reason += "; expected " + error.expected;
  if (!error.found.empty()) reason += "; found " + error.found;
  return reason;
}

std::string batch_text(const operations::AttestVerifyResult& result, Style style) {
  std::size_t accepted = 0;
  std::size_t shown = 0;
  std::string out;
  for (const operations::EvidenceVerdict& evidence : result.evidence) {
    if (evidence.accepted) {
      ++accepted;
      continue;
    }
    if (shown++ >= kLinesOfBatchMax) continue;
    out += fmt::format("  {} {} {}: {}\n", coloured("✗", Colour::kRed, style),
                       printable(evidence.bundle.string()), printable(evidence.artifact),
                       printable(reason_of(evidence)));
  }
  if (shown > kLinesOfBatchMax) out += "  … and more; --json has all\n";
  return out + fmt::format("{}: {} of {}\n",
                           accepted == result.evidence.size()
                               ? coloured("Accepted", Colour::kGreen, style)
                               : coloured("Refused some; accepted", Colour::kRed, style),
                           grouped(accepted), grouped(result.evidence.size()));
}

Value optional_text(const std::string& text) { return text.empty() ? Value() : Value(text); }

Value to_json(const Check& check) {
  return Object{{"check", attestation::to_string(check.id)},
                {"state", attestation::to_string(check.state)},
                {"fatal", check.fatal},
                {"message", check.message},
                {"expected", optional_text(check.expected)},
                {"found", optional_text(check.found)},
                {"next", optional_text(check.next)}};
}

Value to_json(const attestation::LogReference& entry) {
  return Object{
      {"url", optional_text(entry.url)},
      {"index", std::to_string(entry.index)},
      {"uuid", entry.uuid},
      {"kind", entry.kind},
      {"integrated_time", entry.integrated_time ? Value(to_string(*entry.integrated_time)) : Value()},
      {"origin", optional_text(entry.origin)},
      {"tree_size", std::to_string(entry.tree_size)}};
}

Value to_json(const attestation::Verdict& verdict) {
  const attestation::Report& report = verdict.report;
  Array checks;
  for (const Check& check : report.checks) checks.push_back(to_json(check));
  Array entries;
  for (const attestation::LogReference& entry : report.log_entries) entries.push_back(to_json(entry));
  return Object{{"accepted", report.accepted},
                {"signer", optional_text(report.signer)},
                {"issuer", optional_text(report.issuer)},
                {"signing_time", report.signing_time ? Value(to_string(*report.signing_time)) : Value()},
                {"time_source", attestation::to_string(report.time_source)},
                {"log_entries", std::move(entries)},
                {"payload_type", optional_text(report.payload_type)},
                {"predicate_type", optional_text(report.predicate_type)},
                {"builder_id", optional_text(report.builder_id)},
                {"slsa_level", report.slsa_level},
                {"payload_sha256",
                 verdict.statement ? Value(to_hex(verdict.statement->payload_digest().view())) : Value()},
                {"checks", std::move(checks)}};
}

Value to_json(const operations::EvidenceVerdict& evidence) {
  Array bundles;
  for (const attestation::Verdict& verdict : evidence.verdicts) bundles.push_back(to_json(verdict));
  return Object{
      {"bundle", evidence.bundle.string()},
      {"artifact", optional_text(evidence.artifact)},
      {"sha256", evidence.sha256 ? Value(to_hex(evidence.sha256->view())) : Value()},
      {"accepted", evidence.accepted},
      {"bundles", std::move(bundles)},
      {"error", evidence.error ? *report::to_json(*evidence.error, "attest verify").find("error") : Value()}};
}

}  // namespace

std::string text(const operations::AttestVerifyResult& result, Style style, bool verbose) {
  std::string out = coloured("Policy", Colour::kBold, style) + ": only this counts\n";
  Table policy({false, false});
  for (const auto& [name, what] : result.policy) policy.row({name, printable(what)});
  out += policy.text();
  for (const std::string& note : result.notes) {
    out += coloured("note", Colour::kYellow, style) + ": " + printable(note) + "\n";
  }
  if (result.is_batch) return out + batch_text(result, style);
  for (const operations::EvidenceVerdict& evidence : result.evidence)
    out += verdict_text(evidence, style, verbose);
  return out;
}

Value to_json(const operations::AttestVerifyResult& result) {
  Array policy;
  for (const auto& [name, what] : result.policy) policy.push_back(Object{{"what", name}, {"is", what}});
  Array notes;
  for (const std::string& note : result.notes) notes.emplace_back(note);
  Array evidence;
  for (const operations::EvidenceVerdict& verdict : result.evidence) evidence.push_back(to_json(verdict));
  return Object{{"verb", "attest verify"},
                {"ok", result.accepted},
                {"policy", std::move(policy)},
                {"notes", std::move(notes)},
                {"evidence", std::move(evidence)}};
}

std::string checks_explained_text(Style style) {
  std::string out = "The checks, in the order in which they are shown.\n";
  for (const attestation::CheckExplanation& check : attestation::check_explanations()) {
    out += fmt::format("\n{}\n  {}\n  Refused: {}.\n", coloured(to_string(check.id), Colour::kBold, style),
                       check.what, check.fatal_when);
  }
  return out +
         "\nWhat could not be checked is shown as such, and refused in --strict; it never counts as "
         "passed.\n";
}

Value checks_explained_json() {
  Array checks;
  for (const attestation::CheckExplanation& check : attestation::check_explanations()) {
    checks.push_back(Object{
        {"check", attestation::to_string(check.id)}, {"what", check.what}, {"fatal_when", check.fatal_when}});
  }
  return Object{{"verb", "attest verify"}, {"ok", true}, {"checks", std::move(checks)}};
}

}  // namespace stella::report
