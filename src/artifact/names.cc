#include <algorithm>

#include "stella/artifact/walk.h"
#include "stella/base/utf8.h"
#include "walker.h"

namespace stella::artifact {
namespace {

// The size of the character at the front if it may be shown as it is, else 0.
std::size_t shown_size(std::string_view text) {
  const auto character = first_utf8_character(text);
  if (!character) return 0;
  const std::uint32_t code = character->code;
  const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
  // Those that begin a line or turn the direction of what follows (CVE-2021-42574).
  const bool steers = (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return control || steers ? 0 : character->size_bytes;
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool looks_like_an_escape(std::string_view text) {
  return text.size() >= 4 && text.starts_with("\\x") && is_hex(text[2]) && is_hex(text[3]);
}

std::string escaped(char character) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto byte = static_cast<std::uint8_t>(character);
  return {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
}

}  // namespace

std::string printable(std::string_view name) {
  std::string result;
  result.reserve(name.size());
  while (!name.empty()) {
    const std::size_t size = looks_like_an_escape(name) ? 0 : shown_size(name);
    if (size == 0) {
      result += escaped(name.front());
    } else {
      result += name.substr(0, size);
    }
    name.remove_prefix(std::max<std::size_t>(1, size));
  }
  return result;
}

std::string in_path(std::string_view name) {
  std::string result;
  for (const char c : printable(name)) {
    if (c == '!') {
      result += escaped(c);
    } else {
      result += c;
    }
  }
  const std::size_t mark = result.find_last_not_of("0123456789");
  if (mark != std::string::npos && mark + 1 < result.size() && result[mark] == '#') {
    result.replace(mark, 1, escaped('#'));
  }
  if (result.starts_with('(') && result.ends_with(')')) result.replace(0, 1, escaped('('));
  return result;
}

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::kFile:
      return "file";
    case Kind::kDirectory:
      return "directory";
    case Kind::kSymlink:
      return "symlink";
    case Kind::kHardlink:
      return "hardlink";
    case Kind::kDevice:
      return "device";
    case Kind::kFifo:
      return "fifo";
    case Kind::kWhiteout:
      return "whiteout";
  }
  return "file";
}

}  // namespace stella::artifact
