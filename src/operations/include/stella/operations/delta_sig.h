// stella binary delta-sig diff, verify and show: which functions changed between two artifacts, as a
// statement that anyone can compute again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stella/base/error.h"
#include "stella/executable/listing.h"
#include "stella/operations/context.h"
#include "stella/operations/delta_verify.h"
#include "stella/statement/delta_sig.h"

namespace stella::operations {

// The two artifacts, and what their analysis may cost.
struct DeltaSigInputs {
  std::filesystem::path base{};
  std::filesystem::path target{};
  std::filesystem::path debug_dir{};  // of separate debug files; empty: none are looked for
  std::string arch{};                 // "linux-amd64": what both must be; empty: not checked
  executable::AnalysisLimits limits{};
};

// Files that belong to the statement.
struct DeltaSigAttachments {
  std::filesystem::path sbom{};
  std::vector<std::string> blobs{};  // "kind=FILE"
};

struct DeltaSigDiffOptions {
  DeltaSigInputs inputs{};
  DeltaSigAttachments attachments{};
  std::filesystem::path output{};
  std::string computed_at{};  // RFC 3339
  bool replace_output = false;
};

struct DeltaSigDiffResult {
  std::filesystem::path output{};
  Digest sha256{};
  std::uint64_t size_bytes = 0;
  statement::DeltaSig predicate{};
};

// Errors: kInvalidArgument when the output exists, the two are of different machines or not of `arch`;
// kUnsupported when there is no program in either; kLimitExceeded, kCorrupt, kNotFound, kIo.
[[nodiscard]] Result<DeltaSigDiffResult> delta_sig_diff(const DeltaSigDiffOptions& options,
                                                        const Context& context);

struct DeltaSigVerifyOptions {
  std::filesystem::path predicate{};
  DeltaSigInputs inputs{};
  DeltaSigAttachments attachments{};
  bool schema_only = false;
};

struct DeltaSigVerifyResult {
  std::filesystem::path predicate{};
  bool ok = false;
  bool schema_only = false;
  Digest sha256{};                         // of the predicate as the file has it
  std::vector<Difference> differences{};   // the first kDifferencesMax; `expected` is what was recomputed
  std::vector<std::string> not_checked{};  // what could not be recomputed, and how it can
};

// Recomputes every number. Errors: kCorrupt with all missing and wrong fields when the predicate is not
// valid; those of delta_sig_diff().
[[nodiscard]] Result<DeltaSigVerifyResult> delta_sig_verify(const DeltaSigVerifyOptions& options,
                                                            const Context& context);

inline constexpr std::size_t kShownRows = 30;
inline constexpr std::size_t kPageRows = 5000;

enum class DeltaSigSort { kWeight, kSize, kName, kAddress, kFanOut, kSimilarity };

struct DeltaSigShowOptions {
  std::filesystem::path predicate{};
  std::string section{};                        // these alone; empty: all
  std::optional<statement::ChangeKind> kind{};  // these alone
  std::string name{};                           // those whose name contains it
  DeltaSigSort sort = DeltaSigSort::kWeight;
  std::optional<std::size_t> limit{};  // rows; else kShownRows, or kPageRows on a page
  std::string function{};              // show this one's two listings; needs both artifacts
  DeltaSigInputs inputs{};
  std::filesystem::path html{};  // write a page
  bool replace_output = false;
};

// A function's two listings; those that a side does not have are empty.
struct FunctionListings {
  statement::FunctionDelta delta{};
  std::string base_program{};  // path inside the artifact
  std::string target_program{};
  executable::Listing base{};
  executable::Listing target{};
  std::vector<std::pair<std::uint32_t, std::uint32_t>> common{};  // lines that are equal
};

struct DeltaSigShowResult {
  DeltaSigShowOptions options{};
  statement::DeltaSig predicate{};
  std::vector<std::size_t> chosen{};  // indexes into predicate.delta, in the order asked for
  std::size_t matching = 0;           // how many there are; `chosen` is cut to the limit
  std::optional<FunctionListings> listings{};
};

// The page of options.html is written by the caller. Errors: kCorrupt, kNotFound (also for the function),
// kInvalidArgument when the name fits several functions, kIo.
[[nodiscard]] Result<DeltaSigShowResult> delta_sig_show(const DeltaSigShowOptions& options,
                                                        const Context& context);

}  // namespace stella::operations
