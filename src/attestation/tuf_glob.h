// Patterns of target paths in TUF delegations: '*' and '?' match within one path element, as the
// specification has it.
#pragma once

#include <cstddef>
#include <string_view>

namespace stella::attestation::tuf {

// Time is at most |pattern| × |element|: only the last '*' is ever tried again.
[[nodiscard]] inline bool element_matches(std::string_view pattern, std::string_view element) {
  std::size_t p = 0;
  std::size_t e = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_end = 0;
  while (e < element.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_end = e;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == element[e])) {
      ++p;
      ++e;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      e = ++star_end;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

[[nodiscard]] inline bool glob_matches(std::string_view pattern, std::string_view path) {
  while (true) {
    const std::size_t pattern_end = pattern.find('/');
    const std::size_t path_end = path.find('/');
    if ((pattern_end == std::string_view::npos) != (path_end == std::string_view::npos)) return false;
    if (!element_matches(pattern.substr(0, pattern_end), path.substr(0, path_end))) return false;
    if (pattern_end == std::string_view::npos) return true;
    pattern.remove_prefix(pattern_end + 1);
    path.remove_prefix(path_end + 1);
  }
}

}  // namespace stella::attestation::tuf
