#include <fmt/format.h>

#include <algorithm>

#include "stella/artifact/walk.h"
#include "walker.h"

namespace stella::artifact {
namespace {

// Length of the well-formed UTF-8 sequence that `text` begins with (Unicode, table 3-7); 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                             : lead >= 0xe0 && lead <= 0xef ? 3
                             : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const std::uint8_t second = byte(1);
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool surrogate = lead == 0xed && second > 0x9f;
  const bool beyond = lead == 0xf4 && second > 0x8f;
  return overlong || surrogate || beyond ? 0 : length;
}

// C1 control characters, and those that turn the direction of what follows (CVE-2021-42574) or begin a line.
bool steers_terminals(std::string_view character) {
  if (character.size() == 2) return character[0] == '\xc2' && static_cast<std::uint8_t>(character[1]) < 0xa0;
  return (character >= "\xe2\x80\xa8" && character <= "\xe2\x80\xae") ||  // U+2028 to U+202E
         (character >= "\xe2\x81\xa6" && character <= "\xe2\x81\xa9");    // U+2066 to U+2069
}

}  // namespace

std::string printable(std::string_view name) {
  std::string result;
  result.reserve(name.size());
  while (!name.empty()) {
    const std::size_t length = sequence_length(name);
    const auto first = static_cast<std::uint8_t>(name[0]);
    if (length == 0 || first < 0x20 || first == 0x7f || steers_terminals(name.substr(0, length))) {
      const std::size_t taken = std::max<std::size_t>(1, length);
      for (const char c : name.substr(0, taken)) {
        result += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(c));
      }
      name.remove_prefix(taken);
    } else {
      result += name.substr(0, length);
      name.remove_prefix(length);
    }
  }
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
