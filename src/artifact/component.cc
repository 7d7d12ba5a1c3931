#include "stella/artifact/component.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

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
      result += fmt::format("%{:02X}", static_cast<std::uint8_t>(c));
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

// Removes from both what is the same on both sides, wherever it lies.
void drop_common(Group& base, Group& target) {
  const auto same = [](const Component& a, const Component& b) {
    return a.version == b.version && a.statement_sha256 == b.statement_sha256;
  };
  std::erase_if(target, [&](const Component& one) {
    const auto found = std::ranges::find_if(base, [&](const Component& other) { return same(one, other); });
    if (found == base.end()) return false;
    base.erase(found);
    return true;
  });
}

// Pairs what lies at the same path first, the rest in order.
void pair_rest(Group base, Group target, MaterialsDelta& delta) {
  std::erase_if(target, [&](const Component& one) {
    const auto found = std::ranges::find(base, one.path, &Component::path);
    if (found == base.end()) return false;
    delta.changed.push_back({.base = *found, .target = one});
    base.erase(found);
    return true;
  });
  const std::size_t pairs = std::min(base.size(), target.size());
  for (std::size_t i = 0; i < pairs; ++i) delta.changed.push_back({.base = base[i], .target = target[i]});
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
  for (auto& [key, sides] : groups) {
    auto& [of_base, of_target] = sides;
    std::ranges::sort(of_base, before);
    std::ranges::sort(of_target, before);
    drop_common(of_base, of_target);
    pair_rest(std::move(of_base), std::move(of_target), delta);
  }
  std::ranges::sort(delta.added, before);
  std::ranges::sort(delta.removed, before);
  std::ranges::sort(delta.changed, [](const ComponentChange& a, const ComponentChange& b) {
    return std::pair(order_of(a.target), order_of(a.base)) < std::pair(order_of(b.target), order_of(b.base));
  });
  return delta;
}

}  // namespace stella::artifact
