// bench/functions BASE TARGET [--stripped BASE TARGET] [--threads N]
//   Matches the functions of two programs that have names, as if they had none (or their stripped copies),
//   and scores the matches by the names. Prints one line: functions, precision, recall, instructions per
//   second, memory.
//
// Truth: two functions belong together when they have a name in common, Rust's hashes and the compilers'
// suffixes put aside. Functions of at least 5 instructions count. Functions with the same strict digest are
// one class, as are the names of one address: a match is right when any member of the classes bears the name.
#include <sys/resource.h>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "pairing.h"
#include "stella/base/parallel.h"
#include "stella/executable/diff.h"

namespace {

using namespace stella;
using namespace stella::executable;

constexpr std::uint32_t kInstructionsMin = 5;

std::set<std::string> names_of(const Function& function) {
  std::set<std::string> names;
  if (!function.name.empty()) names.insert(plain_name(function.name));
  for (const std::string& alias : function.aliases) names.insert(plain_name(alias));
  return names;
}

struct Truth {
  std::map<std::uint64_t, std::set<std::string>> names;  // by address
  std::map<std::string, std::set<Digest>> digests;       // of the functions with a name
  std::map<Digest, std::set<std::string>> by_digest;     // names in a class

  explicit Truth(const Program& program) {
    for (const Function& function : program.functions) {
      for (const std::string& name : names_of(function)) {
        names[function.address].insert(name);
        digests[name].insert(function.strict);
        by_digest[function.strict].insert(name);
      }
    }
  }
  // All names that a function may go by, those of its class included.
  [[nodiscard]] std::set<std::string> class_of(const Function& function) const {
    std::set<std::string> all;
    if (const auto own = names.find(function.address); own != names.end()) all = own->second;
    if (const auto same = by_digest.find(function.strict); same != by_digest.end())
      all.insert(same->second.begin(), same->second.end());
    return all;
  }
};

bool meet(const std::set<std::string>& a, const std::set<std::string>& b) {
  for (const std::string& name : a) {
    if (b.contains(name)) return true;
  }
  return false;
}

struct Score {
  std::size_t countable = 0;  // functions of the base whose name the target has
  std::size_t found = 0;
  std::size_t judged = 0;  // matches of functions with names
  std::size_t right = 0;
  std::size_t rust = 0;  // of the countable ones, those with a name of Rust
  std::size_t rust_found = 0;
};

bool is_rust(std::string_view name) {
  return name.starts_with("_R") || (name.starts_with("_ZN") && plain_name(name) != name);
}

Score score(const FunctionDiff& diff, const Program& base_names, const Program& target_names, bool verbose) {
  const Truth base(base_names), target(target_names);
  std::set<std::string> base_all, target_all;
  for (const auto& [address, names] : base.names) base_all.insert(names.begin(), names.end());
  for (const auto& [address, names] : target.names) target_all.insert(names.begin(), names.end());
  Score score;
  std::map<std::uint64_t, bool> right_at;
  std::map<int, std::pair<std::size_t, std::size_t>> by_kind;
  for (const Match& match : diff.matches) {
    const Function& one = diff.base.functions[match.base];
    const Function& other = diff.target.functions[match.target];
    if (one.instructions < kInstructionsMin || other.instructions < kInstructionsMin) continue;
    if (!base.names.contains(one.address) || !target.names.contains(other.address)) continue;
    const bool right = meet(base.class_of(one), target.class_of(other));
    right_at[one.address] = right;
    // Equal code under a name that only the base has and one that only the target has: renamed.
    ++score.judged;
    const bool renamed = one.strict == other.strict && !meet(base.names.at(one.address), target_all) &&
                         !meet(target.names.at(other.address), base_all);
    if (right || renamed) ++score.right;
    auto& [total, wrong] = by_kind[static_cast<int>(match.kind)];
    ++total;
    if (!right && !renamed) {
      ++wrong;
      if (verbose) {
        fmt::print("wrong {} {} s={} {} i={} -> {} i={} {}\n", to_string(match.kind),
                   match.confidence_per_mille, match.similarity_per_mille,
                   *base.names.at(one.address).begin(), one.instructions,
                   *target.names.at(other.address).begin(), other.instructions,
                   meet(base.names.at(one.address), target_all) ? "(has a counterpart)" : "(gone)");
      }
    }
  }
  for (const Function& function : base_names.functions) {
    if (function.instructions < kInstructionsMin || !base.names.contains(function.address)) continue;
    if (!meet(base.names.at(function.address), target_all)) continue;
    ++score.countable;
    score.rust += is_rust(function.name);
    const auto found = right_at.find(function.address);
    score.rust_found += is_rust(function.name) && found != right_at.end() && found->second;
    if (found != right_at.end() && found->second) {
      ++score.found;
    } else if (verbose) {
      fmt::print("{} {} i={} {:x}\n", found == right_at.end() ? "missed" : "mistaken",
                 *base.names.at(function.address).begin(), function.instructions, function.address);
    }
  }
  for (const auto& [kind, counts] : by_kind) {
    fmt::print("  {:<14} {:>7} wrong {}\n", to_string(static_cast<MatchKind>(kind)), counts.first,
               counts.second);
  }
  return score;
}

int fail_with(const Error& error) {
  fmt::print(stderr, "{}\n", to_string(error));
  return exit_status(error.code);
}

double cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> files;
  DiffOptions options;
  options.threads = available_threads();
  bool verbose = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--threads" && i + 1 < argc) {
      options.threads = static_cast<unsigned>(std::stoul(argv[++i]));
    } else if (argument == "--verbose") {
      verbose = true;
    } else if (argument != "--stripped") {
      files.push_back(argument);
    }
  }
  if (files.size() != 2 && files.size() != 4) {
    fmt::print(stderr, "usage: functions BASE TARGET [--stripped BASE TARGET] [--threads N] [--verbose]\n");
    return 2;
  }
  const bool stripped = files.size() == 4;
  const auto base = open_file(files[stripped ? 2 : 0]), target = open_file(files[stripped ? 3 : 1]);
  if (!base) return fail_with(base.error());
  if (!target) return fail_with(target.error());
  options.use_names = stripped;  // what a stripped program still says, it may say
  const double before = cpu_s();
  const auto start = std::chrono::steady_clock::now();
  const auto diff = diff_functions_unconfined(**base, **target, options);
  if (!diff) return fail_with(diff.error());
  const double cpu = cpu_s() - before;
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);

  Score result;
  if (stripped) {
    const auto named_base = open_file(files[0]), named_target = open_file(files[1]);
    if (!named_base) return fail_with(named_base.error());
    if (!named_target) return fail_with(named_target.error());
    const auto named = diff_functions_unconfined(**named_base, **named_target, options);
    if (!named) return fail_with(named.error());
    result = score(*diff, named->base, named->target, verbose);
  } else {
    result = score(*diff, diff->base, diff->target, verbose);
  }
  std::size_t modified = 0, renamed = 0, moved = 0;
  for (const Match& match : diff->matches)
    modified += match.modified, renamed += match.renamed, moved += match.moved;
  const auto share = [](std::size_t part, std::size_t whole) {
    return whole == 0 ? 1.0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  fmt::print("functions {} {} matches {} added {} removed {} modified {} renamed {} moved {}\n",
             diff->base.functions.size(), diff->target.functions.size(), diff->matches.size(),
             diff->added.size(), diff->removed.size(), modified, renamed, moved);
  if (result.rust != 0) fmt::print("functions of Rust found: {} of {}\n", result.rust_found, result.rust);
  fmt::print(
      "precision {:.4f} recall {:.4f} (of {}) cpu {:.2f} s wall {:.2f} s {:.1f} M instructions/s peak {} "
      "MB\n",
      share(result.right, result.judged), share(result.found, result.countable), result.countable, cpu,
      wall.count(), static_cast<double>(diff->base.instructions + diff->target.instructions) / cpu / 1e6,
      usage.ru_maxrss / 1024);
  return 0;
}
