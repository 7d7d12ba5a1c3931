// Software packages found inside an artifact, named by package URLs.
// Source: https://github.com/package-url/purl-spec
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stella/base/digest.h"

namespace stella::artifact {

// pkg:type/namespace/name@version?qualifiers
struct Purl {
  std::string type;
  std::string name_space;  // segments separated by "/"; may be empty
  std::string name;
  std::string version;
  std::vector<std::pair<std::string, std::string>> qualifiers;  // sorted by key; empty values are left out
};
[[nodiscard]] std::string to_string(const Purl& purl);

struct Component {
  std::string purl;
  std::string type;     // the purl's: deb, rpm, npm, maven, generic, pypi, golang
  std::string name;     // with its namespace where people write it so: "@scope/x", "group:artifact"
  std::string version;  // may be empty
  std::string key;      // the purl without version: what pairs it with the other artifact's component
  std::string path;     // of the member that states it
  Digest sha256;        // of that member, unpacked
  Digest
      statement_sha256;  // of the bytes that state this component: a stanza of dpkg's status, else the member

  auto operator<=>(const Component&) const = default;
};

struct ComponentChange {
  Component base;
  Component target;
};

// Each list is sorted by key, version and path.
struct MaterialsDelta {
  std::vector<Component> added;
  std::vector<Component> removed;
  std::vector<ComponentChange> changed;  // same key; another version, or the same version stated otherwise
};

[[nodiscard]] MaterialsDelta compare_components(const std::vector<Component>& base,
                                                const std::vector<Component>& target);

}  // namespace stella::artifact
