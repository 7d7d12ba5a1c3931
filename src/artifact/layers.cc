#include "layers.h"

#include <algorithm>
#include <optional>

#include "stella/oci/layout.h"

namespace stella::artifact {
namespace {

constexpr std::string_view kLayerMark = "!layer-";

// A path below a layer: "<image>!layer-<n>!<path in the layer>[!…]".
struct LayerPath {
  std::string_view layer;  // "<image>!layer-<n>"
  std::string_view image;
  std::string_view inside;  // up to the next container
};

std::optional<LayerPath> split(std::string_view path) {
  std::size_t mark = path.find(kLayerMark);
  if (mark == std::string_view::npos) return std::nullopt;
  const std::size_t end = path.find('!', mark + 1);
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view inside = path.substr(end + 1);
  inside = inside.substr(0, inside.find('!'));
  while (inside.starts_with("./")) inside.remove_prefix(2);
  while (inside.starts_with('/')) inside.remove_prefix(1);
  while (inside.ends_with('/')) inside.remove_suffix(1);
  return LayerPath{.layer = path.substr(0, end), .image = path.substr(0, mark), .inside = inside};
}

std::string joined(std::string_view image, std::string_view inside) {
  return std::string(image) + '!' + std::string(inside);
}

// The folder of a path, "" for one at the top.
std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

}  // namespace

std::string root_of(std::string_view path) {
  if (const auto layer = split(path)) return std::string(layer->image);
  const std::size_t mark = path.rfind('!');
  return mark == std::string_view::npos ? std::string{} : std::string(path.substr(0, mark));
}

Layers::Layers(const std::vector<Member>& members) {
  for (const Member& member : members) {
    if (member.image_layer != 0 && member.opened) layers_.emplace(member.path, member.image_layer);
  }
  if (layers_.empty()) return;
  for (const Member& member : members) {
    const auto at = split(member.path);
    // Only what lies in the layer itself, not what lies in a file of it.
    if (!at || at->layer.size() + 1 + at->inside.size() > member.path.size() ||
        member.path.find('!', at->layer.size() + 1) != std::string::npos) {
      continue;
    }
    const auto layer = layers_.find(at->layer);
    if (layer == layers_.end()) continue;
    const unsigned number = layer->second;
    if (member.kind == Kind::kWhiteout) {
      const std::string_view folder = folder_of(at->inside);
      if (oci::whiteout_of(at->inside) == oci::Whiteout::kOpaque) {
        Top& top = tops_[joined(at->image, folder)];
        top.emptied = std::max(top.emptied, number);
      } else {
        constexpr std::size_t kPrefix = 4;  // ".wh."
        const std::size_t name_at = folder.empty() ? 0 : folder.size() + 1;
        std::string deleted(at->inside.substr(0, name_at));
        deleted += at->inside.substr(name_at + kPrefix);
        Top& top = tops_[joined(at->image, deleted)];
        top.deleted = std::max(top.deleted, number);
      }
    } else if (member.kind != Kind::kDirectory) {
      Top& top = tops_[joined(at->image, at->inside)];
      top.member = std::max(top.member, number);
    }
  }
}

bool Layers::hides(std::string_view path) const {
  const auto at = split(path);
  if (!at) return false;
  const auto layer = layers_.find(at->layer);
  if (layer == layers_.end()) return false;
  const unsigned number = layer->second;
  const auto top_of = [&](std::string_view inside) {
    const auto found = tops_.find(joined(at->image, inside));
    return found == tops_.end() ? Top{} : found->second;
  };
  const Top own = top_of(at->inside);
  if (own.member > number || own.deleted > number) return true;
  for (std::string_view folder = folder_of(at->inside);; folder = folder_of(folder)) {
    const Top top = top_of(folder);
    // A folder that a higher layer replaces by a file is gone as well.
    if (top.deleted > number || top.emptied > number || (!folder.empty() && top.member > number)) return true;
    if (folder.empty()) return false;
  }
}

}  // namespace stella::artifact
