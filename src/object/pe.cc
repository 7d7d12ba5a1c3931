// The PE reader (Microsoft, "PE Format"): PE32 and PE32+.
#include <algorithm>

#include <fmt/format.h>

#include "fields.h"
#include "formats.h"

namespace stella::object {
namespace {

constexpr std::uint64_t kDosHeaderSize = 64, kCoffHeaderSize = 24;  // with the signature before it
constexpr std::uint64_t kSectionHeaderSize = 40, kSymbolSize = 18;
constexpr std::size_t kDirectoriesMax = 16, kCertificateDirectory = 4;
constexpr std::uint32_t kExecute = 0x20000000, kWrite = 0x80000000, kCode = 0x20;
constexpr std::uint32_t kDll = 0x2000;

Machine machine_of(std::uint32_t number) {
  switch (number) {
    case 0x14c:
      return Machine::kX86;
    case 0x8664:
      return Machine::kX64;
    case 0x1c0:
    case 0x1c4:
      return Machine::kArm;
    case 0xaa64:
    case 0xa641:
      return Machine::kArm64;
    default:
      return Machine::kOther;
  }
}

Error corrupt(const ByteSource& file, std::string message, std::uint64_t offset, std::string expected,
              std::string found) {
  return {.code = ErrorCode::kCorrupt,
          .message = std::move(message),
          .where = fmt::format("{}: offset {}", file.name(), offset),
          .expected = std::move(expected),
          .found = std::move(found)};
}

// "/123" stands for the text at offset 123 of the string table behind the COFF symbols.
Result<std::string> section_name(const ByteSource& file, const Image& image, std::string_view name) {
  if (name.size() < 2 || name[0] != '/' || image.coff_symbols.size_bytes == 0) return std::string(name);
  std::uint64_t offset = 0;
  for (const char digit : name.substr(1)) {
    if (digit < '0' || digit > '9') return std::string(name);
    offset = offset * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  const std::uint64_t at = image.coff_symbols.offset_bytes + image.coff_symbols.size_bytes + offset;
  if (at >= file.size()) return std::string(name);
  const std::uint64_t size = std::min<std::uint64_t>(file.size() - at, 256);
  STELLA_TRY(const Bytes text, read_range(file, at, size, size, "section name"));
  return std::string(text_at(text, 0, text.size()));
}

struct OptionalHeader {
  bool wide = false;
  std::uint64_t headers_size = 0;
};

Result<OptionalHeader> read_optional_header(const ByteSource& file, std::uint64_t at, std::uint64_t size,
                                            Image& image) {
  STELLA_TRY(const Bytes bytes, read_range(file, at, size, 0xffff, "PE optional header"));
  const Fields fields{bytes};
  if (bytes.size() < 2)
    return fail(corrupt(file, "the PE optional header is missing", at, "96 bytes", "none"));
  const std::uint16_t magic = fields.u16(0);
  if (magic != 0x10b && magic != 0x20b) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "unknown kind of PE file",
                 .where = fmt::format("{}: offset {}", file.name(), at),
                 .expected = "magic 0x10b or 0x20b",
                 .found = fmt::format("{:#x}", magic)});
  }
  OptionalHeader header;
  header.wide = magic == 0x20b;
  const std::size_t fixed = header.wide ? 112 : 96;
  if (bytes.size() < fixed) {
    return fail(corrupt(file, "the PE optional header is cut off", at, fmt::format("{} bytes", fixed),
                        fmt::format("{}", bytes.size())));
  }
  image.bits = header.wide ? 64 : 32;
  image.image_base = header.wide ? fields.u64(24) : fields.u32(28);
  const std::uint32_t entry = fields.u32(16);
  image.entry = entry == 0 ? 0 : image.image_base + entry;
  header.headers_size = fields.u32(60);
  const std::size_t count =
      std::min<std::size_t>({fields.u32(fixed - 4), kDirectoriesMax, (bytes.size() - fixed) / 8});
  for (std::size_t i = 0; i < count; ++i) {
    image.directories.push_back({fields.u32(fixed + 8 * i), fields.u32(fixed + 8 * i + 4)});
  }
  // The one directory whose address is an offset in the file.
  if (count > kCertificateDirectory) {
    const FileRange& range = image.directories[kCertificateDirectory];
    if (range.size_bytes != 0 && within(range.offset_bytes, range.size_bytes, file.size()))
      image.signatures = range;
  }
  return header;
}

Result<Section> read_section(const ByteSource& file, const Fields& fields, std::size_t at,
                             const Image& image) {
  const std::string_view short_name = text_at(fields.bytes.subspan(at, 8), 0, 8);
  Section section;
  STELLA_TRY(section.name, section_name(file, image, short_name));
  section.memory_size = fields.u32(at + 8);
  section.address = image.image_base + fields.u32(at + 12);
  const std::uint64_t raw_size = fields.u32(at + 16);
  section.file_offset = fields.u32(at + 20);
  const std::uint32_t flags = fields.u32(at + 36);
  section.raw_type = flags;
  section.allocated = true;
  section.executable = (flags & (kExecute | kCode)) != 0;
  section.writable = (flags & kWrite) != 0;
  if (section.memory_size == 0) section.memory_size = raw_size;
  section.outside_file =
      raw_size != 0 && section.file_offset != 0 && !within(section.file_offset, raw_size, file.size());
  section.file_size = section.file_offset == 0 || section.outside_file ? 0 : raw_size;
  section.type = section.file_size == 0 ? SectionType::kNoBits : SectionType::kBits;
  return section;
}

}  // namespace

Result<Image> read_pe(const ByteSource& file) {
  STELLA_TRY(const Bytes dos, read_range(file, 0, kDosHeaderSize, kDosHeaderSize, "DOS header"));
  const std::uint64_t pe_offset = Fields{dos}.u32(60);
  STELLA_TRY(const Bytes bytes, read_range(file, pe_offset, kCoffHeaderSize, kCoffHeaderSize, "PE header"));
  const Fields fields{bytes};
  if (fields.u32(0) != 0x4550) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "this DOS program is not a PE file",
                 .where = fmt::format("{}: offset {}", file.name(), pe_offset),
                 .expected = "PE\\0\\0",
                 .found = fmt::format("{:#010x}", fields.u32(0))});
  }
  Image image;
  image.format = Format::kPe;
  image.machine_number = fields.u16(4);
  image.machine = machine_of(image.machine_number);
  const std::uint64_t section_count = fields.u16(6);
  const std::uint64_t symbols_offset = fields.u32(12), symbols_size = fields.u32(16) * kSymbolSize;
  const std::uint64_t optional_size = fields.u16(20);
  image.flags = fields.u16(22);
  image.kind = (image.flags & kDll) != 0 ? Kind::kSharedObject : Kind::kExecutable;
  if (symbols_offset != 0 && within(symbols_offset, symbols_size, file.size())) {
    image.coff_symbols = {symbols_offset, symbols_size};
  }

  const std::uint64_t optional_offset = pe_offset + kCoffHeaderSize;
  STELLA_TRY(const OptionalHeader optional,
             read_optional_header(file, optional_offset, optional_size, image));
  const std::uint64_t table_offset = optional_offset + optional_size,
                      table_size = section_count * kSectionHeaderSize;
  STELLA_TRY(const Bytes table, read_range(file, table_offset, table_size, table_size, "PE section table"));
  image.headers = {0, table_offset + table_size};

  const std::uint64_t headers_size = std::min(optional.headers_size, file.size());
  image.segments.push_back({0, headers_size, image.image_base, headers_size, false, false});
  for (std::size_t i = 0; i < section_count; ++i) {
    STELLA_TRY(Section section, read_section(file, Fields{table}, i * kSectionHeaderSize, image));
    image.segments.push_back({section.file_offset, std::min(section.file_size, section.memory_size),
                              section.address, section.memory_size, section.executable, section.writable});
    image.sections.push_back(std::move(section));
  }
  return image;
}

}  // namespace stella::object
