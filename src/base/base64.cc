#include "stella/base/base64.h"

#include <array>

#include <fmt/format.h>

namespace stella {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNone = 0xff;

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNone);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

std::uint32_t value_of(char c) { return kValues[static_cast<unsigned char>(c)]; }

std::unexpected<Error> wrong_character(std::string_view text, std::size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  return fail({.code = ErrorCode::kCorrupt,
               .message = "not base64",
               .where = fmt::format("character {}", at),
               .expected = "A-Z, a-z, 0-9, + and /, padded with =",
               .found = c > 0x20 && c < 0x7f ? std::string(1, text[at]) : fmt::format("byte 0x{:02x}", c)});
}

}  // namespace

std::string to_base64(ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = (group << 8) | (j < count ? bytes[i + j] : 0U);
    for (std::size_t j = 0; j < 4; ++j) text += j <= count ? kAlphabet[(group >> (18 - 6 * j)) & 63] : '=';
  }
  return text;
}

Result<Bytes> parse_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "not base64: the length is no multiple of four",
                 .found = fmt::format("{} characters", text.size())});
  }
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const std::size_t count = i + 4 == text.size() ? 4 - padding : 4;
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      const std::uint32_t value = j < count ? value_of(text[i + j]) : 0;
      if (value == kNone) return wrong_character(text, i + j);
      group = (group << 6) | value;
    }
    for (std::size_t j = 0; j + 1 < count; ++j)
      bytes.push_back(static_cast<std::uint8_t>(group >> (16 - 8 * j)));
    if (count < 4 && (group & (count == 3 ? 0xffU : 0xffffU)) != 0) {
      return fail(ErrorCode::kCorrupt, "not base64: unused bits of the last character are set",
                  fmt::format("character {}", i + count - 1));
    }
  }
  return bytes;
}

Result<Bytes> parse_base64_lines(std::string_view text) {
  std::string joined;
  joined.reserve(text.size());
  for (const char c : text) {
    if (c != '\n' && c != '\r' && c != ' ' && c != '\t') joined += c;
  }
  return parse_base64(joined);
}

}  // namespace stella
