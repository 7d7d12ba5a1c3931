#include "stella/base/base64.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

namespace stella {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 0xff;

constexpr std::array<std::uint8_t, 256> digit_table() {
  std::array<std::uint8_t, 256> table{};
  table.fill(kNoDigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    table[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}
constexpr std::array<std::uint8_t, 256> kDigits = digit_table();

std::unexpected<Error> malformed(std::string message, std::size_t offset) {
  return fail(ErrorCode::kCorrupt, std::move(message), fmt::format("character {}", offset));
}

}  // namespace

std::string to_base64(ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = group << 8 | (j < count ? bytes[i + j] : 0U);
    for (std::size_t j = 0; j < 4; ++j) {
      text.push_back(j <= count ? kAlphabet[group >> (18 - 6 * j) & 63] : '=');
    }
  }
  return text;
}

Result<Bytes> parse_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "base64 text has a wrong length",
                 .expected = "a multiple of 4, padded with '='",
                 .found = fmt::format("{} characters", text.size())});
  }
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  const std::size_t digits = text.size() - padding;
  Bytes bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const std::uint8_t digit = kDigits[static_cast<std::uint8_t>(text[i])];
    if (digit == kNoDigit) return malformed("not a character of standard base64", i);
    group = group << 6 | digit;
    if (i % 4 == 3) {
      for (int shift = 16; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(group >> shift));
      group = 0;
    }
  }
  if (padding > 0) {
    const std::uint32_t unused_mask = padding == 1 ? 0x3 : 0xf;
    if ((group & unused_mask) != 0)
      return malformed("base64 text ends in bits that stand for nothing", digits - 1);
    group <<= 6 * padding;
    bytes.push_back(static_cast<std::uint8_t>(group >> 16));
    if (padding == 1) bytes.push_back(static_cast<std::uint8_t>(group >> 8));
  }
  return bytes;
}

std::string to_pem(std::string_view label, ByteView der) {
  std::string text = fmt::format("-----BEGIN {}-----\n", label);
  const std::string body = to_base64(der);
  for (std::size_t i = 0; i < body.size(); i += 64) text += body.substr(i, 64) + "\n";
  return text + fmt::format("-----END {}-----\n", label);
}

Result<std::vector<PemBlock>> parse_pem(std::string_view text) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kEnd = "-----END ";
  constexpr std::string_view kDashes = "-----";
  std::vector<PemBlock> blocks;
  std::string body;
  bool inside = false;
  while (!text.empty()) {
    const std::size_t end_of_line = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end_of_line);
    text.remove_prefix(std::min(end_of_line + 1, text.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
      line.remove_suffix(1);

    const auto label_after = [&](std::string_view prefix) -> std::optional<std::string_view> {
      if (line.size() < prefix.size() + kDashes.size()) return std::nullopt;
      if (!line.starts_with(prefix) || !line.ends_with(kDashes)) return std::nullopt;
      return line.substr(prefix.size(), line.size() - prefix.size() - kDashes.size());
    };
    if (const auto label = label_after(kBegin)) {
      if (inside) return fail(ErrorCode::kCorrupt, "a PEM block begins inside of another", std::string(line));
      if (blocks.size() >= kPemBlocksMax) {
        return fail(ErrorCode::kLimitExceeded, fmt::format("more than {} PEM blocks", kPemBlocksMax));
      }
      blocks.push_back({.label = std::string(*label)});
      body.clear();
      inside = true;
    } else if (const auto ended = label_after(kEnd); ended && inside) {
      if (*ended != blocks.back().label) {
        return fail({.code = ErrorCode::kCorrupt,
                     .message = "a PEM block ends under another label",
                     .expected = blocks.back().label,
                     .found = std::string(*ended)});
      }
      auto der = parse_base64(body);
      if (!der) return fail(std::move(der).error().at("PEM block " + blocks.back().label));
      blocks.back().der = *std::move(der);
      inside = false;
    } else if (inside &&
               line.find(':') == std::string_view::npos) {  // header lines hold a colon, base64 does not
      body += line;
    }
  }
  if (inside) return fail(ErrorCode::kCorrupt, "a PEM block is not closed", blocks.back().label);
  return blocks;
}

}  // namespace stella
