#include "changes.h"

#include <algorithm>
#include <map>
#include <set>

#include "common_subsequence.h"
#include "decoder_pool.h"
#include "pairing.h"
#include "stella/base/parallel.h"

namespace stella::executable {
namespace {

constexpr std::size_t kBatch = 16;  // modified functions compared by one piece of work

class Changes {
 public:
  Changes(const Analysis& base, const Analysis& target, const std::vector<Pair>& pairs)
      : base_(base),
        target_(target),
        pairs_(pairs),
        base_partner_(base.codes.size(), kNone),
        target_partner_(target.codes.size(), kNone) {
    for (const Pair& pair : pairs_) {
      base_partner_[pair.base] = pair.target;
      target_partner_[pair.target] = pair.base;
    }
  }

  Result<std::vector<Match>> run(unsigned threads) {
    std::vector<Match> matches;
    for (const Pair& pair : pairs_) {
      Match match{.base = pair.base,
                  .target = pair.target,
                  .kind = pair.kind,
                  .confidence_per_mille = pair.confidence_per_mille};
      match.modified = is_modified(pair);
      match.renamed = is_renamed(pair);
      matches.push_back(std::move(match));
    }
    mark_moved(matches);
    std::vector<std::size_t> modified;
    for (std::size_t i = 0; i < matches.size(); ++i) {
      if (matches[i].modified) modified.push_back(i);
    }
    DecoderPool base_decoders(base_), target_decoders(target_);
    const auto compare_batch = [&](std::size_t batch) -> Status {
      STELLA_TRY(auto base_decoder, base_decoders.take());
      STELLA_TRY(auto target_decoder, target_decoders.take());
      CodeReader base_reader(*base_decoder, *base_.contents),
          target_reader(*target_decoder, *target_.contents);
      const std::size_t end = std::min(modified.size(), (batch + 1) * kBatch);
      for (std::size_t i = batch * kBatch; i < end; ++i) {
        compare(matches[modified[i]], base_reader, target_reader);
      }
      base_decoders.give_back(std::move(base_decoder));
      target_decoders.give_back(std::move(target_decoder));
      return {};
    };
    STELLA_CHECK(parallel_for((modified.size() + kBatch - 1) / kBatch, threads, compare_batch));
    return matches;
  }

 private:
  // Something else is called or taken the address of, though the code looks the same.
  bool refers_elsewhere(std::uint32_t b, std::uint32_t t) const {
    const auto& in_base = base_.codes[b].references;
    const auto& in_target = target_.codes[t].references;
    for (std::size_t i = 0; i < std::min(in_base.size(), in_target.size()); ++i) {
      if (in_base[i].import || in_target[i].import || in_base[i].name_hash != 0) continue;
      const std::uint32_t left = base_.function_at(in_base[i].target);
      const std::uint32_t right = target_.function_at(in_target[i].target);
      const bool one_sided = left == kNone || right == kNone;
      // A number that looks like an address of code on one side only is no reference.
      if (one_sided && (in_base[i].kind == ReferenceKind::kData || left == right)) continue;
      if (one_sided) return true;
      if (base_partner_[left] != right && base_.codes[left].strict != target_.codes[right].strict)
        return true;
    }
    return in_base.size() != in_target.size();
  }

  bool is_modified(const Pair& pair) const {
    const Code& one = base_.codes[pair.base];
    const Code& other = target_.codes[pair.target];
    return one.strict != other.strict || refers_elsewhere(pair.base, pair.target);
  }

  bool is_renamed(const Pair& pair) const {
    const Function& one = base_.program.functions[pair.base];
    const Function& other = target_.program.functions[pair.target];
    if (one.name.empty() || other.name.empty() || one.name == other.name) return false;
    const auto names = [](const Function& function) {
      std::set<std::string> all{function.name, plain_name(function.name)};
      all.insert(function.aliases.begin(), function.aliases.end());
      return all;
    };
    const std::set<std::string> left = names(one), right = names(other);
    return std::ranges::none_of(left, [&](const std::string& name) { return right.contains(name); });
  }

  // Those outside of the longest run of pairs that are in the same order on both sides.
  void mark_moved(std::vector<Match>& matches) const {
    std::vector<std::size_t> last_of_length;  // index of the match that ends the best run of each length
    std::vector<std::size_t> previous(matches.size(), matches.size());
    for (std::size_t i = 0; i < matches.size(); ++i) {
      const std::string& from = base_.program.functions[matches[i].base].section;
      const std::string& to = target_.program.functions[matches[i].target].section;
      const bool same_section = from == to || from.empty() || to.empty();  // empty: no section headers
      matches[i].moved = true;
      if (!same_section) continue;
      const auto place = std::ranges::lower_bound(last_of_length, matches[i].target, {},
                                                  [&](std::size_t k) { return matches[k].target; });
      if (place != last_of_length.begin()) previous[i] = *std::prev(place);
      if (place == last_of_length.end()) {
        last_of_length.push_back(i);
      } else {
        *place = i;
      }
    }
    if (last_of_length.empty()) return;
    for (std::size_t i = last_of_length.back(); i != matches.size(); i = previous[i])
      matches[i].moved = false;
  }

  // One number for a function or import on both sides.
  std::uint64_t identity(const Analysis& side, const Reference& reference,
                         const std::vector<std::uint32_t>* partner) const {
    if (reference.import) return reference.name_hash;
    const std::uint32_t function = side.function_at(reference.target);
    if (function == kNone) return 0;
    if (partner == nullptr) return (std::uint64_t{1} << 32) + function;
    return (*partner)[function] == kNone ? (std::uint64_t{2} << 32) + function
                                         : (std::uint64_t{1} << 32) + (*partner)[function];
  }

  struct Lines {
    std::vector<std::uint64_t> keys;
    std::map<std::uint64_t, std::int64_t> blocks;  // how often each occurs
    std::map<std::uint64_t, std::string> calls;    // by identity
  };

  Lines read_lines(const Analysis& side, std::uint32_t function, CodeReader& reader,
                   const std::vector<std::uint32_t>* partner) const {
    std::vector<CodeLine> lines;
    const Extent& extent = side.extents[function];
    const Code code = reader.read(side.bytes_of(function), extent.address, extent.thumb, &lines);
    Lines result;
    std::uint64_t block_key = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::uint64_t key = lines[i].key;
      if (lines[i].reference != 0) {
        const Reference& reference = code.references[lines[i].reference - 1];
        const std::uint64_t callee = identity(side, reference, partner);
        key = (key ^ callee) * 0x9e3779b97f4a7c15;
        if (callee != 0) result.calls.emplace(callee, name_of(side, reference));
      }
      result.keys.push_back(key);
      block_key = (block_key ^ key) * 0xbf58476d1ce4e5b9 + 1;
      if (i + 1 == lines.size() || lines[i + 1].block != lines[i].block) {
        ++result.blocks[block_key];
        block_key = 0;
      }
    }
    return result;
  }

  static std::string name_of(const Analysis& side, const Reference& reference) {
    if (reference.import) return std::string(as_text(side.contents->of({reference.target, 0}).bytes));
    return side.program.functions[side.function_at(reference.target)].display_name();
  }

  static std::vector<std::string> names_not_in(const Lines& from, const Lines& other) {
    std::set<std::string> names;
    for (const auto& [callee, name] : from.calls) {
      if (!other.calls.contains(callee)) names.insert(name);
    }
    return {names.begin(), names.end()};
  }

  static std::uint32_t blocks_not_in(const Lines& from, const Lines& other) {
    std::int64_t count = 0;
    for (const auto& [key, times] : from.blocks) {
      const auto found = other.blocks.find(key);
      count += std::max<std::int64_t>(0, times - (found == other.blocks.end() ? 0 : found->second));
    }
    return static_cast<std::uint32_t>(count);
  }

  void compare(Match& match, CodeReader& base_reader, CodeReader& target_reader) const {
    const Lines one = read_lines(base_, match.base, base_reader, nullptr);
    const Lines other = read_lines(target_, match.target, target_reader, &target_partner_);
    const std::size_t common = common_subsequence(one.keys, other.keys).size();
    FunctionChange change;
    change.size_delta_bytes = static_cast<std::int64_t>(target_.program.functions[match.target].size_bytes) -
                              static_cast<std::int64_t>(base_.program.functions[match.base].size_bytes);
    change.instructions_removed = static_cast<std::uint32_t>(one.keys.size() - common);
    change.instructions_added = static_cast<std::uint32_t>(other.keys.size() - common);
    change.calls_removed = names_not_in(one, other);
    change.calls_added = names_not_in(other, one);
    change.blocks_removed = blocks_not_in(one, other);
    change.blocks_added = blocks_not_in(other, one);
    const std::size_t total = one.keys.size() + other.keys.size();
    match.similarity_per_mille = static_cast<std::uint16_t>(total == 0 ? 1000 : 2 * common * 1000 / total);
    match.change = std::move(change);
  }

  const Analysis& base_;
  const Analysis& target_;
  const std::vector<Pair>& pairs_;
  std::vector<std::uint32_t> base_partner_;
  std::vector<std::uint32_t> target_partner_;
};

}  // namespace

Result<std::vector<Match>> describe_changes(const Analysis& base, const Analysis& target,
                                            const std::vector<Pair>& pairs, unsigned threads) {
  return Changes(base, target, pairs).run(threads);
}

}  // namespace stella::executable
