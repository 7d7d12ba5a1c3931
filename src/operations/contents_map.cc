#include "contents_map.h"

#include <fmt/format.h>

namespace stella::operations {
namespace {

// The length of the UTF-8 sequence that `text` begins with; 0 when it begins with none (RFC 3629).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length == 0 || first > 0xf4) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const unsigned second = byte(1);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool surrogate = first == 0xed && second >= 0xa0;
  const bool beyond = first == 0xf4 && second >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

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

std::string utf8_text(std::string_view bytes) {
  bool valid = true;
  for (std::size_t at = 0; at < bytes.size() && valid;) {
    const std::size_t length = sequence_length(bytes.substr(at));
    valid = length > 0;
    at += length;
  }
  if (valid) return std::string(bytes);
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = sequence_length(bytes.substr(at));
    if (length == 0 || bytes[at] == '\\') {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(bytes[at++]));
    } else {
      text += bytes.substr(at, length);
      at += length;
    }
  }
  return text;
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
