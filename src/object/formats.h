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

// The tables that the dynamic section of `image` names; empty when it does not. See Image::dynamic_tables.
[[nodiscard]] Result<std::vector<Section>> read_dynamic_tables(const ByteSource& file, const Image& image);

// Where symbols and relocations are listed.
[[nodiscard]] inline const std::vector<Section>& tables_of(const Image& image) {
  return image.dynamic_tables.empty() ? image.sections : image.dynamic_tables;
}

[[nodiscard]] inline bool within(std::uint64_t offset, std::uint64_t size, std::uint64_t whole) {
  return offset <= whole && size <= whole - offset;
}

}  // namespace stella::object
