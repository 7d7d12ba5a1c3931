#include "contents_map.h"

#include <fmt/format.h>

#include "stella/base/utf8.h"

namespace stella::operations {
namespace {

delta::MemberState state_of(const artifact::MemberState& state) {
  return {.kind = std::string(artifact::to_string(state.kind)),
          .type = std::string(artifact::to_string(state.type)),
          .size_bytes = state.size_bytes,
          .sha256 = state.sha256,
          .mode = state.mode,
          .link_target = utf8_text(state.link_target)};
}

std::vector<delta::MemberChange> changes_of(const std::vector<artifact::MemberChange>& changes) {
  std::vector<delta::MemberChange> result;
  result.reserve(changes.size());
  for (const artifact::MemberChange& change : changes) {
    delta::MemberChange& to = result.emplace_back();
    to.path = utf8_text(change.key);
    if (change.base) to.base = state_of(*change.base);
    if (change.target) to.target = state_of(*change.target);
  }
  return result;
}

delta::Material material_of(const artifact::Component& component) {
  return {.purl = utf8_text(component.purl),
          .name = utf8_text(component.name),
          .version = utf8_text(component.version),
          .path = utf8_text(component.path),
          .sha256 = component.sha256,
          .statement_sha256 = component.statement_sha256};
}

std::vector<delta::Material> materials_list(const std::vector<artifact::Component>& components) {
  std::vector<delta::Material> result;
  result.reserve(components.size());
  for (const artifact::Component& component : components) result.push_back(material_of(component));
  return result;
}

}  // namespace

std::string shortened(std::string text, std::size_t size_max_bytes) {
  constexpr std::size_t kTailMaxBytes = 64;
  if (text.size() <= size_max_bytes) return text;
  const std::string digest = to_hex(sha256(as_bytes(text)).view()).substr(0, 16);
  std::size_t end = size_max_bytes - kTailMaxBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return fmt::format("{}… sha256 {}", text, digest);
}

std::string utf8_text(std::string_view bytes) {
  if (is_utf8(bytes)) return shortened(std::string(bytes), delta::kManifestTextMaxBytes);
  std::string text;
  while (!bytes.empty()) {
    const auto character = first_utf8_character(bytes);
    const std::size_t size = character ? character->size_bytes : 1;
    if (!character || bytes.front() == '\\') {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes.front()));
    } else {
      text += bytes.substr(0, size);
    }
    bytes.remove_prefix(size);
  }
  return shortened(std::move(text), delta::kManifestTextMaxBytes);
}

delta::Members members_of(const artifact::Contents& base, const artifact::Contents& target) {
  const artifact::Comparison comparison = artifact::compare(base, target);
  delta::Members members{.payload_equal = comparison.payload_equal,
                         .signatures_equal = comparison.signatures_equal,
                         .unchanged = comparison.members_unchanged,
                         .added = changes_of(comparison.added),
                         .removed = changes_of(comparison.removed),
                         .changed = changes_of(comparison.changed),
                         .signatures = changes_of(comparison.signatures),
                         .layers = {},
                         .unopened = {}};
  for (const artifact::LayerPair& pair : comparison.layers) {
    members.layers.push_back({utf8_text(pair.base_path), utf8_text(pair.target_path), pair.payload_equal});
  }
  for (const bool in_target : {false, true}) {
    for (const artifact::Unopened& what : in_target ? comparison.target_unopened : comparison.base_unopened) {
      members.unopened.push_back({.in_target = in_target,
                                  .path = utf8_text(what.path),
                                  .code = std::string(to_string(what.code)),
                                  .reason = utf8_text(what.reason)});
    }
  }
  return members;
}

delta::Materials materials_of(const artifact::Contents& base, const artifact::Contents& target) {
  const artifact::MaterialsDelta found = artifact::compare_components(base.components, target.components);
  delta::Materials materials{materials_list(found.added), materials_list(found.removed), {}};
  for (const artifact::ComponentChange& change : found.changed) {
    materials.changed.push_back({material_of(change.base), material_of(change.target)});
  }
  return materials;
}

}  // namespace stella::operations
