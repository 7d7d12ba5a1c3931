#include "stella/tlog/witness_policy.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>

#include "stella/tlog/cosignature.h"

namespace stella::tlog {
namespace {

constexpr std::string_view kNone = "none";

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

class Parser {
 public:
  Result<WitnessPolicy> parse(std::string_view text) {
    if (text.size() > kWitnessPolicySizeMaxBytes) {
      return fail(ErrorCode::kLimitExceeded,
                  fmt::format("a witness policy is larger than {} bytes", kWitnessPolicySizeMaxBytes));
    }
    while (!text.empty()) {
      ++line_;
      const std::size_t end = text.find('\n');
      if (end == std::string_view::npos) return wrong("the last line does not end in a newline");
      STELLA_CHECK(take_line(text.substr(0, end)));
      text.remove_prefix(end + 1);
    }
    if (!has_quorum_) {
      return fail({.code = ErrorCode::kCorrupt,
                   .message = "a witness policy has no quorum line",
                   .next = "End it with \"quorum NAME\", or \"quorum none\" to ask for no cosignature."});
    }
    return std::move(policy_);
  }

 private:
  std::unexpected<Error> wrong(std::string message, std::string_view found = {}) const {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = std::move(message),
                 .where = fmt::format("line {}", line_),
                 .found = std::string(found.substr(0, 200))});
  }

  Status take_line(std::string_view line) {
    for (const char c : line) {
      const auto byte = static_cast<unsigned char>(c);
      if ((byte < 0x20 && byte != '\t') || byte == 0x7f) return wrong("a control character");
    }
    const auto words = words_of(line);
    if (words.empty() || words[0].starts_with('#')) return {};
    if (words[0] == "log") return take_log(words);
    if (words[0] == "witness") return take_witness(words);
    if (words[0] == "group") return take_group(words);
    if (words[0] == "quorum") return take_quorum(words);
    return wrong("a line begins with none of log, witness, group and quorum", words[0]);
  }

  Result<NoteKey> take_key(std::string_view text, bool is_witness) {
    auto key = parse_note_key(text);
    if (!key) return fail(std::move(key).error().at(fmt::format("line {}", line_)));
    if (is_witness != (key->type == NoteKeyType::kCosignatureEd25519)) {
      return wrong(is_witness ? "the key of a witness is not of the cosignature type (0x04)"
                              : "the key of a log is of the cosignature type",
                   text);
    }
    return key;
  }

  Status take_log(std::span<const std::string_view> words) {
    if (words.size() < 2 || words.size() > 3) return wrong("not of the form \"log VKEY [URL]\"");
    if (policy_.logs.size() >= kWitnessPolicyNamesMax) return too_many("logs");
    STELLA_TRY(NoteKey key, take_key(words[1], false));
    for (const PolicyLog& log : policy_.logs) {
      if (log.key.key == key.key) return wrong("a log is listed twice", words[1]);
    }
    policy_.logs.push_back(
        {.key = std::move(key), .url = words.size() > 2 ? std::string(words[2]) : std::string()});
    return {};
  }

  Status take_witness(std::span<const std::string_view> words) {
    if (words.size() < 3 || words.size() > 4) return wrong("not of the form \"witness NAME VKEY [URL]\"");
    if (policy_.witnesses.size() >= kWitnessPolicyNamesMax) return too_many("witnesses");
    STELLA_TRY(NoteKey key, take_key(words[2], true));
    for (const PolicyWitness& witness : policy_.witnesses) {
      if (witness.key.key == key.key) return wrong("a witness is listed twice", words[2]);
    }
    STELLA_CHECK(define(words[1], {PolicyMember::Kind::kWitness, policy_.witnesses.size()}));
    policy_.witnesses.push_back({.name = std::string(words[1]),
                                 .key = std::move(key),
                                 .url = words.size() > 3 ? std::string(words[3]) : std::string()});
    return {};
  }

  Status take_group(std::span<const std::string_view> words) {
    if (words.size() < 4) return wrong("not of the form \"group NAME all|any|K MEMBER…\"");
    if (policy_.groups.size() >= kWitnessPolicyNamesMax) return too_many("groups");
    PolicyGroup group{.name = std::string(words[1])};
    for (const std::string_view name : words.subspan(3)) {
      const auto found = names_.find(name);
      if (found == names_.end()) return wrong("a group names somebody who is not defined above it", name);
      if (!grouped_.insert(std::string(name)).second) {
        return wrong("somebody is a member twice, and could count twice", name);
      }
      group.members.push_back(found->second);
    }
    STELLA_TRY(group.threshold, threshold_of(words[2], group.members.size()));
    STELLA_CHECK(define(words[1], {PolicyMember::Kind::kGroup, policy_.groups.size()}));
    policy_.groups.push_back(std::move(group));
    return {};
  }

  Result<std::size_t> threshold_of(std::string_view text, std::size_t members) const {
    if (text == "all") return members;
    if (text == "any") return 1;
    std::size_t value = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (status != std::errc() || end != text.data() + text.size() || value < 1 || value > members) {
      return wrong(fmt::format("the threshold of a group is none of all, any and 1 to {}", members), text);
    }
    return value;
  }

  Status take_quorum(std::span<const std::string_view> words) {
    if (words.size() != 2) return wrong("not of the form \"quorum NAME\"");
    if (has_quorum_) return wrong("a second quorum line");
    has_quorum_ = true;
    if (words[1] == kNone) return {};
    const auto found = names_.find(words[1]);
    if (found == names_.end()) return wrong("the quorum is not defined above it", words[1]);
    policy_.quorum = found->second;
    return {};
  }

  Status define(std::string_view name, PolicyMember member) {
    if (name == kNone) return wrong("the name \"none\" is reserved");
    if (!names_.emplace(std::string(name), member).second) return wrong("a name is defined twice", name);
    return {};
  }

  std::unexpected<Error> too_many(std::string_view what) const {
    return fail(ErrorCode::kLimitExceeded, fmt::format("more than {} {}", kWitnessPolicyNamesMax, what),
                fmt::format("line {}", line_));
  }

  WitnessPolicy policy_;
  std::map<std::string, PolicyMember, std::less<>> names_;
  std::set<std::string> grouped_;
  bool has_quorum_ = false;
  std::size_t line_ = 0;
};

// Since when `policy`'s quorum has been met, given when each witness cosigned: the k-th earliest moment of a
// group's members is when it had k of them. Groups name groups of lower index only, so one pass settles all.
std::optional<Time> met_at(const WitnessPolicy& policy, const std::vector<std::optional<Time>>& cosigned) {
  std::vector<std::optional<Time>> groups;
  const auto moment_of = [&](const PolicyMember& member) {
    return member.kind == PolicyMember::Kind::kWitness ? cosigned[member.index] : groups[member.index];
  };
  for (const PolicyGroup& group : policy.groups) {
    std::vector<Time> moments;
    for (const PolicyMember& member : group.members) {
      if (const auto moment = moment_of(member)) moments.push_back(*moment);
    }
    std::ranges::sort(moments);
    const bool met = moments.size() >= group.threshold;
    groups.push_back(met ? std::optional(moments[group.threshold - 1]) : std::nullopt);
  }
  return moment_of(*policy.quorum);
}

}  // namespace

Result<WitnessPolicy> parse_witness_policy(std::string_view text) { return Parser().parse(text); }

QuorumReport check_quorum(const WitnessPolicy& policy, const Note& note) {
  QuorumReport report;
  std::vector<std::optional<Time>> cosigned;
  for (std::size_t i = 0; i < policy.witnesses.size(); ++i) {
    report.witnesses.push_back({.witness = i, .cosigned = verify_cosignature(note, policy.witnesses[i].key)});
    const Result<Time>& time = report.witnesses.back().cosigned;
    cosigned.push_back(time ? std::optional(*time) : std::nullopt);
  }
  if (policy.quorum) report.met_at = met_at(policy, cosigned);
  report.met = !policy.quorum || report.met_at;
  return report;
}

Result<QuorumReport> verify_by_policy(const WitnessPolicy& policy, const SignedCheckpoint& checkpoint) {
  if (!policy.logs.empty()) {
    std::vector<NoteKey> keys;
    std::string expected;
    for (const PolicyLog& log : policy.logs) {
      expected += fmt::format("{}{}", expected.empty() ? "" : " or ", log.key.name);
      if (log.key.name == checkpoint.checkpoint.origin) keys.push_back(log.key);
    }
    if (keys.empty()) {
      return fail({.code = ErrorCode::kUntrusted,
                   .message = "the checkpoint is of a log that the witness policy does not list",
                   .where = "origin",
                   .expected = expected,
                   .found = checkpoint.checkpoint.origin});
    }
    STELLA_CHECK(verify_note(checkpoint.note, keys));
  }
  QuorumReport report = check_quorum(policy, checkpoint.note);
  if (report.met) return report;

  std::string missing;
  for (const WitnessOutcome& outcome : report.witnesses) {
    if (outcome.cosigned) continue;
    const bool wrong = outcome.cosigned.error().code != ErrorCode::kNotFound;
    missing += fmt::format("{}{}{}", missing.empty() ? "" : ", ", policy.witnesses[outcome.witness].name,
                           wrong ? " (wrong)" : "");
  }
  const PolicyMember quorum = *policy.quorum;
  return fail({.code = ErrorCode::kUntrusted,
               .message = "the witnesses that cosigned the checkpoint are no quorum",
               .expected = quorum.kind == PolicyMember::Kind::kWitness ? policy.witnesses[quorum.index].name
                                                                       : policy.groups[quorum.index].name,
               .found = "without " + missing});
}

}  // namespace stella::tlog
