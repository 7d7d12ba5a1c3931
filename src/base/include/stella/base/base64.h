// Base64 (RFC 4648, section 4) and the PEM armour around it (RFC 7468).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/error.h"

namespace stella {

[[nodiscard]] std::string to_base64(ByteView bytes);  // standard alphabet, padded

// Reads the one standard form of some bytes: standard alphabet, padded, no white space, unused bits zero, so
// that equal bytes have equal texts. Errors: kCorrupt with the offset of what is wrong.
[[nodiscard]] Result<Bytes> parse_base64(std::string_view text);

struct PemBlock {
  std::string label{};  // "CERTIFICATE", "PUBLIC KEY" …
  Bytes der{};
};
inline constexpr std::size_t kPemBlocksMax = 256;

[[nodiscard]] std::string to_pem(std::string_view label, ByteView der);  // lines of 64 characters

// All blocks of a text, in order; other text between the blocks is ignored, as RFC 7468 has it, and so are
// header lines. Errors: kCorrupt for a block that is not closed or is not base64; kLimitExceeded beyond
// kPemBlocksMax.
[[nodiscard]] Result<std::vector<PemBlock>> parse_pem(std::string_view text);

}  // namespace stella
