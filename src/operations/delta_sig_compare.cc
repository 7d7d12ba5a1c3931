#include "delta_sig_compare.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "contents_map.h"
#include "delta_sig_map.h"
#include "stella/executable/diff.h"

namespace stella::operations {
namespace {

using statement::kDeltaSigFunctionsMax;

struct ArchName {
  std::string_view name;
  object::Machine machine;
  unsigned bits;
  std::endian byte_order;
};
// As Go and the registries of container images name them.
constexpr ArchName kArchNames[] = {
    {"amd64", object::Machine::kX64, 64, std::endian::little},
    {"386", object::Machine::kX86, 32, std::endian::little},
    {"arm64", object::Machine::kArm64, 64, std::endian::little},
    {"arm", object::Machine::kArm, 32, std::endian::little},
    {"riscv64", object::Machine::kRiscV, 64, std::endian::little},
    {"ppc64le", object::Machine::kPowerPc, 64, std::endian::little},
    {"ppc64", object::Machine::kPowerPc, 64, std::endian::big},
    {"mips64le", object::Machine::kMips, 64, std::endian::little},
    {"mips64", object::Machine::kMips, 64, std::endian::big},
    {"mipsle", object::Machine::kMips, 32, std::endian::little},
    {"mips", object::Machine::kMips, 32, std::endian::big},
    {"s390x", object::Machine::kSystemZ, 64, std::endian::big},
    {"loong64", object::Machine::kLoongArch, 64, std::endian::little},
};

std::string arch_of(const object::Image& image) {
  const std::string_view system = image.format == object::Format::kPe ? "windows" : "linux";
  for (const ArchName& known : kArchNames) {
    if (known.machine == image.machine && known.bits == image.bits && known.byte_order == image.byte_order) {
      return fmt::format("{}-{}", system, known.name);
    }
  }
  return fmt::format("{}, {} bits", to_string(image.machine), image.bits);
}

Status check_arch_known(const std::string& arch) {
  for (const ArchName& known : kArchNames) {
    for (const std::string_view system : {"linux", "windows"}) {
      if (arch == fmt::format("{}-{}", system, known.name)) return {};
    }
  }
  std::string all;
  for (const ArchName& known : kArchNames)
    all += fmt::format("{}linux-{}", all.empty() ? "" : ", ", known.name);
  return fail({.code = ErrorCode::kInvalidArgument,
               .message = "unknown architecture",
               .where = "--arch",
               .expected = all + "; or windows- in front",
               .found = arch});
}

// Empty for what cannot be read: the comparison will say what is wrong.
std::string arch_of(const ProgramMember& member) {
  if (member.bytes == nullptr) return {};
  const auto image = object::read_image(*member.bytes);
  return image ? arch_of(*image) : std::string();
}

Status check_arch(const std::string& found, const std::string& arch, const std::string& shown_path) {
  if (!arch.empty() && !found.empty() && found != arch) {
    return fail({.code = ErrorCode::kInvalidArgument,
                 .message = "a program is for another machine",
                 .where = shown_path,
                 .expected = arch,
                 .found = found,
                 .next = "give the --arch of the files, or leave it out"});
  }
  return {};
}

// Bytes under the name of their role: names of files may differ between those who compute a predicate, and
// must not get into it.
class Renamed final : public ByteSource {
 public:
  Renamed(const ByteSource& bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {}
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  [[nodiscard]] Status read_at(std::uint64_t offset, MutableByteView to) const override {
    return bytes_.read_at(offset, to);
  }
  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  const ByteSource& bytes_;
  std::string name_;
};

// The real names for those of the roles, in an error that a user sees.
Error with_names(Error error, const std::string& base, const std::string& target) {
  if (error.where.starts_with("base and target")) {
    error.where = fmt::format("{} and {}", base, target) + error.where.substr(15);
  } else if (error.where.starts_with("base")) {
    error.where = base + error.where.substr(4);
  } else if (error.where.starts_with("target")) {
    error.where = target + error.where.substr(6);
  } else {
    error.where = fmt::format("{} and {}", base, target) + (error.where.empty() ? "" : ": " + error.where);
  }
  return error;
}

statement::ReasonText reason_of(const Error& error) {
  std::string message = error.message;
  if (!error.expected.empty()) message += fmt::format("; expected {}", error.expected);
  if (!error.found.empty()) message += fmt::format("; found {}", error.found);
  return {.code = std::string(to_string(error.code)), .message = predicate_text(message)};
}

statement::ProgramFile file_of(const ProgramMember& member) {
  return {.path = predicate_text(member.path), .sha256 = member.sha256, .size_bytes = member.size_bytes};
}

class Comparer {
 public:
  Comparer(const ProgramSide& base, const ProgramSide& target, const CompareOptions& options,
           const Context& context)
      : base_(base), target_(target), options_(options), context_(context) {}

  Result<statement::DeltaSig> run() {
    if (!options_.arch.empty()) STELLA_CHECK(check_arch_known(options_.arch));
    STELLA_TRY(const ProgramPairs programs, pair_programs(base_, target_));
    if (programs.pairs.size() > statement::kDeltaSigProgramsMax) {
      return fail({.code = ErrorCode::kLimitExceeded,
                   .message = "too many programs differ",
                   .expected = fmt::format("at most {}", statement::kDeltaSigProgramsMax),
                   .found = fmt::format("{}", programs.pairs.size())});
    }
    std::uint64_t total = 0;
    for (const ProgramPair& pair : programs.pairs) total += cost(pair);
    std::uint64_t done = 0;
    for (const ProgramPair& pair : programs.pairs) {
      if (context_.progress) context_.progress("comparing functions", done, total);
      STELLA_CHECK(compare(pair, programs.plain));
      done += cost(pair);
    }
    if (context_.progress) context_.progress("comparing functions", total, total);
    result_.summary.programs_unchanged = programs.unchanged;
    list_unopened();
    keep_heaviest();
    STELLA_CHECK(demangle_names(result_.delta));
    result_.summary.functions_unlisted = changed_ - result_.delta.size();
    result_.tooling = delta_sig_tooling();
    return std::move(result_);
  }

 private:
  static std::uint64_t cost(const ProgramPair& pair) {
    return (pair.base ? pair.base->size_bytes : 0) + (pair.target ? pair.target->size_bytes : 0);
  }

  Status compare(const ProgramPair& pair, bool plain) {
    const std::uint64_t index = result_.summary.programs.size();
    statement::ProgramDelta& to = result_.summary.programs.emplace_back();
    if (pair.base) to.base = file_of(*pair.base);
    if (pair.target) to.target = file_of(*pair.target);
    if (!pair.base || !pair.target) return {};
    const std::string base_name = plain ? base_.source.name() : pair.base->path;
    const std::string target_name = plain ? target_.source.name() : pair.target->path;
    STELLA_CHECK(check_arch(arch_of(*pair.base), options_.arch, base_name));
    const std::string arch = arch_of(*pair.target);
    STELLA_CHECK(check_arch(arch, options_.arch, target_name));
    auto diff = diff_of(pair);
    if (!diff) {
      const bool fatal = (plain && !options_.list_failures) || diff.error().code == ErrorCode::kIo;
      if (fatal) return std::unexpected(with_names(std::move(diff).error(), base_name, target_name));
      to.not_compared = reason_of(diff.error());
      return {};
    }
    to.comparison = comparison_of(*diff);
    to.comparison->arch = arch;
    result_.summary.functions += to.comparison->functions;
    std::vector<statement::FunctionDelta> changes = changes_of(*diff, index);
    changed_ += changes.size();
    std::ranges::move(changes, std::back_inserter(result_.delta));
    if (result_.delta.size() > 4 * kDeltaSigFunctionsMax) keep_heaviest();
    if (context_.debug) {
      const statement::FunctionCounts& c = to.comparison->functions;
      context_.debug(fmt::format("{}: {} functions, {} modified, {} added, {} removed", target_name, c.target,
                                 c.modified, c.added, c.removed));
    }
    return {};
  }

  [[nodiscard]] Result<executable::FunctionDiff> diff_of(const ProgramPair& pair) const {
    if (pair.base->bytes == nullptr || pair.target->bytes == nullptr) {
      return fail(ErrorCode::kCorrupt, "the bytes of a member could not be read again");
    }
    executable::DiffOptions options{.limits = options_.limits, .threads = context_.threads};
    if (!options_.debug_dir.empty()) {
      options.base_debug_dir = options_.debug_dir;
      options.target_debug_dir = options_.debug_dir;
    }
    return executable::diff_functions(Renamed(*pair.base->bytes, "base"),
                                      Renamed(*pair.target->bytes, "target"), options);
  }

  void list_unopened() {
    auto& to = result_.summary.unopened;
    for (const bool in_target : {false, true}) {
      for (const artifact::Unopened& what : (in_target ? target_ : base_).contents.unopened) {
        ++to.count;
        if (to.listed.size() == statement::kDeltaSigListMax) continue;
        to.listed.push_back({in_target, predicate_text(what.path), predicate_text(what.reason)});
      }
    }
  }

  // The order is total, so that what is kept does not depend on when this is called.
  void keep_heaviest() {
    std::ranges::sort(result_.delta, statement::ordered_before);
    if (result_.delta.size() > kDeltaSigFunctionsMax) {
      result_.delta.erase(result_.delta.begin() + kDeltaSigFunctionsMax, result_.delta.end());
    }
  }

  const ProgramSide& base_;
  const ProgramSide& target_;
  const CompareOptions& options_;
  const Context& context_;
  statement::DeltaSig result_;
  std::uint64_t changed_ = 0;
};

}  // namespace

Result<statement::DeltaSig> compare_functions(const ProgramSide& base, const ProgramSide& target,
                                              const CompareOptions& options, const Context& context) {
  return Comparer(base, target, options, context).run();
}

}  // namespace stella::operations
