// Reads what delta_sig_write.cc writes. After the form, the agreement of numbers: what a predicate says twice
// must be the same, since a reviewer reads one and a program the other.
#include <algorithm>
#include <set>

#include "form.h"
#include "stella/base/time.h"

namespace stella::statement {
namespace {

// Large enough for all functions of all programs, small enough that sums of them do not overflow.
constexpr std::uint64_t kCountMax = std::uint64_t{1} << 40;
constexpr std::array<std::string_view, 2> kRoles = {"base", "target"};
constexpr std::array<std::string_view, 3> kSymbols = {"own", "debug file", "none"};

class PredicateReader {
 public:
  DeltaSigReading read(const json::Value& value) {
    in_.object(value, {{"computedAt", [&](auto& v) { computed_at(v); }},
                       {"delta", [&](auto& v) { delta(v); }},
                       {"largeBlobs", [&](auto& v) { large_blobs(v); }, false},
                       {"sbomDigest", [&](auto& v) { p_.sbom_sha256 = in_.sha256_digest(v); }, false},
                       {"subject", [&](auto& v) { subjects(v); }},
                       {"summary", [&](auto& v) { summary(v); }},
                       {"tooling", [&](auto& v) { tooling(v); }}});
    if (in_.clean()) check_programs();
    if (in_.clean()) check_delta();
    return {std::move(p_), in_.take_problems()};
  }

 private:
  // "2026-11-27T02:21:00Z", fraction of a second allowed.
  void computed_at(const json::Value& v) {
    p_.computed_at = in_.text(v);
    if (p_.computed_at.empty()) return;
    const std::string& text = p_.computed_at;
    const bool form = text.size() >= 20 && text.size() <= 30 && text.ends_with('Z') && text[10] == 'T' &&
                      (text.size() == 20 || (text[19] == '.' && text.size() > 21));
    if (!form || !parse_time(text)) in_.wrong("a time in UTC like 2026-11-27T02:21:00Z", text.substr(0, 40));
  }

  template <typename T, typename Read>
  void list(const json::Value& v, std::vector<T>& to, std::size_t count_max, const Read& read) {
    in_.array(v, count_max,
              [&](const json::Value& element, std::size_t) { read(element, to.emplace_back()); });
  }
  template <typename T, typename Read>
  void listed(const json::Value& v, Listed<T>& to, const Read& read) {
    in_.object(v, {{"count", [&](auto& x) { to.count = in_.integer(x); }},
                   {"listed", [&](auto& x) { list(x, to.listed, kDeltaSigListMax, read); }}});
    const std::uint64_t expected = std::min<std::uint64_t>(to.count, kDeltaSigListMax);
    if (in_.clean() && to.listed.size() != expected) {
      in_.wrong_at(".listed", fmt::format("{} elements", expected), fmt::format("{}", to.listed.size()));
    }
  }
  void names(const json::Value& v, Names& to) {
    listed(v, to, [&](const json::Value& x, std::string& name) { name = in_.text(x, 0); });
  }

  void subjects(const json::Value& v) {
    in_.array(v, 2, [&](const json::Value& x, std::size_t i) {
      subject(x, i == 0 ? p_.base : p_.target, kRoles[i]);
    });
    if (v.array() != nullptr && v.array()->size() < 2) {
      in_.wrong("two elements, base and target", fmt::format("{}", v.array()->size()));
    }
  }

  void subject(const json::Value& v, DeltaSigSubject& s, std::string_view role) {
    in_.object(v, {{"digest",
                    [&](auto& x) {
                      in_.object(x, {{"blake3", [&](auto& y) { s.blake3 = in_.digest(y); }},
                                     {"sha256", [&](auto& y) { s.sha256 = in_.digest(y); }}});
                    }},
                   {"name", [&](auto& x) { s.name = in_.text(x); }},
                   {"role", [&](auto& x) { (void)in_.word(x, std::array{role}); }},
                   {"size", [&](auto& x) { s.size_bytes = in_.integer(x); }},
                   {"type", [&](auto& x) { s.type = in_.text(x, 1, 64); }}});
  }

  void delta(const json::Value& v) {
    list(v, p_.delta, kDeltaSigFunctionsMax,
         [&](const json::Value& x, FunctionDelta& d) { function_delta(x, d); });
  }

  void function_delta(const json::Value& v, FunctionDelta& d) {
    bool change_known = false;
    in_.object(v, {{"base", [&](auto& x) { function_state(x, d.base.emplace()); }, false},
                   {"change",
                    [&](auto& x) {
                      change_known = x.string() != nullptr;
                      d.change = static_cast<ChangeKind>(in_.word(x, kChangeKindNames));
                    }},
                   {"code", [&](auto& x) { code_change(x, d.code.emplace()); }, false},
                   {"match", [&](auto& x) { match(x, d.match.emplace()); }, false},
                   {"program", [&](auto& x) { d.program = in_.integer(x, kDeltaSigProgramsMax - 1); }},
                   {"target", [&](auto& x) { function_state(x, d.target.emplace()); }, false}});
    if (!change_known) return;
    const auto demand = [&](std::string_view field, bool there, bool wanted) {
      if (there == wanted) return;
      in_.wrong_at(
          fmt::format(".{}", field),
          fmt::format("{} in what is {}", wanted ? "this field" : "no such field", to_string(d.change)),
          there ? "one" : "nothing");
    };
    const bool both = d.change != ChangeKind::kAdded && d.change != ChangeKind::kRemoved;
    demand("base", d.base.has_value(), d.change != ChangeKind::kAdded);
    demand("code", d.code.has_value(), d.change == ChangeKind::kModified);
    demand("match", d.match.has_value(), both);
    demand("target", d.target.has_value(), d.change != ChangeKind::kRemoved);
  }

  void function_state(const json::Value& v, FunctionState& f) {
    in_.object(v, {{"address", [&](auto& x) { f.address = in_.address(x); }},
                   {"blocks", [&](auto& x) { f.blocks = in_.integer(x, kCountMax); }},
                   {"demangled", [&](auto& x) { f.demangled = in_.text(x); }, false},
                   {"fanIn", [&](auto& x) { f.fan_in = in_.integer(x, kCountMax); }},
                   {"fanOut", [&](auto& x) { f.fan_out = in_.integer(x, kCountMax); }},
                   {"instructions", [&](auto& x) { f.instructions = in_.integer(x, kCountMax); }},
                   {"looseHash", [&](auto& x) { f.loose = in_.digest(x); }},
                   {"name", [&](auto& x) { f.name = in_.text(x); }, false},
                   {"section", [&](auto& x) { f.section = in_.text(x, 0); }},
                   {"size", [&](auto& x) { f.size_bytes = in_.integer(x); }},
                   {"strictHash", [&](auto& x) { f.strict = in_.digest(x); }}});
  }

  void match(const json::Value& v, FunctionMatch& m) {
    in_.object(v, {{"confidencePerMille", [&](auto& x) { m.confidence_per_mille = in_.integer(x, 1000); }},
                   {"kind", [&](auto& x) { m.kind = kDeltaSigMatchKinds[in_.word(x, kDeltaSigMatchKinds)]; }},
                   {"moved", [&](auto& x) { m.moved = in_.boolean(x); }},
                   {"renamed", [&](auto& x) { m.renamed = in_.boolean(x); }},
                   {"similarityPerMille", [&](auto& x) { m.similarity_per_mille = in_.integer(x, 1000); }}});
  }

  void code_change(const json::Value& v, CodeChange& c) {
    in_.object(v,
               {{"blocksAdded", [&](auto& x) { c.blocks_added = in_.integer(x, kCountMax); }},
                {"blocksRemoved", [&](auto& x) { c.blocks_removed = in_.integer(x, kCountMax); }},
                {"callsAdded", [&](auto& x) { names(x, c.calls_added); }},
                {"callsRemoved", [&](auto& x) { names(x, c.calls_removed); }},
                {"instructionsAdded", [&](auto& x) { c.instructions_added = in_.integer(x, kCountMax); }},
                {"instructionsRemoved", [&](auto& x) { c.instructions_removed = in_.integer(x, kCountMax); }},
                {"sizeDelta", [&](auto& x) { c.size_delta_bytes = in_.difference(x); }}});
  }

  void large_blobs(const json::Value& v) {
    list(v, p_.large_blobs, kDeltaSigListMax, [&](const json::Value& x, LargeBlob& b) {
      in_.object(x, {{"digest", [&](auto& y) { b.sha256 = in_.sha256_digest(y); }},
                     {"kind", [&](auto& y) { b.kind = kind(y); }},
                     {"size", [&](auto& y) { b.size_bytes = in_.integer(y); }}});
    });
    if (v.array() != nullptr && v.array()->empty())
      in_.wrong("at least one element, or no such field", "none");
  }

  std::string kind(const json::Value& v) {
    std::string text = in_.text(v, 1, 64);
    const auto allowed = [](char c) {
      return ('a' <= c && c <= 'z') || ('0' <= c && c <= '9') || c == '-' || c == '.';
    };
    if (!std::ranges::all_of(text, allowed)) in_.wrong("lower-case letters, digits, - and .", text);
    return text;
  }

  void summary(const json::Value& v) {
    DeltaSigSummary& s = p_.summary;
    in_.object(v, {{"functions", [&](auto& x) { counts(x, s.functions); }},
                   {"functionsUnlisted", [&](auto& x) { s.functions_unlisted = in_.integer(x, kCountMax); }},
                   {"programs",
                    [&](auto& x) {
                      list(x, s.programs, kDeltaSigProgramsMax,
                           [&](const json::Value& y, ProgramDelta& d) { program(y, d); });
                    }},
                   {"programsUnchanged", [&](auto& x) { s.programs_unchanged = in_.integer(x, kCountMax); }},
                   {"unopened", [&](auto& x) {
                      listed(x, s.unopened, [&](const json::Value& y, UnopenedPart& u) { unopened(y, u); });
                    }}});
  }

  void unopened(const json::Value& v, UnopenedPart& u) {
    in_.object(v, {{"path", [&](auto& x) { u.path = in_.text(x, 0); }},
                   {"reason", [&](auto& x) { u.reason = in_.text(x); }},
                   {"role", [&](auto& x) { u.in_target = in_.word(x, kRoles) == 1; }}});
  }

  void counts(const json::Value& v, FunctionCounts& c) {
    const auto count = [this](std::uint64_t& to) {
      return [this, &to](const json::Value& x) { to = in_.integer(x, kCountMax); };
    };
    in_.object(v, {{"added", count(c.added)},
                   {"base", count(c.base)},
                   {"modified", count(c.modified)},
                   {"moved", count(c.moved)},
                   {"removed", count(c.removed)},
                   {"renamed", count(c.renamed)},
                   {"target", count(c.target)},
                   {"unchanged", count(c.unchanged)}});
  }

  void program(const json::Value& v, ProgramDelta& d) {
    in_.object(v, {{"base", [&](auto& x) { program_file(x, d.base.emplace()); }, false},
                   {"comparison", [&](auto& x) { comparison(x, d.comparison.emplace()); }, false},
                   {"notCompared",
                    [&](auto& x) {
                      ReasonText& r = d.not_compared.emplace();
                      in_.object(x, {{"code", [&](auto& y) { r.code = in_.text(y, 1, 64); }},
                                     {"message", [&](auto& y) { r.message = in_.text(y); }}});
                    },
                    false},
                   {"target", [&](auto& x) { program_file(x, d.target.emplace()); }, false}});
    if (!d.base && !d.target) return in_.wrong("a base, a target, or both", "neither");
    const bool both = d.base && d.target;
    const int said = (d.comparison ? 1 : 0) + (d.not_compared ? 1 : 0);
    if (said != (both ? 1 : 0)) {
      in_.wrong(both ? "either comparison or notCompared" : "neither comparison nor notCompared",
                said == 2   ? "both"
                : said == 1 ? "one"
                            : "neither");
    }
  }

  void program_file(const json::Value& v, ProgramFile& f) {
    in_.object(v,
               {{"digest",
                 [&](auto& x) { in_.object(x, {{"sha256", [&](auto& y) { f.sha256 = in_.digest(y); }}}); }},
                {"path", [&](auto& x) { f.path = in_.text(x, 0); }},
                {"size", [&](auto& x) { f.size_bytes = in_.integer(x); }}});
  }

  void comparison(const json::Value& v, ProgramComparison& c) {
    in_.object(v, {{"arch", [&](auto& x) { c.arch = in_.text(x, 1, 64); }},
                   {"base", [&](auto& x) { program_state(x, c.base); }},
                   {"bits", [&](auto& x) { c.bits = in_.integer(x, 64, 32); }},
                   {"exports", [&](auto& x) { name_change(x, c.exports); }},
                   {"format", [&](auto& x) { c.format = in_.text(x, 1, 64); }},
                   {"functions", [&](auto& x) { counts(x, c.functions); }},
                   {"imports", [&](auto& x) { name_change(x, c.imports); }},
                   {"machine", [&](auto& x) { c.machine = in_.text(x, 1, 64); }},
                   {"strings", [&](auto& x) { name_change(x, c.strings); }},
                   {"target", [&](auto& x) { program_state(x, c.target); }}});
  }

  void name_change(const json::Value& v, NameChange& c) {
    in_.object(v, {{"added", [&](auto& x) { names(x, c.added); }},
                   {"removed", [&](auto& x) { names(x, c.removed); }}});
  }

  void program_state(const json::Value& v, ProgramState& s) {
    in_.object(v, {{"buildId", [&](auto& x) { s.build_id = in_.text(x, 1, 256); }, false},
                   {"codeSize", [&](auto& x) { s.code_bytes = in_.integer(x); }},
                   {"instructions", [&](auto& x) { s.instructions = in_.integer(x, kCountMax); }},
                   {"notes", [&](auto& x) { names(x, s.notes); }},
                   {"symbols", [&](auto& x) { s.symbols = kSymbols[in_.word(x, kSymbols)]; }},
                   {"unanalysed", [&](auto& x) {
                      listed(x, s.unanalysed,
                             [&](const json::Value& y, UnanalysedFunction& u) { unanalysed(y, u); });
                    }}});
  }

  void unanalysed(const json::Value& v, UnanalysedFunction& u) {
    in_.object(v, {{"address", [&](auto& x) { u.address = in_.address(x); }},
                   {"name", [&](auto& x) { u.name = in_.text(x); }, false},
                   {"reason", [&](auto& x) { u.reason = in_.text(x, 1, 64); }},
                   {"section", [&](auto& x) { u.section = in_.text(x, 0); }},
                   {"size", [&](auto& x) { u.size_bytes = in_.integer(x); }}});
  }

  void tooling(const json::Value& v) {
    const auto tool = [this](Tool& to) {
      return [this, &to](const json::Value& x) {
        in_.object(x, {{"name", [&](auto& y) { to.name = in_.text(y, 1, 256); }},
                       {"version", [&](auto& y) { to.version = in_.text(y, 1, 256); }}});
      };
    };
    DeltaSigTooling& t = p_.tooling;
    in_.object(v, {{"diffAlgorithm", tool(t.diff_algorithm)},
                   {"generator", tool(t.generator)},
                   {"lifter", tool(t.lifter)}});
  }

  void agree(std::string_view where, std::uint64_t expected, std::uint64_t found) {
    if (expected != found) in_.wrong_at(where, fmt::format("{}", expected), fmt::format("{}", found));
  }

  void check_sums(const std::string& where, const FunctionCounts& c) {
    const std::uint64_t kept = c.modified + c.renamed + c.moved + c.unchanged;
    agree(where + ".base", c.removed + kept, c.base);
    agree(where + ".target", c.added + kept, c.target);
  }

  void check_programs() {
    FunctionCounts sum;
    for (std::size_t i = 0; i < p_.summary.programs.size(); ++i) {
      const ProgramDelta& d = p_.summary.programs[i];
      if (!d.comparison) continue;
      check_sums(fmt::format(".summary.programs[{}].comparison.functions", i), d.comparison->functions);
      sum += d.comparison->functions;
    }
    check_sums(".summary.functions", p_.summary.functions);
    const std::string where = ".summary.functions";
    const FunctionCounts& all = p_.summary.functions;
    agree(where + ".added", sum.added, all.added);
    agree(where + ".removed", sum.removed, all.removed);
    agree(where + ".modified", sum.modified, all.modified);
    agree(where + ".renamed", sum.renamed, all.renamed);
    agree(where + ".moved", sum.moved, all.moved);
    agree(where + ".unchanged", sum.unchanged, all.unchanged);
  }

  // Each element belongs to a compared program, all are in order, and there are as many as are counted.
  void check_delta() {
    std::vector<std::array<std::uint64_t, kChangeKindNames.size()>> found(p_.summary.programs.size());
    for (std::size_t i = 0; i < p_.delta.size(); ++i) {
      const FunctionDelta& d = p_.delta[i];
      if (d.program >= found.size() || !p_.summary.programs[d.program].comparison) {
        in_.wrong_at(fmt::format(".delta[{}].program", i), "the index of a program that was compared",
                     fmt::format("{}", d.program));
        continue;
      }
      ++found[d.program][static_cast<std::size_t>(d.change)];
      if (i > 0 && !ordered_before(p_.delta[i - 1], d)) {
        in_.wrong_at(fmt::format(".delta[{}]", i), "elements in order, each once", "one out of order");
      }
      check_match(i, d);
    }
    std::uint64_t counted = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (!p_.summary.programs[i].comparison) continue;
      const FunctionCounts& c = p_.summary.programs[i].comparison->functions;
      const std::array<std::uint64_t, 5> stated = {c.modified, c.added, c.removed, c.renamed, c.moved};
      for (std::size_t kind = 0; kind < stated.size(); ++kind) {
        counted += stated[kind];
        const bool partly = p_.summary.functions_unlisted > 0 && found[i][kind] < stated[kind];
        if (found[i][kind] == stated[kind] || partly) continue;
        in_.wrong_at(fmt::format(".summary.programs[{}].comparison.functions.{}", i, kChangeKindNames[kind]),
                     fmt::format("{}, as many as stand in delta", found[i][kind]),
                     fmt::format("{}", stated[kind]));
      }
    }
    agree(".summary.functionsUnlisted", counted - std::min<std::uint64_t>(counted, p_.delta.size()),
          p_.summary.functions_unlisted);
  }

  void check_match(std::size_t index, const FunctionDelta& d) {
    const bool renamed = d.match && d.match->renamed;
    const bool moved = d.match && d.match->moved;
    if ((d.change == ChangeKind::kRenamed && !renamed) ||
        (d.change == ChangeKind::kMoved && (renamed || !moved))) {
      in_.wrong_at(fmt::format(".delta[{}].match", index),
                   d.change == ChangeKind::kMoved ? "moved and not renamed" : "renamed", "something else");
    }
    if (d.code && d.base && d.target) {
      const auto size_delta = static_cast<std::int64_t>(d.target->size_bytes - d.base->size_bytes);
      if (size_delta != d.code->size_delta_bytes) {
        in_.wrong_at(fmt::format(".delta[{}].code.sizeDelta", index), fmt::format("{}", size_delta),
                     fmt::format("{}", d.code->size_delta_bytes));
      }
    }
  }

  Form in_;
  DeltaSig p_;
};

}  // namespace

DeltaSigReading examine_delta_sig(const json::Value& value) { return PredicateReader().read(value); }

Error delta_sig_error(const std::vector<DeltaSigProblem>& problems) {
  std::string all;
  for (const DeltaSigProblem& problem : problems) {
    all += fmt::format("{}{}: {} instead of {}", all.empty() ? "" : "\n", problem.where, problem.found,
                       problem.expected);
  }
  const bool more = problems.size() >= kDeltaSigProblemsMax;
  return {.code = ErrorCode::kCorrupt,
          .message = problems.size() == 1
                         ? "the predicate is not valid: 1 field is missing or wrong"
                         : fmt::format("the predicate is not valid: {}{} fields are missing or wrong",
                                       problems.size(), more ? " or more" : ""),
          .found = all,
          .next =
              "required are subject, delta, summary, tooling and computedAt; docs/format/delta-sig.md "
              "describes each"};
}

Result<DeltaSig> read_delta_sig(std::string_view text) {
  STELLA_TRY(const json::Value value,
             json::parse(text, {.depth_max = 16, .size_max_bytes = kDeltaSigSizeMaxBytes}));
  DeltaSigReading reading = examine_delta_sig(value);
  if (!reading.problems.empty()) return fail(delta_sig_error(reading.problems));
  return std::move(reading.predicate);
}

}  // namespace stella::statement
