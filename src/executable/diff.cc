#include "stella/executable/diff.h"

#include <algorithm>

#include <fmt/format.h>
#include <llvm/Config/llvm-config.h>

#include "changes.h"
#include "codec.h"
#include "match.h"
#include "stella/base/isolate.h"

namespace stella::executable {
namespace {

constexpr std::uint64_t kResultMaxBytes = std::uint64_t{2} << 30;

template <typename T>
void subtract(const std::vector<T>& from, const std::vector<T>& what, std::vector<std::string>& to,
              std::uint64_t& count) {
  std::vector<T> rest;
  std::ranges::set_difference(from, what, std::back_inserter(rest));
  count = rest.size();
  for (std::size_t i = 0; i < std::min(rest.size(), kStringChangesMax); ++i) to.emplace_back(rest[i]);
}

template <typename T>
NameChanges name_changes(const std::vector<T>& base, const std::vector<T>& target) {
  NameChanges changes;
  subtract(target, base, changes.added, changes.added_count);
  subtract(base, target, changes.removed, changes.removed_count);
  return changes;
}

Status check_comparable(const ByteSource& base, const object::Image& one, const ByteSource& target,
                        const object::Image& other) {
  const auto describe = [](const object::Image& image) {
    return fmt::format("{} for {}, {} bits", to_string(image.format), to_string(image.machine), image.bits);
  };
  if (one.format == other.format && one.machine_number == other.machine_number && one.bits == other.bits &&
      one.byte_order == other.byte_order) {
    return {};
  }
  return fail({.code = ErrorCode::kInvalidArgument,
               .message = "programs of different kinds have no functions in common",
               .where = fmt::format("{} and {}", base.name(), target.name()),
               .expected = describe(one),
               .found = describe(other),
               .next = "Compare two versions for the same machine"});
}

std::vector<std::uint32_t> unmatched(std::size_t count, const std::vector<Match>& matches,
                                     std::uint32_t Match::* side) {
  std::vector<bool> matched(count, false);
  for (const Match& match : matches) matched[match.*side] = true;
  std::vector<std::uint32_t> rest;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!matched[i]) rest.push_back(i);
  }
  return rest;
}

}  // namespace

std::string_view to_string(MatchKind kind) {
  switch (kind) {
    case MatchKind::kNameAndCode:
      return "name and code";
    case MatchKind::kName:
      return "name";
    case MatchKind::kCode:
      return "code";
    case MatchKind::kInstructions:
      return "instructions";
    case MatchKind::kCallGraph:
      return "call graph";
    case MatchKind::kPosition:
      return "position";
    case MatchKind::kSimilarity:
      return "similarity";
  }
  return "similarity";
}

Tooling tooling() { return {"llvm-mc " LLVM_VERSION_STRING, "stella-function-diff 1"}; }

Result<FunctionDiff> diff_functions_unconfined(const ByteSource& base, const ByteSource& target,
                                               const DiffOptions& options) {
  STELLA_TRY(const object::Image base_image, object::read_image(base));
  STELLA_TRY(const object::Image target_image, object::read_image(target));
  STELLA_CHECK(check_comparable(base, base_image, target, target_image));
  STELLA_TRY(const auto one, analyse(base, {options.limits, options.threads, options.base_debug_dir}));
  STELLA_TRY(const auto other,
             analyse(target, {options.limits, options.threads, options.target_debug_dir}, one.get()));

  FunctionDiff diff;
  const std::vector<Pair> pairs = match_functions(*one, *other, options.use_names);
  STELLA_TRY(diff.matches, describe_changes(*one, *other, pairs, options.threads));
  diff.removed = unmatched(one->codes.size(), diff.matches, &Match::base);
  diff.added = unmatched(other->codes.size(), diff.matches, &Match::target);
  diff.imports = name_changes(one->program.imports, other->program.imports);
  diff.exports = name_changes(one->program.exports, other->program.exports);
  const bool terminated = !one->unterminated_texts && !other->unterminated_texts;
  diff.strings = name_changes(strings_of(one->image, one->memory, terminated),
                              strings_of(other->image, other->memory, terminated));
  diff.base = std::move(one->program);
  diff.target = std::move(other->program);
  diff.tooling = tooling();
  return diff;
}

Result<FunctionDiff> diff_functions(const ByteSource& base, const ByteSource& target,
                                    const DiffOptions& options) {
  const IsolationLimits limits{options.limits.memory_max_bytes, options.limits.time_max_s, kResultMaxBytes};
  STELLA_TRY(const Bytes bytes, run_isolated(limits, [&]() -> Result<Bytes> {
               STELLA_TRY(const FunctionDiff diff, diff_functions_unconfined(base, target, options));
               return encode(diff);
             }));
  return decode_diff(bytes);
}

}  // namespace stella::executable
