// The delta-sig predicate: which functions of the base became which functions of the target, and how much
// changed. Its form is docs/format/delta-sig.md and schemas/delta-sig-v1.schema.json: closed, written as
// canonical JSON (RFC 8785). Every number follows from the two artifacts and `tooling`, so that anyone who
// has them can compute the predicate again; `computed_at` and the names of files are the exceptions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/base/file.h"
#include "stella/base/json.h"

namespace stella::statement {

inline constexpr std::string_view kDeltaSigType = "https://stellaops.dev/delta-sig/v1";

// Limits on what a predicate may hold; more is refused both when written and when read.
inline constexpr std::uint64_t kDeltaSigSizeMaxBytes = std::uint64_t{256} << 20;
inline constexpr std::size_t kDeltaSigFunctionsMax = std::size_t{1}
                                                     << 15;  // of delta[]: must fit an envelope
inline constexpr std::size_t kDeltaSigProgramsMax = std::size_t{1} << 14;
inline constexpr std::size_t kDeltaSigListMax = 1000;  // elements of every other list
inline constexpr std::size_t kDeltaSigTextMaxBytes = 8192;
inline constexpr std::size_t kDeltaSigProblemsMax = 100;

inline constexpr std::array<std::string_view, 7> kDeltaSigMatchKinds = {
    "name and code", "name", "code", "instructions", "call graph", "position", "similarity"};

struct DeltaSigSubject {
  std::string name{};  // a label, not compared with anything
  Digest sha256{};
  Digest blake3{};
  std::uint64_t size_bytes = 0;
  std::string type{};  // what it is by its content: "elf", "deb", "oci-archive" …

  friend bool operator==(const DeltaSigSubject&, const DeltaSigSubject&) = default;
};

// All of a list that is too long to be listed is counted.
template <typename T>
struct Listed {
  std::uint64_t count = 0;
  std::vector<T> listed{};  // the first kDeltaSigListMax

  friend bool operator==(const Listed&, const Listed&) = default;
};
using Names = Listed<std::string>;

struct FunctionState {
  std::string name{};       // as in the symbol table; empty when the program does not say
  std::string demangled{};  // empty when it is the same as `name`
  std::string section{};
  std::uint64_t address = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t instructions = 0;
  std::uint64_t blocks = 0;
  std::uint64_t fan_in = 0;
  std::uint64_t fan_out = 0;
  Digest strict{};  // docs/format/function-hashes.md
  Digest loose{};

  friend bool operator==(const FunctionState&, const FunctionState&) = default;
  // The name to show: the demangled one, the raw one, or "sub_<address in hex>".
  [[nodiscard]] std::string display_name() const;
};

struct FunctionMatch {
  std::string kind{};  // one of kDeltaSigMatchKinds
  std::uint64_t confidence_per_mille = 0;
  std::uint64_t similarity_per_mille = 0;
  bool renamed = false;
  bool moved = false;

  friend bool operator==(const FunctionMatch&, const FunctionMatch&) = default;
};

struct CodeChange {
  std::int64_t size_delta_bytes = 0;
  std::uint64_t instructions_added = 0;
  std::uint64_t instructions_removed = 0;
  std::uint64_t blocks_added = 0;
  std::uint64_t blocks_removed = 0;
  Names calls_added{};
  Names calls_removed{};

  friend bool operator==(const CodeChange&, const CodeChange&) = default;
};

// The heaviest that applies: a function that was modified and renamed is modified.
enum class ChangeKind { kModified, kAdded, kRemoved, kRenamed, kMoved };
inline constexpr std::array<std::string_view, 5> kChangeKindNames = {"modified", "added", "removed",
                                                                     "renamed", "moved"};
[[nodiscard]] std::string_view to_string(ChangeKind kind);

struct FunctionDelta {
  ChangeKind change = ChangeKind::kModified;
  std::uint64_t program = 0;              // index into DeltaSigSummary::programs
  std::optional<FunctionState> base{};    // none: added
  std::optional<FunctionState> target{};  // none: removed
  std::optional<FunctionMatch> match{};   // of those on both sides
  std::optional<CodeChange> code{};       // of modified ones

  friend bool operator==(const FunctionDelta&, const FunctionDelta&) = default;
  // Instructions added and removed: what delta[] is ordered by.
  [[nodiscard]] std::uint64_t weight() const;
  [[nodiscard]] const FunctionState& shown() const { return target ? *target : *base; }
};

struct FunctionCounts {
  std::uint64_t base = 0;    // = removed + modified + renamed + moved + unchanged
  std::uint64_t target = 0;  // = added + modified + renamed + moved + unchanged
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  std::uint64_t modified = 0;
  std::uint64_t renamed = 0;  // and not modified
  std::uint64_t moved = 0;    // and neither modified nor renamed
  std::uint64_t unchanged = 0;

  friend bool operator==(const FunctionCounts&, const FunctionCounts&) = default;
  FunctionCounts& operator+=(const FunctionCounts& other);
};

struct NameChange {
  Names added{};
  Names removed{};
  friend bool operator==(const NameChange&, const NameChange&) = default;
};

struct UnanalysedFunction {
  std::string name{};
  std::string section{};
  std::uint64_t address = 0;
  std::uint64_t size_bytes = 0;
  std::string reason{};
  friend bool operator==(const UnanalysedFunction&, const UnanalysedFunction&) = default;
};

// One program of a pair, as it was understood.
struct ProgramState {
  std::string build_id{};  // hex; empty when there is none
  std::string symbols{};   // "own", "debug file" or "none": where names come from
  std::uint64_t code_bytes = 0;
  std::uint64_t instructions = 0;
  Names notes{};  // sources of functions that could not be read, and why
  Listed<UnanalysedFunction> unanalysed{};

  friend bool operator==(const ProgramState&, const ProgramState&) = default;
};

struct ProgramComparison {
  std::string arch{};     // "linux-amd64", "windows-arm64" …
  std::string format{};   // "elf", "pe"
  std::string machine{};  // "x86-64", "aarch64" …
  std::uint64_t bits = 64;
  ProgramState base{};
  ProgramState target{};
  FunctionCounts functions{};
  NameChange imports{};
  NameChange exports{};
  NameChange strings{};

  friend bool operator==(const ProgramComparison&, const ProgramComparison&) = default;
};

struct ProgramFile {
  std::string path{};  // inside the artifact; empty: the artifact itself
  Digest sha256{};
  std::uint64_t size_bytes = 0;
  friend bool operator==(const ProgramFile&, const ProgramFile&) = default;
};

struct ReasonText {
  std::string code{};
  std::string message{};
  friend bool operator==(const ReasonText&, const ReasonText&) = default;
};

// A program of either artifact that the other does not have as it is. One side alone: added or removed, its
// functions not looked at. Both: compared, or not, for the reason given.
struct ProgramDelta {
  std::optional<ProgramFile> base{};
  std::optional<ProgramFile> target{};
  std::optional<ProgramComparison> comparison{};
  std::optional<ReasonText> not_compared{};

  friend bool operator==(const ProgramDelta&, const ProgramDelta&) = default;
};

// A member of an artifact that could not be looked into.
struct UnopenedPart {
  bool in_target = false;
  std::string path{};
  std::string reason{};
  friend bool operator==(const UnopenedPart&, const UnopenedPart&) = default;
};

struct DeltaSigSummary {
  FunctionCounts functions{};            // sums over the programs that were compared
  std::uint64_t functions_unlisted = 0;  // changed ones beyond kDeltaSigFunctionsMax
  std::vector<ProgramDelta> programs{};  // by path of the target, else of the base
  std::uint64_t programs_unchanged = 0;  // members with the same bytes on both sides
  Listed<UnopenedPart> unopened{};

  friend bool operator==(const DeltaSigSummary&, const DeltaSigSummary&) = default;
};

struct Tool {
  std::string name{};
  std::string version{};
  friend bool operator==(const Tool&, const Tool&) = default;
};

struct DeltaSigTooling {
  Tool lifter{};
  Tool diff_algorithm{};
  Tool generator{};
  friend bool operator==(const DeltaSigTooling&, const DeltaSigTooling&) = default;
};

// Something large that belongs to the statement: a binary patch, an SBOM fragment.
struct LargeBlob {
  std::string kind{};  // a name: letters, digits, "." and "-"
  Digest sha256{};
  std::uint64_t size_bytes = 0;
  friend bool operator==(const LargeBlob&, const LargeBlob&) = default;
};

struct DeltaSig {
  DeltaSigSubject base{};
  DeltaSigSubject target{};
  std::vector<FunctionDelta> delta{};  // heaviest first; see ordered_before()
  DeltaSigSummary summary{};
  DeltaSigTooling tooling{};
  std::string computed_at{};  // RFC 3339, UTC, "Z"
  std::vector<LargeBlob> large_blobs{};
  std::optional<Digest> sbom_sha256{};

  friend bool operator==(const DeltaSig&, const DeltaSig&) = default;
};

// The order of delta[]: most instructions added and removed first; then kind of change, program, address.
[[nodiscard]] bool ordered_before(const FunctionDelta& a, const FunctionDelta& b);

// Writes the canonical form as a stream. Errors: those of the sink; kLimitExceeded.
[[nodiscard]] Status write_delta_sig(const DeltaSig& predicate, ByteSink& to);

// Writes what does not depend on when and about what it is said: {delta, summary, tooling}.
[[nodiscard]] Status write_function_report(const DeltaSig& predicate, ByteSink& to);

// Parts of the canonical form, for those who show them.
[[nodiscard]] json::Value to_json(const FunctionDelta& delta);
[[nodiscard]] json::Value to_json(const DeltaSigSummary& summary);
[[nodiscard]] json::Value to_json(const DeltaSigTooling& tooling);

// A field that is missing or wrong.
struct DeltaSigProblem {
  std::string where{};  // "$.delta[3].base.address"
  std::string expected{};
  std::string found{};
};

struct DeltaSigReading {
  DeltaSig predicate{};
  std::vector<DeltaSigProblem> problems{};  // in the order of the document; at most kDeltaSigProblemsMax
};

// Reads a predicate and lists all that is wrong with it: what the schema demands, and then that its numbers
// agree with each other. `predicate` is to be used only when there are no problems.
[[nodiscard]] DeltaSigReading examine_delta_sig(const json::Value& value);

// The same for text, with the problems as one error. Errors: kCorrupt (also for what is no JSON), whose
// `found` has one line for each missing or wrong field; kLimitExceeded.
[[nodiscard]] Result<DeltaSig> read_delta_sig(std::string_view text);

// Problems as read_delta_sig() says them.
[[nodiscard]] Error delta_sig_error(const std::vector<DeltaSigProblem>& problems);

}  // namespace stella::statement
