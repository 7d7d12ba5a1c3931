// Which function of the base became which function of the target, and what changed in it.
// The answer depends on the two files and the options alone, never on the number of threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/source.h"
#include "stella/executable/limits.h"
#include "stella/executable/program.h"

namespace stella::executable {

// How a pair was found, from certain to likely.
enum class MatchKind {
  kNameAndCode,   // same name, same strict digest
  kName,          // same name
  kCode,          // same strict digest, unique or told apart by its neighbours
  kInstructions,  // same loose digest, unique
  kCallGraph,     // called by, or calling, functions that are matched
  kPosition,      // lies between the same two functions
  kSimilarity,    // similar sequences of instructions
};
[[nodiscard]] std::string_view to_string(MatchKind kind);  // "name and code", "code" …

// What changed within a modified function.
struct FunctionChange {
  std::int64_t size_delta_bytes = 0;
  std::uint32_t instructions_added = 0;
  std::uint32_t instructions_removed = 0;
  std::vector<std::string> calls_added{};  // display names of functions and imports, sorted, unique
  std::vector<std::string> calls_removed{};
  std::uint32_t blocks_added = 0;    // basic blocks of the target that the base does not have
  std::uint32_t blocks_removed = 0;  // the other way round
};

struct Match {
  std::uint32_t base = 0;    // index into FunctionDiff::base.functions
  std::uint32_t target = 0;  // index into FunctionDiff::target.functions
  MatchKind kind = MatchKind::kNameAndCode;
  std::uint16_t confidence_per_mille = 1000;
  std::uint16_t similarity_per_mille = 1000;  // of the instructions; 1000 when not modified
  bool modified = false;  // the strict digest differs, or something else is called or pointed at
  bool renamed = false;   // both sides have names, and they have none in common
  bool moved = false;     // in another section, or not in the order of the functions around it
  std::optional<FunctionChange> change{};  // of modified ones

  [[nodiscard]] bool unchanged() const { return !modified && !renamed && !moved; }
};

struct NameChanges {
  std::vector<std::string> added{};  // sorted, unique
  std::vector<std::string> removed{};
  std::uint64_t added_count = 0;  // may exceed the lists' sizes, see kStringChangesMax
  std::uint64_t removed_count = 0;
};

struct Tooling {
  std::string disassembler{};  // "llvm-mc 19.1.7"
  std::string algorithm{};     // "stella-function-diff 1"
};
[[nodiscard]] Tooling tooling();

struct FunctionDiff {
  Program base{};
  Program target{};
  std::vector<Match> matches{};          // ordered by base index
  std::vector<std::uint32_t> removed{};  // base indexes without a match, ascending
  std::vector<std::uint32_t> added{};    // target indexes without a match, ascending
  NameChanges imports{};
  NameChanges exports{};
  NameChanges strings{};
  Tooling tooling{};
};

struct DiffOptions {
  AnalysisLimits limits{};
  unsigned threads = 1;
  std::optional<std::filesystem::path> base_debug_dir{};  // where separate debug files are looked for
  std::optional<std::filesystem::path> target_debug_dir{};
  bool use_names =
      true;  // false: pairs are found as if no function had a name, to measure how well that works
};

// Analyses both programs in a process of its own and matches their functions. Errors: kInvalidArgument when
// the two are of different formats or machines; kUnsupported for what is no program or a machine that is not
// disassembled; kLimitExceeded, which names the limit; kCorrupt; kIo; kInternal when the process died.
[[nodiscard]] Result<FunctionDiff> diff_functions(const ByteSource& base, const ByteSource& target,
                                                  const DiffOptions& options);

// The same within this process, without limits on memory and time.
[[nodiscard]] Result<FunctionDiff> diff_functions_unconfined(const ByteSource& base, const ByteSource& target,
                                                             const DiffOptions& options);

}  // namespace stella::executable
