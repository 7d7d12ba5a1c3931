// Proof by transparency logs: the entry is about this bundle, it is in the log's tree, the log committed to
// that tree.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "run.h"
#include "stella/base/merkle.h"
#include "stella/tlog/checkpoint.h"
#include "stella/tlog/witness_policy.h"

namespace stella::attestation {
namespace {

std::unexpected<Error> wrong(std::string message, std::string expected = {}, std::string found = {},
                             std::string next = {}) {
  return fail({.code = ErrorCode::kUntrusted,
               .message = std::move(message),
               .expected = std::move(expected),
               .found = std::move(found),
               .next = std::move(next)});
}

bool is_v2(const LogEntry& entry) { return entry.version == "0.0.2" && entry.kind == "hashedrekord"; }

bool proof_demanded(const VerifyPolicy& policy) {
  return policy.require_log || policy.strict || policy.checkpoint.has_value();
}

// What the checks of all entries together came to.
struct Outcome {
  std::set<Digest> logs_proven{};    // by their keys: one log listed twice counts once
  std::set<Digest> logs_promised{};  // v1: SET verified
  std::size_t about_bundle = 0;
  std::size_t unknown = 0;
  std::size_t without_proof = 0;
  bool wrong_proof = false;
  bool quorum_met = false;
  std::string cosigned{};  // how many witnesses, of the checkpoint that has most
};

// Whether `log` is the one that the entry names. Where only a key was given, the checkpoint's signature lines
// name it by its id.
bool may_be(const TrustedLog& log, const LogEntry& entry) {
  const ByteView computed = log.key.id().view();
  if (log.id == entry.log_id || std::ranges::equal(computed, entry.log_id)) return true;
  if (!log.origin.empty() || !entry.inclusion_proof) return false;
  const auto checkpoint = tlog::parse_signed_checkpoint(entry.inclusion_proof->checkpoint);
  if (!checkpoint) return false;
  return std::ranges::any_of(checkpoint->note.signatures, [&](const tlog::NoteSignature& signature) {
    const auto key = tlog::note_key(signature.name, log.key);
    return key && key->id == signature.key_id;
  });
}

// Verifies the checkpoint's signature by `log`, whose own name must be the origin. Rekor v1 adds a number to
// its origin, and some private v1 logs sign under another name than their address; a v1 log is bound by its
// key, whose id is free of names.
Status verify_log_signature(const tlog::SignedCheckpoint& checkpoint, const TrustedLog& log, bool v2) {
  const bool named = v2 && !log.origin.empty();
  if (named) {
    STELLA_TRY(const tlog::NoteKey key, tlog::note_key(log.origin, log.key));
    return tlog::verify_checkpoint(checkpoint, key, log.origin);
  }
  std::optional<Error> error;
  std::set<std::string> tried;
  for (const tlog::NoteSignature& signature : checkpoint.note.signatures) {
    if (!tried.insert(signature.name).second) continue;
    const auto key = tlog::note_key(signature.name, log.key);
    if (!key || key->id != signature.key_id) continue;
    auto status = v2 ? tlog::verify_checkpoint(checkpoint, *key, signature.name)
                     : tlog::verify_checkpoint(checkpoint, *key);
    if (status) return {};
    if (!error) error = std::move(status).error();
  }
  if (error) return std::unexpected(*std::move(error));
  return wrong("the checkpoint carries no signature of the log", "key " + to_hex(log.key.id().view()));
}

// With --rekor-checkpoint: the proof must lead to that very tree.
Status compare_given_checkpoint(const Run& run, const tlog::SignedCheckpoint& own, const TrustedLog& log,
                                bool v2) {
  if (!run.policy.checkpoint) return {};
  auto given = tlog::parse_signed_checkpoint(*run.policy.checkpoint);
  if (!given) return fail(std::move(given).error().at("given checkpoint"));
  if (auto status = verify_log_signature(*given, log, v2); !status) {
    return fail(std::move(status).error().at("given checkpoint"));
  }
  const tlog::Checkpoint& expected = given->checkpoint;
  const tlog::Checkpoint& found = own.checkpoint;
  if (expected.origin != found.origin) {
    return wrong("the proof is of another log than the given checkpoint", expected.origin, found.origin);
  }
  if (expected.tree_size != found.tree_size) {
    return wrong("the proof is for another tree size than the given checkpoint",
                 fmt::format("{}", expected.tree_size), fmt::format("{}", found.tree_size),
                 "fetch the entry's proof for the given checkpoint");
  }
  if (expected.root_hash != found.root_hash) {
    return wrong("the log shows two different trees of one size: it is not honest",
                 to_hex(expected.root_hash.view()), to_hex(found.root_hash.view()),
                 "keep both checkpoints, and tell whoever runs the log");
  }
  return {};
}

// Of several logs, one whose checkpoint the quorum cosigned suffices.
void count_witnesses(Run& run, const tlog::SignedCheckpoint& checkpoint, const TrustedLog& log,
                     Outcome& outcome) {
  if (run.policy.witnesses == nullptr || outcome.quorum_met) return;
  const std::vector<tlog::PolicyLog>& logs = run.policy.witnesses->logs;
  const auto is_this = [&](const tlog::PolicyLog& listed) { return listed.key.key == log.key; };
  if (!logs.empty() && std::ranges::none_of(logs, is_this)) {
    if (outcome.cosigned.empty())
      outcome.cosigned = "a checkpoint of a log that the witness policy does not list";
    return;
  }
  const tlog::QuorumReport quorum = tlog::check_quorum(*run.policy.witnesses, checkpoint.note);
  std::size_t cosigned = 0;
  for (const tlog::WitnessOutcome& outcome_of_one : quorum.witnesses)
    cosigned += outcome_of_one.cosigned ? 1 : 0;
  outcome.quorum_met = quorum.met;
  outcome.cosigned = fmt::format("{} of {} known witnesses", cosigned, quorum.witnesses.size());
  if (quorum.met_at) run.witnessed.push_back(*quorum.met_at);
}

void check_witnesses(Run& run, const Outcome& outcome) {
  if (run.policy.witnesses == nullptr) return;
  if (outcome.quorum_met) return run.passed(CheckId::kWitnesses, "cosigned by " + outcome.cosigned);
  run.failed(CheckId::kWitnesses,
             wrong("the checkpoint's cosignatures are below the quorum", "the witness policy's quorum",
                   outcome.cosigned.empty() ? "no verified checkpoint" : outcome.cosigned,
                   "fetch a newer checkpoint of the log with cosignatures")
                 .error());
}

// Inclusion and checkpoint, for an entry with a proof.
void check_proof(Run& run, const LogEntry& entry, const TrustedLog& log, LogReference& reference,
                 Outcome& outcome) {
  const InclusionProof& proof = *entry.inclusion_proof;
  const auto checkpoint = tlog::parse_signed_checkpoint(proof.checkpoint);
  if (!checkpoint) {
    outcome.wrong_proof = true;
    return run.failed(CheckId::kLogCheckpoint, checkpoint.error());
  }
  reference.origin = checkpoint->checkpoint.origin;
  reference.tree_size = checkpoint->checkpoint.tree_size;
  const auto signature = verify_log_signature(*checkpoint, log, is_v2(entry));
  const auto given = signature ? compare_given_checkpoint(run, *checkpoint, log, is_v2(entry)) : signature;
  if (!given) {
    outcome.wrong_proof = true;
    return run.failed(CheckId::kLogCheckpoint, given.error());
  }
  run.passed(CheckId::kLogCheckpoint,
             fmt::format("signed by {}, tree of {} entries", checkpoint->checkpoint.origin,
                         checkpoint->checkpoint.tree_size));
  // Size and root come from the signed checkpoint; what the bundle says beside it must agree.
  Status status = {};
  if (proof.tree_size != checkpoint->checkpoint.tree_size) {
    status = wrong("the inclusion proof is for another tree size than its checkpoint",
                   fmt::format("{}", checkpoint->checkpoint.tree_size), fmt::format("{}", proof.tree_size));
  } else if (proof.root_hash != checkpoint->checkpoint.root_hash) {
    status = wrong("the inclusion proof is for another root than its checkpoint",
                   to_hex(checkpoint->checkpoint.root_hash.view()), to_hex(proof.root_hash.view()));
  } else {
    status = merkle::verify_inclusion(merkle::leaf_hash(entry.body), proof.log_index, proof.tree_size,
                                      proof.hashes, checkpoint->checkpoint.root_hash);
  }
  if (status && is_v2(entry) && entry.log_index != proof.log_index) {
    // No promise binds it: the report would name a place in the log that is another entry's.
    status = wrong("the log entry names another index than its proof", fmt::format("{}", proof.log_index),
                   fmt::format("{}", entry.log_index));
  }
  if (!status) {
    outcome.wrong_proof = true;
    return run.failed(CheckId::kLogInclusion, status.error());
  }
  run.passed(CheckId::kLogInclusion, fmt::format("leaf {} of {}", proof.log_index, proof.tree_size));
  count_witnesses(run, *checkpoint, log, outcome);
  outcome.logs_proven.insert(log.key.id());
}

Status check_promise(Run& run, const LogEntry& entry, const TrustedLog& log) {
  const tlog::EntryPromise promise{.body = entry.body,
                                   .integrated_time = entry.integrated_time,
                                   .log_id = log.key.id(),
                                   .log_index = entry.log_index};
  STELLA_CHECK(tlog::verify_promise(promise, *entry.signed_entry_timestamp, log.key));
  run.passed(CheckId::kLogPromise,
             fmt::format("the log took the entry at {}", to_string(Time{entry.integrated_time})));
  return {};
}

// The log's key must have been valid when the log took the entry: at the time that it promised (v1), or that
// timestamps prove. With no proven time, the key must be valid still: whoever holds a key that was given up
// could date its entries at will.
void check_log_validity(Run& run, const LogEntry& entry, const TrustedLog& log, bool promised,
                        Outcome& outcome) {
  std::vector<Time> times;
  if (promised && entry.integrated_time != 0) {
    times.push_back({.seconds = entry.integrated_time});
    run.times.push_back({.time = times.front(), .source = TimeSource::kLog});
  } else {
    for (const ProvenTime& proven : run.times) {
      if (proven.source == TimeSource::kTimestamp) times.push_back(proven.time);
    }
  }
  const bool proven = !times.empty();
  if (!proven) times.push_back(run.policy.at);
  for (const Time time : times) {
    if (log.valid.contains(time)) continue;
    outcome.logs_proven.erase(log.key.id());
    outcome.logs_promised.erase(log.key.id());
    return run.failed(
        CheckId::kLogCheckpoint,
        wrong(proven ? "the log's key was not valid when it took the entry"
                     : "the log's key is not valid now, and no time proves that the entry is older",
              to_string(log.valid), to_string(time))
            .error(),
        proven || proof_demanded(run.policy));
  }
}

void check_entry(Run& run, const LogEntry& entry, std::size_t number, Outcome& outcome) {
  const std::string where = fmt::format("log entry {}", number);
  const auto body = tlog::parse_entry(entry.body);
  const auto about = body ? compare_entry(run, entry, *body) : Status(std::unexpected(body.error()));
  if (!about) {
    run.failed(CheckId::kLogEntry, Error(about.error()).at(where));
    return;
  }
  ++outcome.about_bundle;

  LogReference reference{.index = entry.log_index,
                         .uuid = to_hex(merkle::leaf_hash(entry.body).view()),
                         .kind = fmt::format("{} {}", entry.kind, entry.version)};
  std::vector<const TrustedLog*> candidates;
  for (const TrustedLog& log : run.root.logs) {
    if (may_be(log, entry)) candidates.push_back(&log);
  }
  // Among logs known by their keys alone, the checkpoint tells which one it is.
  const TrustedLog* log = candidates.empty() ? nullptr : candidates.front();
  if (candidates.size() > 1 && entry.inclusion_proof) {
    const auto checkpoint = tlog::parse_signed_checkpoint(entry.inclusion_proof->checkpoint);
    for (const TrustedLog* candidate : candidates) {
      if (!checkpoint || !verify_log_signature(*checkpoint, *candidate, is_v2(entry))) continue;
      log = candidate;
      break;
    }
  }
  if (log == nullptr) {
    ++outcome.unknown;
    run.not_checked(CheckId::kLogCheckpoint, where + " is of a log that is not trusted",
                    "trust it with --rekor-root, or in the trusted root");
    run.report.log_entries.push_back(std::move(reference));
    return;
  }
  reference.url = log->url;
  bool promised = false;
  if (!is_v2(entry) && entry.signed_entry_timestamp) {
    if (auto status = check_promise(run, entry, *log); !status) {
      outcome.wrong_proof = true;
      run.failed(CheckId::kLogPromise, std::move(status).error().at(where));
    } else {
      promised = true;
      outcome.logs_promised.insert(log->key.id());
      // Nothing but the promise binds the time to the entry.
      if (entry.integrated_time != 0) reference.integrated_time = Time{.seconds = entry.integrated_time};
    }
  }
  if (entry.inclusion_proof && !entry.inclusion_proof->checkpoint.empty()) {
    check_proof(run, entry, *log, reference, outcome);
  } else {
    ++outcome.without_proof;
  }
  check_log_validity(run, entry, *log, promised, outcome);
  run.report.log_entries.push_back(std::move(reference));
}

// One verdict for entries that cannot be proven, and one for their number.
void check_threshold(Run& run, const Outcome& outcome) {
  const VerifyPolicy& policy = run.policy;
  const bool asked = proof_demanded(policy);
  const bool demanded = run.keyless() || asked;
  if (outcome.without_proof > 0 && outcome.logs_proven.empty()) {
    // Version 0.1 carries the log's signed promise alone; every other way lacks a proof that a log holds the
    // entry.
    const bool promise_suffices = run.bundle.version == BundleVersion::kV01 && !outcome.logs_promised.empty();
    Error error = wrong("no inclusion proof with a checkpoint", "a proof that the log holds the entry",
                        outcome.logs_promised.empty() ? "none" : "the log's promise only",
                        "fetch the proof from the log and store it with the bundle")
                      .error();
    run.failed(CheckId::kLogInclusion, std::move(error), asked || (run.keyless() && !promise_suffices));
  }
  std::set<Digest> logs = outcome.logs_proven;
  if (run.bundle.version == BundleVersion::kV01 && !asked) {
    logs.insert(outcome.logs_promised.begin(), outcome.logs_promised.end());
  }
  const std::size_t wanted = std::max<std::size_t>(policy.logs_min.value_or(0), demanded ? 1 : 0);
  const std::string found =
      fmt::format("{} different trusted log{}", logs.size(), logs.size() == 1 ? "" : "s");
  if (logs.size() >= wanted && !logs.empty()) {
    run.passed(CheckId::kLogThreshold, fmt::format("proven by {}", found));
    return;
  }
  std::string message = "the signature is in too few logs";
  std::string next = "have the signature logged by a trusted log, and store the entry with the bundle";
  if (run.bundle.log_entries.empty()) {
    message = "no transparency log entry";
  } else if (outcome.unknown > 0) {
    message = "the log entry is of a log that is not trusted";
    next = "if this log deserves trust, name it (--rekor-root, or a trusted root)";
  }
  // Contradiction between offline signing and proof: a managed key may wait for its log, unless somebody asks
  // for the proof or names a number of logs.
  const bool fatal = wanted > 0 || outcome.wrong_proof;
  run.failed(CheckId::kLogThreshold,
             wrong(std::move(message), fmt::format("{} trusted log(s)", std::max<std::size_t>(wanted, 1)),
                   found, std::move(next))
                 .error(),
             fatal);
}

}  // namespace

void check_log(Run& run) {
  Outcome outcome;
  for (std::size_t i = 0; i < run.bundle.log_entries.size(); ++i)
    check_entry(run, run.bundle.log_entries[i], i + 1, outcome);
  if (outcome.about_bundle > 0) {
    run.passed(CheckId::kLogEntry, fmt::format("{} of {} entries are about this signature, byte for byte",
                                               outcome.about_bundle, run.bundle.log_entries.size()));
  }
  check_witnesses(run, outcome);
  check_threshold(run, outcome);
}

}  // namespace stella::attestation
