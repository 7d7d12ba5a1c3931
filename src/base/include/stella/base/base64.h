// Base64 of RFC 4648, section 4. One text for each value: no spaces, no line breaks, no URL alphabet, padding
// present, unused bits zero. Two readers that differ here would see different signatures in one file.
#pragma once

#include <string>
#include <string_view>

#include "stella/base/bytes.h"
#include "stella/base/error.h"

namespace stella {

[[nodiscard]] std::string to_base64(ByteView bytes);

// Errors: kCorrupt with the offset of the first character that is wrong.
[[nodiscard]] Result<Bytes> parse_base64(std::string_view text);

// The body of a PEM block (RFC 7468): line breaks and spaces between the characters are skipped, all else as
// above.
[[nodiscard]] Result<Bytes> parse_base64_lines(std::string_view text);

}  // namespace stella
