#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "stella/artifact/contents.h"

namespace stella::artifact {
namespace {

const Digest& payload_of(const Member& member) {
  return member.payload_sha256 ? *member.payload_sha256 : member.sha256;
}

// Whether a member takes part in comparisons: folders of zips do not, nor does the artifact when its members
// do.
bool counts(const Member& member) { return !member.aside && !(member.opened && member.path.empty()); }

// Modes that one side does not record are no difference.
bool same_mode(const Member& a, const Member& b) { return !a.mode || !b.mode || *a.mode == *b.mode; }

bool same_payload(const Member& a, const Member& b) {
  if (a.kind != b.kind || a.opened != b.opened || a.link_target != b.link_target || !same_mode(a, b))
    return false;
  return a.kind != Kind::kFile || a.opened || payload_of(a) == payload_of(b);
}

MemberState state_of(const Member& member) {
  return {.path = member.path,
          .kind = member.kind,
          .type = member.type,
          .size_bytes = member.size_bytes,
          .sha256 = member.sha256,
          .mode = member.mode,
          .link_target = member.link_target};
}

struct Keyed {
  std::string key;
  const Member* member;
};

std::vector<Keyed> keyed(const Contents& contents, const std::map<std::string, std::string>& renamed_layers) {
  std::vector<Keyed> result;
  result.reserve(contents.members.size());
  std::string from, to;  // of the layer that we are in
  for (const Member& member : contents.members) {
    if (member.image_layer != 0) {
      const auto renamed = renamed_layers.find(member.key);
      from = renamed == renamed_layers.end() ? std::string{} : member.key;
      to = renamed == renamed_layers.end() ? std::string{} : renamed->second;
    }
    if (!counts(member)) continue;
    const bool inside = !from.empty() && member.key.starts_with(from) &&
                        (member.key.size() == from.size() || member.key[from.size()] == '!');
    result.push_back({.key = inside ? to + member.key.substr(from.size()) : member.key, .member = &member});
  }
  // Members with one key keep their order: they stand one behind the other in one vector.
  std::ranges::sort(result, {}, [](const Keyed& one) { return std::tie(one.key, one.member); });
  return result;
}

using LayerList = std::vector<const Member*>;
using LayerPairs = std::vector<std::pair<const Member*, const Member*>>;  // null: no partner

std::map<std::string, LayerList> layers_by_image(const Contents& contents) {
  std::map<std::string, LayerList> images;
  for (const Member& member : contents.members) {
    if (member.image_layer == 0) continue;
    images[member.key.substr(0, member.key.rfind("!layer-"))].push_back(&member);
  }
  return images;
}

// Equal layers first, in order, so that one added layer does not shift all others; between them, what is left
// is paired in order.
class LayerMatcher {
 public:
  LayerMatcher(const LayerList& base, const LayerList& target) : base_(base), target_(target) {}

  void match(LayerPairs& pairs) {
    std::map<Digest, std::vector<std::size_t>> where;
    for (std::size_t i = 0; i < base_.size(); ++i) where[base_[i]->sha256].push_back(i);
    for (std::size_t t = 0; t < target_.size(); ++t) {
      const auto found = where.find(target_[t]->sha256);
      if (found == where.end()) continue;
      const auto next = std::ranges::lower_bound(found->second, base_at_);
      if (next == found->second.end()) continue;
      between(*next, t, pairs);
      pairs.emplace_back(base_[*next], target_[t]);
      base_at_ = *next + 1;
      target_at_ = t + 1;
    }
    between(base_.size(), target_.size(), pairs);
  }

 private:
  void between(std::size_t base_end, std::size_t target_end, LayerPairs& pairs) {
    while (base_at_ < base_end || target_at_ < target_end) {
      const Member* base = base_at_ < base_end ? base_[base_at_++] : nullptr;
      const Member* target = target_at_ < target_end ? target_[target_at_++] : nullptr;
      pairs.emplace_back(base, target);
    }
  }

  const LayerList& base_;
  const LayerList& target_;
  std::size_t base_at_ = 0;
  std::size_t target_at_ = 0;
};

LayerPairs pair_layers(const Contents& base, const Contents& target) {
  auto base_images = layers_by_image(base);
  auto target_images = layers_by_image(target);
  LayerPairs pairs;
  for (auto& [image, layers] : target_images) LayerMatcher(base_images[image], layers).match(pairs);
  for (auto& [image, layers] : base_images) {
    if (target_images.contains(image)) continue;
    for (const Member* layer : layers) pairs.emplace_back(layer, nullptr);
  }
  return pairs;
}

// Base layers get their partner's key; one without a partner gets one that no other member has.
std::map<std::string, std::string> renamed_by(const LayerPairs& pairs) {
  std::map<std::string, std::string> renamed;
  for (const auto& [base, target] : pairs) {
    if (base == nullptr) continue;
    const std::string key = target != nullptr ? target->key : base->key + " (base)";
    if (key != base->key) renamed.emplace(base->key, key);
  }
  return renamed;
}

bool under(const std::string& key, const std::string& layer) {
  return key.starts_with(layer) && (key.size() == layer.size() || key[layer.size()] == '!');
}

std::vector<LayerPair> describe(const LayerPairs& pairs, const Comparison& comparison) {
  std::vector<LayerPair> result;
  for (const auto& [base, target] : pairs) {
    LayerPair pair;
    pair.base_path = base != nullptr ? base->path : std::string{};
    pair.target_path = target != nullptr ? target->path : std::string{};
    pair.payload_equal = base != nullptr && target != nullptr;
    for (const auto* list :
         {&comparison.added, &comparison.removed, &comparison.changed, &comparison.signatures}) {
      if (!pair.payload_equal) break;
      // The lists are sorted by key.
      const auto first = std::ranges::lower_bound(*list, target->key, {}, &MemberChange::key);
      pair.payload_equal = first == list->end() || !under(first->key, target->key);
    }
    result.push_back(std::move(pair));
  }
  return result;
}

void add_text(Sha256& hash, std::string_view text) {
  Bytes size;
  append_varint(size, text.size());
  hash.update(size);
  hash.update(as_bytes(text));
}

}  // namespace

Comparison compare(const Contents& base, const Contents& target) {
  Comparison result;
  result.bytes_equal = base.size_bytes == target.size_bytes && base.sha256 == target.sha256;
  result.base_unopened = base.unopened;
  result.target_unopened = target.unopened;
  const LayerPairs layers = pair_layers(base, target);
  const std::vector<Keyed> of_base = keyed(base, renamed_by(layers));
  const std::vector<Keyed> of_target = keyed(target, {});
  const auto note = [&](std::string key, const Member* from, const Member* to) {
    MemberChange change{.key = std::move(key), .base = {}, .target = {}};
    if (from != nullptr) change.base = state_of(*from);
    if (to != nullptr) change.target = state_of(*to);
    const bool signature = from != nullptr ? from->signature : to->signature;
    auto& list = signature         ? result.signatures
                 : from == nullptr ? result.added
                 : to == nullptr   ? result.removed
                                   : result.changed;
    list.push_back(std::move(change));
  };
  auto left = of_base.begin();
  auto right = of_target.begin();
  while (left != of_base.end() || right != of_target.end()) {
    if (right == of_target.end() || (left != of_base.end() && left->key < right->key)) {
      note(left->key, left->member, nullptr);
      ++left;
    } else if (left == of_base.end() || right->key < left->key) {
      note(right->key, nullptr, right->member);
      ++right;
    } else {
      if (same_payload(*left->member, *right->member)) {
        ++result.members_unchanged;
      } else {
        note(right->key, left->member, right->member);
      }
      ++left;
      ++right;
    }
  }
  result.payload_equal = result.added.empty() && result.removed.empty() && result.changed.empty();
  result.signatures_equal = result.signatures.empty();
  result.layers = describe(layers, result);
  return result;
}

Digest payload_digest(const Contents& contents) {
  Sha256 hash;
  for (const Keyed& one : keyed(contents, {})) {
    const Member& member = *one.member;
    add_text(hash, one.key);
    add_text(hash, to_string(member.kind));
    add_text(hash, member.mode ? fmt::format("{:o}", *member.mode) : "");
    add_text(hash, member.link_target);
    if (member.kind != Kind::kFile) continue;
    add_text(hash, member.opened ? "opened" : as_text(payload_of(member).view()));
  }
  return hash.finish();
}

}  // namespace stella::artifact
