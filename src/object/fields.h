// Reads integers of a width and byte order known at run time.
#pragma once

#include <bit>
#include <cassert>
#include <string_view>

#include "stella/base/bytes.h"

namespace stella::object {

struct Fields {
  ByteView bytes{};
  std::endian order = std::endian::little;

  // The caller has checked that [offset, offset + width) lies within `bytes`.
  template <typename T>
  [[nodiscard]] T at(std::size_t offset) const {
    assert(offset <= bytes.size() && bytes.size() - offset >= sizeof(T));
    return order == std::endian::little ? load_le<T>(bytes.data() + offset)
                                        : load_be<T>(bytes.data() + offset);
  }
  [[nodiscard]] std::uint16_t u16(std::size_t offset) const { return at<std::uint16_t>(offset); }
  [[nodiscard]] std::uint32_t u32(std::size_t offset) const { return at<std::uint32_t>(offset); }
  [[nodiscard]] std::uint64_t u64(std::size_t offset) const { return at<std::uint64_t>(offset); }
};

// The text from `offset` to the next NUL, at most `size_max` bytes; empty when `offset` lies outside.
[[nodiscard]] inline std::string_view text_at(ByteView strings, std::uint64_t offset, std::size_t size_max) {
  if (offset >= strings.size()) return {};
  const std::string_view rest = as_text(strings.subspan(offset)).substr(0, size_max);
  return rest.substr(0, rest.find('\0'));
}

}  // namespace stella::object
