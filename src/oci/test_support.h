// Builds archives in memory for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stella/base/bytes.h"

namespace stella::oci::testing {

// The fields of one header block; numbers are written in octal.
struct TarBlock {
  std::string name;
  char type = '0';
  std::uint64_t size = 0;
  std::string link{};
  std::uint32_t mode = 0644;
  std::string magic = std::string(
      "ustar\0"
      "00",
      8);
  std::string prefix{};
};

// A header with its checksum.
inline std::string tar_header(const TarBlock& block) {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, std::string_view text) { header.replace(at, text.size(), text); };
  const auto octal = [](std::uint64_t value, int digits) {
    std::string text;
    for (int i = 0; i < digits; ++i, value >>= 3)
      text.insert(text.begin(), static_cast<char>('0' + (value & 7)));
    return text;
  };
  put(0, block.name);
  put(100, octal(block.mode, 7));
  put(124, octal(block.size, 11));
  put(148, "        ");
  header[156] = block.type;
  put(157, block.link);
  put(257, block.magic);
  put(345, block.prefix);
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<std::uint8_t>(c);
  put(148, octal(sum, 6));
  header[154] = '\0';
  return header;
}

inline std::string padded(std::string data) {
  data.resize((data.size() + 511) / 512 * 512, '\0');
  return data;
}

inline std::string tar_file(const std::string& name, const std::string& data, char type = '0') {
  return tar_header({.name = name, .type = type, .size = data.size()}) + padded(data);
}

inline std::string pax_record(const std::string& key, const std::string& value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (std::to_string(length).size() + rest != length) ++length;
  return std::to_string(length) + " " + key + "=" + value + "\n";
}

inline std::string tar_end() { return std::string(1024, '\0'); }

}  // namespace stella::oci::testing
