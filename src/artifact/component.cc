#include "stella/artifact/component.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

namespace stella::artifact {
namespace {

// purl-spec, "Character encoding": what is not listed there is percent-encoded; ":" stays.
std::string encoded(std::string_view text, std::string_view also_kept = {}) {
  std::string result;
  for (const char c : text) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '-' || c == '_' || c == '~' || c == ':' ||
                      also_kept.find(c) != std::string_view::npos;
    if (kept) {
      result += c;
    } else {
      constexpr std::string_view kDigits = "0123456789ABCDEF";  // fmt takes minutes for what a bomb holds
      const auto byte = static_cast<std::uint8_t>(c);
      result += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return result;
}

auto order_of(const Component& component) {
  return std::tie(component.key, component.version, component.path, component.statement_sha256,
                  component.sha256);
}

bool before(const Component& a, const Component& b) { return order_of(a) < order_of(b); }

using Group = std::vector<Component>;

// Takes from both sorted groups what is equal by `order`, pair by pair, and hands the pairs to `take`.
template <typename Order, typename Take>
void match_by(Group& base, Group& target, Order order, Take take) {
  const auto before_by = [&](const Component& a, const Component& b) {
    return std::pair(order(a), order_of(a)) < std::pair(order(b), order_of(b));
  };
  std::ranges::sort(base, before_by);
  std::ranges::sort(target, before_by);
  Group base_rest;
  Group target_rest;
  auto from = base.begin();
  auto to = target.begin();
  while (from != base.end() && to != target.end()) {
    if (order(*from) < order(*to)) {
      base_rest.push_back(std::move(*from++));
    } else if (order(*to) < order(*from)) {
      target_rest.push_back(std::move(*to++));
    } else {
      take(std::move(*from++), std::move(*to++));
    }
  }
  base_rest.insert(base_rest.end(), std::move_iterator(from), std::move_iterator(base.end()));
  target_rest.insert(target_rest.end(), std::move_iterator(to), std::move_iterator(target.end()));
  base = std::move(base_rest);
  target = std::move(target_rest);
}

// What is the same on both sides, wherever it lies, is no change; then what lies at the same path is paired,
// and the rest in order.
void compare_group(Group& base, Group& target, MaterialsDelta& delta) {
  const auto change = [&](Component from, Component to) {
    delta.changed.push_back({.base = std::move(from), .target = std::move(to)});
  };
  match_by(
      base, target, [](const Component& one) { return std::tie(one.version, one.statement_sha256); },
      [](const Component&, const Component&) {});
  match_by(base, target, [](const Component& one) { return std::tie(one.path); }, change);
  std::ranges::sort(base, before);
  std::ranges::sort(target, before);
  const std::size_t pairs = std::min(base.size(), target.size());
  for (std::size_t i = 0; i < pairs; ++i) change(base[i], target[i]);
  delta.removed.insert(delta.removed.end(), base.begin() + static_cast<std::ptrdiff_t>(pairs), base.end());
  delta.added.insert(delta.added.end(), target.begin() + static_cast<std::ptrdiff_t>(pairs), target.end());
}

}  // namespace

std::string to_string(const Purl& purl) {
  std::string text = "pkg:" + purl.type;
  if (!purl.name_space.empty()) text += "/" + encoded(purl.name_space, "/");
  text += "/" + encoded(purl.name);
  if (!purl.version.empty()) text += "@" + encoded(purl.version);
  char separator = '?';
  for (const auto& [key, value] : purl.qualifiers) {
    if (value.empty()) continue;
    text += fmt::format("{}{}={}", separator, key, encoded(value));
    separator = '&';
  }
  return text;
}

MaterialsDelta compare_components(const std::vector<Component>& base, const std::vector<Component>& target) {
  std::map<std::string, std::pair<Group, Group>> groups;
  for (const Component& component : base) groups[component.key].first.push_back(component);
  for (const Component& component : target) groups[component.key].second.push_back(component);
  MaterialsDelta delta;
  for (auto& [key, sides] : groups) compare_group(sides.first, sides.second, delta);
  std::ranges::sort(delta.added, before);
  std::ranges::sort(delta.removed, before);
  std::ranges::sort(delta.changed, [](const ComponentChange& a, const ComponentChange& b) {
    return std::pair(order_of(a.target), order_of(a.base)) < std::pair(order_of(b.target), order_of(b.base));
  });
  return delta;
}

}  // namespace stella::artifact
