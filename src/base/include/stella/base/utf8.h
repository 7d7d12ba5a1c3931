// UTF-8 (RFC 3629), strictly: no overlong forms, no surrogates, nothing beyond U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stella {

struct Utf8Character {
  std::uint32_t code = 0;
  std::size_t size_bytes = 0;
};

// The character at the front; nothing if there is none or it is malformed.
[[nodiscard]] std::optional<Utf8Character> first_utf8_character(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text);

// `text` with U+FFFD in place of each byte that belongs to no character: for output that must be UTF-8
// whatever a file was called.
[[nodiscard]] std::string repaired_utf8(std::string_view text);

}  // namespace stella
