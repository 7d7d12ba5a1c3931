// The layers of images among an artifact's members: what hides what, and which layer answers to which of
// another image.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stella/artifact/walk.h"

namespace stella::artifact {

// The part of a path that names the system it lies in: all up to the last container, an image's layers being
// one system.
[[nodiscard]] std::string root_of(std::string_view path);

class Layers {
 public:
  explicit Layers(const std::vector<Member>& members);

  [[nodiscard]] bool empty() const { return layers_.empty(); }

  // Whether a higher layer of the same image has another file in the place of the member at `path` (or of the
  // container that it lies in), or deletes it or a folder above it.
  [[nodiscard]] bool hides(std::string_view path) const;

 private:
  struct Top {
    unsigned member = 0;   // the highest layer that has something at this path
    unsigned deleted = 0;  // the highest layer that deletes this path
    unsigned emptied = 0;  // the highest layer that empties this folder
  };
  std::map<std::string, unsigned, std::less<>> layers_;  // path of the layer → its number
  std::map<std::string, Top, std::less<>> tops_;         // image + path in it
};

}  // namespace stella::artifact
