#include "delta_sig_programs.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "stella/base/spool.h"
#include "stella/object/symbols.h"

namespace stella::operations {
namespace {

constexpr std::size_t kSpoolMemoryBytes = std::size_t{4} << 20;
constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
// Comparing names costs a product of both numbers.
constexpr std::size_t kComparedByNamesMax = 500;
constexpr std::size_t kSharedNamesMin = 8;

bool is_program(artifact::Kind kind, artifact::Type type) {
  return kind == artifact::Kind::kFile && (type == artifact::Type::kElf || type == artifact::Type::kPe);
}

ProgramMember member_of(const artifact::MemberState& state) {
  return {.path = state.path, .size_bytes = state.size_bytes, .sha256 = state.sha256};
}

std::string file_name(const std::string& path) {
  const std::size_t at = path.find_last_of("/!");
  return at == std::string::npos ? path : path.substr(at + 1);
}

// "libcrypto.so.3.0.15" and "libcrypto.so.3.1" are the same but for their versions.
std::string stem(const std::string& path) {
  std::string name = file_name(path);
  std::erase_if(name, [](char c) { return ('0' <= c && c <= '9') || c == '.' || c == '-' || c == '_'; });
  return name;
}

// Programs of one side without a partner.
using Lonely = std::vector<ProgramMember>;

class Matcher {
 public:
  Matcher(Lonely base, Lonely target) : base_(std::move(base)), target_(std::move(target)) {}

  // Pairs those whose key occurs once on each side.
  template <typename KeyOf>
  void pair_unique(const KeyOf& key_of, std::vector<ProgramPair>& to) {
    using Key = std::decay_t<decltype(key_of(base_.front()))>;
    std::map<Key, std::array<std::vector<std::size_t>, 2>> by_key;
    for (std::size_t i = 0; i < base_.size(); ++i) by_key[key_of(base_[i])][0].push_back(i);
    for (std::size_t i = 0; i < target_.size(); ++i) by_key[key_of(target_[i])][1].push_back(i);
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    for (const auto& [key, sides] : by_key) {
      if (sides[0].size() == 1 && sides[1].size() == 1) pairs.emplace_back(sides[0][0], sides[1][0]);
    }
    take(pairs, to);
  }

  // Pairs those with the same bytes, as often as they occur on both sides; returns how many.
  std::uint64_t drop_equal() {
    const auto by_content = [](const ProgramMember& m) { return std::tie(m.sha256, m.path); };
    std::ranges::sort(base_, {}, by_content);
    std::ranges::sort(target_, {}, by_content);
    Lonely base, target;
    std::uint64_t equal = 0;
    auto left = base_.begin();
    auto right = target_.begin();
    while (left != base_.end() || right != target_.end()) {
      if (right == target_.end() || (left != base_.end() && left->sha256 < right->sha256)) {
        base.push_back(std::move(*left++));
      } else if (left == base_.end() || right->sha256 < left->sha256) {
        target.push_back(std::move(*right++));
      } else {
        ++equal, ++left, ++right;
      }
    }
    base_ = std::move(base);
    target_ = std::move(target);
    return equal;
  }

  void pair_by_names(std::vector<ProgramPair>& to);

  void finish(std::vector<ProgramPair>& to) {
    for (ProgramMember& member : base_) to.push_back({.base = std::move(member)});
    for (ProgramMember& member : target_) to.push_back({.target = std::move(member)});
  }

  [[nodiscard]] Lonely& base() { return base_; }
  [[nodiscard]] Lonely& target() { return target_; }

 private:
  void take(const std::vector<std::pair<std::size_t, std::size_t>>& pairs, std::vector<ProgramPair>& to) {
    std::set<std::size_t> taken_base, taken_target;
    for (const auto& [one, other] : pairs) {
      to.push_back({std::move(base_[one]), std::move(target_[other])});
      taken_base.insert(one);
      taken_target.insert(other);
    }
    const auto drop = [](Lonely& from, const std::set<std::size_t>& taken) {
      Lonely rest;
      for (std::size_t i = 0; i < from.size(); ++i) {
        if (!taken.contains(i)) rest.push_back(std::move(from[i]));
      }
      from = std::move(rest);
    };
    drop(base_, taken_base);
    drop(target_, taken_target);
  }

  Lonely base_;
  Lonely target_;
};

// The global symbols of a program: what it takes and gives. None for what cannot be read.
std::vector<std::string> linked_names(const ProgramMember& member) {
  std::vector<std::string> names;
  if (member.bytes == nullptr) return names;
  const auto image = object::read_image(*member.bytes);
  if (!image) return names;
  const auto symbols = object::read_symbols(*member.bytes, *image);
  if (!symbols) return names;
  for (const object::Symbol& symbol : *symbols) {
    const bool of_every_program = symbol.name.starts_with("__") || symbol.name.starts_with("_ITM");
    if (symbol.global && !symbol.name.empty() && !of_every_program) names.push_back(symbol.name);
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

void Matcher::pair_by_names(std::vector<ProgramPair>& to) {
  if (base_.size() > kComparedByNamesMax || target_.size() > kComparedByNamesMax) return;
  std::vector<std::vector<std::string>> of_base, of_target;
  for (const ProgramMember& member : base_) of_base.push_back(linked_names(member));
  for (const ProgramMember& member : target_) of_target.push_back(linked_names(member));
  // Most names in common first; then the order of the lists.
  std::vector<std::tuple<std::size_t, std::size_t, std::size_t>> candidates;
  for (std::size_t i = 0; i < base_.size(); ++i) {
    for (std::size_t j = 0; j < target_.size(); ++j) {
      std::vector<std::string> common;
      std::ranges::set_intersection(of_base[i], of_target[j], std::back_inserter(common));
      const std::size_t all = of_base[i].size() + of_target[j].size() - common.size();
      if (common.size() >= kSharedNamesMin && common.size() * 2 > all) {
        candidates.emplace_back(all - common.size(), i, j);
      }
    }
  }
  std::ranges::sort(candidates);
  std::set<std::size_t> taken_base, taken_target;
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (const auto& [different, i, j] : candidates) {
    if (taken_base.contains(i) || taken_target.contains(j)) continue;
    taken_base.insert(i);
    taken_target.insert(j);
    pairs.emplace_back(i, j);
  }
  take(pairs, to);
}

// Copies the bytes of the wanted members.
class MemberCopier final : public artifact::Visitor {
 public:
  explicit MemberCopier(std::map<std::string, ProgramMember*> wanted) : wanted_(std::move(wanted)) {}

  bool wants_bytes(const artifact::Member& member) override { return wanted_.contains(member.path); }
  Status visit(const artifact::Member& member, const ByteSource* bytes) override {
    const auto wanted = wanted_.find(member.path);
    if (wanted == wanted_.end() || bytes == nullptr) return {};
    // Called by its path in the artifact, not by that of a file: it may stand in the predicate.
    Spool spool(kSpoolMemoryBytes, member.path);
    STELLA_CHECK(for_each_block(*bytes, kBlockBytes, [&](ByteView block) { return spool.write(block); }));
    sources_.push_back(spool.finish());
    wanted->second->bytes = sources_.back().get();
    return {};
  }
  Status leave(const artifact::Member&, bool) override { return {}; }
  Status unopened(artifact::Unopened) override { return {}; }

  [[nodiscard]] std::vector<std::unique_ptr<ByteSource>> take() { return std::move(sources_); }

 private:
  std::map<std::string, ProgramMember*> wanted_;
  std::vector<std::unique_ptr<ByteSource>> sources_;
};

Status copy_members(const ProgramSide& side, std::map<std::string, ProgramMember*> wanted,
                    std::vector<std::unique_ptr<ByteSource>>& to) {
  if (wanted.empty()) return {};
  MemberCopier copier(std::move(wanted));
  STELLA_CHECK(artifact::walk(side.source, {}, copier));
  for (auto& source : copier.take()) to.push_back(std::move(source));
  return {};
}

std::uint64_t programs_in(const artifact::Contents& contents) {
  return static_cast<std::uint64_t>(std::ranges::count_if(
      contents.members, [](const artifact::Member& m) { return is_program(m.kind, m.type) && !m.opened; }));
}

// Sorts what artifact::compare() says of programs into pairs and those on one side.
void sort_changes(const artifact::Comparison& comparison, std::vector<ProgramPair>& pairs, Lonely& base,
                  Lonely& target) {
  for (const auto* changes : {&comparison.added, &comparison.removed, &comparison.changed}) {
    for (const artifact::MemberChange& change : *changes) {
      const bool in_base = change.base && is_program(change.base->kind, change.base->type);
      const bool in_target = change.target && is_program(change.target->kind, change.target->type);
      if (in_base && in_target && change.base->sha256 != change.target->sha256) {
        pairs.push_back({member_of(*change.base), member_of(*change.target)});
      } else if (!in_base || !in_target) {
        if (in_base) base.push_back(member_of(*change.base));
        if (in_target) target.push_back(member_of(*change.target));
      }
    }
  }
}

}  // namespace

Result<ProgramPairs> pair_programs(const ProgramSide& base, const ProgramSide& target) {
  ProgramPairs result;
  const auto& one = base.contents;
  const auto& other = target.contents;
  const auto is_plain = [](const artifact::Contents& contents) {
    return !contents.members.empty() && is_program(contents.members[0].kind, contents.type);
  };
  if (is_plain(one) && is_plain(other)) {
    result.plain = true;
    result.pairs.push_back({ProgramMember{{}, one.size_bytes, one.sha256, &base.source},
                            ProgramMember{{}, other.size_bytes, other.sha256, &target.source}});
    return result;
  }
  Lonely only_base, only_target;
  sort_changes(artifact::compare(one, other), result.pairs, only_base, only_target);
  Matcher matcher(std::move(only_base), std::move(only_target));
  (void)matcher.drop_equal();
  matcher.pair_unique([](const ProgramMember& m) { return file_name(m.path); }, result.pairs);
  matcher.pair_unique([](const ProgramMember& m) { return stem(m.path); }, result.pairs);
  const std::uint64_t differing = result.pairs.size() + matcher.target().size();
  result.unchanged = programs_in(other) - std::min(programs_in(other), differing);

  // What may still become a pair must be read to be told.
  const bool by_names = !matcher.base().empty() && !matcher.target().empty() &&
                        matcher.base().size() <= kComparedByNamesMax &&
                        matcher.target().size() <= kComparedByNamesMax;
  std::map<std::string, ProgramMember*> wanted_base, wanted_target;
  for (ProgramPair& pair : result.pairs) {
    wanted_base[pair.base->path] = &*pair.base;
    wanted_target[pair.target->path] = &*pair.target;
  }
  if (by_names) {
    for (ProgramMember& m : matcher.base()) wanted_base[m.path] = &m;
    for (ProgramMember& m : matcher.target()) wanted_target[m.path] = &m;
  }
  STELLA_CHECK(copy_members(base, std::move(wanted_base), result.sources));
  STELLA_CHECK(copy_members(target, std::move(wanted_target), result.sources));
  if (by_names) matcher.pair_by_names(result.pairs);
  matcher.finish(result.pairs);
  std::ranges::sort(result.pairs, {}, [](const ProgramPair& pair) {
    return std::tuple(pair.target ? pair.target->path : pair.base->path, !pair.target.has_value(),
                      pair.base ? pair.base->path : std::string());
  });
  return result;
}

}  // namespace stella::operations
