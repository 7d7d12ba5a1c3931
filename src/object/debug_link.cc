// Build ids and separate debug files.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "fields.h"
#include "formats.h"
#include "stella/base/digest.h"
#include "stella/object/symbols.h"

namespace stella::object {
namespace {

constexpr std::uint32_t kBuildIdType = 3;

// Notes are name size, content size, type, then name and content, each padded to 4 bytes.
Bytes build_id_in(ByteView notes, std::endian order) {
  const Fields fields{notes, order};
  const auto padded = [](std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; };
  for (std::uint64_t at = 0; within(at, 12, notes.size());) {
    const std::uint64_t name_size = fields.u32(at), size = fields.u32(at + 4);
    const std::uint64_t name_at = at + 12, content_at = name_at + padded(name_size);
    if (!within(content_at, size, notes.size())) return {};
    if (fields.u32(at + 8) == kBuildIdType && text_at(notes, name_at, name_size) == "GNU") {
      const ByteView id = notes.subspan(content_at, size);
      return {id.begin(), id.end()};
    }
    at = content_at + padded(size);
  }
  return {};
}

// CRC-32 (IEEE 802.3), as the debug link has it.
Result<std::uint32_t> crc32_of(const ByteSource& file) {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0xedb88320U : 0U);
    table[i] = value;
  }
  std::uint32_t crc = 0xffffffff;
  STELLA_CHECK(for_each_block(file, std::size_t{1} << 20, [&](ByteView block) -> Status {
    for (const std::uint8_t byte : block) crc = (crc >> 8) ^ table[(crc ^ byte) & 0xff];
    return {};
  }));
  return ~crc;
}

struct DebugLink {
  std::string name{};
  std::uint32_t crc = 0;
};

Result<DebugLink> debug_link(const ByteSource& file, const Image& image) {
  const auto section = std::ranges::find(image.sections, ".gnu_debuglink", &Section::name);
  if (section == image.sections.end() || section->file_size < 8) return DebugLink{};
  STELLA_TRY(const Bytes bytes,
             read_range(file, section->file_offset, section->file_size, kNoteMaxBytes, "debug link"));
  DebugLink link{std::string(text_at(bytes, 0, bytes.size() - 4)), 0};
  link.crc = Fields{bytes, image.byte_order}.u32(bytes.size() - 4);
  return link;
}

bool is_file(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

}  // namespace

Result<Bytes> read_build_id(const ByteSource& file, const Image& image) {
  std::vector<FileRange> places;
  for (const Section& section : image.sections) {
    if (section.type == SectionType::kNote) places.push_back({section.file_offset, section.file_size});
  }
  if (places.empty()) places = image.dynamic_and_notes;
  for (const FileRange& place : places) {
    if (place.size_bytes > kNoteMaxBytes || !within(place.offset_bytes, place.size_bytes, file.size()))
      continue;
    STELLA_TRY(const Bytes notes,
               read_range(file, place.offset_bytes, place.size_bytes, kNoteMaxBytes, "notes"));
    Bytes id = build_id_in(notes, image.byte_order);
    if (!id.empty()) return id;
  }
  return Bytes{};
}

Result<std::string> read_debug_link(const ByteSource& file, const Image& image) {
  STELLA_TRY(DebugLink link, debug_link(file, image));
  return std::move(link.name);
}

Result<std::optional<std::filesystem::path>> find_debug_file(const ByteSource& file, const Image& image,
                                                             const std::filesystem::path& debug_dir) {
  STELLA_TRY(const Bytes id, read_build_id(file, image));
  if (id.size() > 1) {
    const std::string hex = to_hex(id);
    const auto path = debug_dir / ".build-id" / hex.substr(0, 2) / (hex.substr(2) + ".debug");
    if (is_file(path)) {
      STELLA_TRY(const auto candidate, open_file(path));
      STELLA_TRY(const Image debug_image, read_image(*candidate));
      STELLA_TRY(const Bytes debug_id, read_build_id(*candidate, debug_image));
      if (debug_id == id) return path;
    }
  }
  STELLA_TRY(const DebugLink link, debug_link(file, image));
  // The link is a bare file name; anything else could point out of the folder.
  if (link.name.empty() || link.name.find('/') != std::string::npos) return std::nullopt;
  const auto path = debug_dir / link.name;
  if (!is_file(path)) return std::nullopt;
  STELLA_TRY(const auto candidate, open_file(path));
  STELLA_TRY(const std::uint32_t crc, crc32_of(*candidate));
  if (crc != link.crc) return std::nullopt;
  return path;
}

}  // namespace stella::object
