#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "delta_sig_make.h"
#include "delta_sig_map.h"
#include "delta_sig_programs.h"
#include "stella/artifact/contents.h"

namespace stella::operations {
namespace {

using statement::FunctionDelta;

bool wanted(const FunctionDelta& delta, const DeltaSigShowOptions& options) {
  const auto in_section = [&](const std::optional<statement::FunctionState>& state) {
    return state && state->section == options.section;
  };
  const auto named = [&](const std::optional<statement::FunctionState>& state) {
    return state && (state->display_name().contains(options.name) || state->name.contains(options.name));
  };
  if (options.kind && delta.change != *options.kind) return false;
  if (!options.section.empty() && !in_section(delta.base) && !in_section(delta.target)) return false;
  return options.name.empty() || named(delta.base) || named(delta.target);
}

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? static_cast<std::uint64_t>(-value) : static_cast<std::uint64_t>(value);
}

// What a row is sorted by, largest first; names and addresses the other way round.
std::uint64_t sort_value(const FunctionDelta& delta, DeltaSigSort sort) {
  switch (sort) {
    case DeltaSigSort::kWeight:
      return delta.weight();
    case DeltaSigSort::kSize:
      return delta.code    ? magnitude(delta.code->size_delta_bytes)
             : delta.match ? 0
                           : delta.shown().size_bytes;
    case DeltaSigSort::kFanOut:
      return delta.shown().fan_out;
    case DeltaSigSort::kSimilarity:
      return 1000 - (delta.match ? delta.match->similarity_per_mille : 0);
    case DeltaSigSort::kName:
    case DeltaSigSort::kAddress:
      return 0;
  }
  return 0;
}

// Rows of equal value stay in the order of delta[], which is total.
void sort_rows(const std::vector<FunctionDelta>& delta, DeltaSigSort sort, std::vector<std::size_t>& rows) {
  if (sort == DeltaSigSort::kWeight) return;
  if (sort == DeltaSigSort::kName) {
    std::ranges::sort(rows, {}, [&](std::size_t i) { return std::pair(delta[i].shown().display_name(), i); });
  } else if (sort == DeltaSigSort::kAddress) {
    std::ranges::sort(
        rows, {}, [&](std::size_t i) { return std::tuple(delta[i].program, delta[i].shown().address, i); });
  } else {
    std::ranges::sort(rows, {}, [&](std::size_t i) { return std::pair(~sort_value(delta[i], sort), i); });
  }
}

bool is_called(const std::optional<statement::FunctionState>& state, const std::string& name) {
  return state && (state->name == name || state->display_name() == name);
}

// The one function of this name; in full, or the only one that has it as a part.
Result<std::size_t> find_function(const std::vector<FunctionDelta>& delta, const std::string& name) {
  std::vector<std::size_t> exact, partly;
  DeltaSigShowOptions part;
  part.name = name;
  for (std::size_t i = 0; i < delta.size(); ++i) {
    if (is_called(delta[i].base, name) || is_called(delta[i].target, name)) exact.push_back(i);
    if (wanted(delta[i], part)) partly.push_back(i);
  }
  const std::vector<std::size_t>& found = exact.empty() ? partly : exact;
  if (found.empty()) {
    return fail({.code = ErrorCode::kNotFound,
                 .message = "no changed function has this name",
                 .where = "--function",
                 .expected = "a function of the predicate's delta",
                 .found = name,
                 .next = "`stella binary delta-sig show --name` lists those that contain a text"});
  }
  // Several programs may have a function of one name: the heaviest change is the first.
  if (exact.empty() && partly.size() > 1) {
    std::string some;
    for (std::size_t i = 0; i < std::min<std::size_t>(5, partly.size()); ++i) {
      some += (some.empty() ? "" : ", ") + delta[partly[i]].shown().display_name();
    }
    return fail({.code = ErrorCode::kInvalidArgument,
                 .message = fmt::format("{} changed functions have this in their names", partly.size()),
                 .where = "--function",
                 .expected = "the name of one",
                 .found = some});
  }
  return found.front();
}

// Keeps the bytes of one member.
class MemberFinder final : public artifact::Visitor {
 public:
  MemberFinder(std::string path, std::uint64_t size_max_bytes)
      : path_(std::move(path)), size_max_bytes_(size_max_bytes) {}
  bool wants_bytes(const artifact::Member& member) override { return predicate_text(member.path) == path_; }
  Status visit(const artifact::Member& member, const ByteSource* bytes) override {
    if (bytes == nullptr || predicate_text(member.path) != path_) return {};
    STELLA_TRY(found_, read_all(*bytes, size_max_bytes_));
    return {};
  }
  Status leave(const artifact::Member&, bool) override { return {}; }
  Status unopened(artifact::Unopened) override { return {}; }
  [[nodiscard]] Bytes& found() { return found_; }

 private:
  std::string path_;
  std::uint64_t size_max_bytes_;
  Bytes found_;
};

// The listing of one side, from the file that the predicate was made of.
Result<executable::Listing> listing_of(const std::filesystem::path& file,
                                       const statement::ProgramFile& program,
                                       const statement::FunctionState& function,
                                       const executable::AnalysisLimits& limits) {
  STELLA_TRY(const auto source, open_file(file));
  MemberFinder finder(program.path, limits.code_and_data_max_bytes);
  STELLA_CHECK(artifact::walk(*source, {}, finder));
  const Digest found = sha256(finder.found());
  if (found != program.sha256) {
    return fail({.code = ErrorCode::kUntrusted,
                 .message = "this is not the program that the predicate is about",
                 .where = file.string() + (program.path.empty() ? "" : ": " + program.path),
                 .expected = sha256_text(program.sha256),
                 .found = finder.found().empty() ? "no such program" : sha256_text(found),
                 .next = "give the files that it was made from"});
  }
  const auto member = memory_source(finder.found(), source->name());
  return executable::disassemble_function(*member, function.address, function.size_bytes, limits);
}

Result<FunctionListings> listings_of(const statement::DeltaSig& predicate,
                                     const DeltaSigShowOptions& options) {
  if (options.inputs.base.empty() || options.inputs.target.empty()) {
    return fail({.code = ErrorCode::kInvalidArgument,
                 .message = "listings are made from the programs themselves",
                 .where = "--function",
                 .expected = "--old and --new",
                 .found = "not both"});
  }
  STELLA_TRY(const std::size_t index, find_function(predicate.delta, options.function));
  FunctionListings listings{.delta = predicate.delta[index]};
  const statement::ProgramDelta& program = predicate.summary.programs[listings.delta.program];
  listings.base_program = program.base->path;
  listings.target_program = program.target->path;
  if (listings.delta.base) {
    STELLA_TRY(listings.base,
               listing_of(options.inputs.base, *program.base, *listings.delta.base, options.inputs.limits));
  }
  if (listings.delta.target) {
    STELLA_TRY(listings.target, listing_of(options.inputs.target, *program.target, *listings.delta.target,
                                           options.inputs.limits));
  }
  listings.common = executable::common_lines(listings.base, listings.target);
  return listings;
}

}  // namespace

Result<DeltaSigShowResult> delta_sig_show(const DeltaSigShowOptions& options, const Context&) {
  STELLA_TRY(LoadedPredicate loaded, load_predicate(options.predicate));
  DeltaSigShowResult result{.options = options, .predicate = std::move(loaded.predicate)};
  const std::vector<FunctionDelta>& delta = result.predicate.delta;
  for (std::size_t i = 0; i < delta.size(); ++i) {
    if (wanted(delta[i], options)) result.chosen.push_back(i);
  }
  sort_rows(delta, options.sort, result.chosen);
  result.matching = result.chosen.size();
  const std::size_t limit = options.limit.value_or(options.html.empty() ? kShownRows : kPageRows);
  if (result.chosen.size() > limit) result.chosen.resize(limit);
  if (!options.function.empty()) {
    STELLA_TRY(result.listings, listings_of(result.predicate, options));
  }
  return result;
}

}  // namespace stella::operations
