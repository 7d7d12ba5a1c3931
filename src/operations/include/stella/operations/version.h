// What this build is made of.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace stella::operations {

struct Version {
  std::string version;  // of stella
  // Name and version of each library whose code is in the program or runs in it, sorted by name.
  std::vector<std::pair<std::string, std::string>> libraries;
  std::string compiler;
};

[[nodiscard]] Version version();

}  // namespace stella::operations
