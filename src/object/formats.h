// The two readers behind read_image().
#pragma once

#include "stella/object/image.h"

namespace stella::object {

[[nodiscard]] Result<Image> read_elf(const ByteSource& file);
[[nodiscard]] Result<Image> read_pe(const ByteSource& file);

// Reads [offset, offset + size). Errors: kCorrupt, naming `what`, when that is not within the file;
// kLimitExceeded.
[[nodiscard]] Result<Bytes> read_range(const ByteSource& file, std::uint64_t offset, std::uint64_t size,
                                       std::uint64_t size_max, std::string_view what);

[[nodiscard]] inline bool within(std::uint64_t offset, std::uint64_t size, std::uint64_t whole) {
  return offset <= whole && size <= whole - offset;
}

}  // namespace stella::object
