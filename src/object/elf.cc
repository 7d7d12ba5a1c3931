// The ELF reader (gABI, chapters 4 and 5), both classes and byte orders.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "fields.h"
#include "formats.h"

namespace stella::object {
namespace {

constexpr std::uint32_t kTypeSymtab = 2, kTypeStrtab = 3, kTypeRela = 4, kTypeDynamic = 6, kTypeNote = 7,
                        kTypeNobits = 8, kTypeRel = 9, kTypeDynsym = 11;
constexpr std::uint64_t kFlagWrite = 1, kFlagAlloc = 2, kFlagExecute = 4;
constexpr std::uint32_t kLoad = 1, kDynamicSegment = 2, kNoteSegment = 4, kEhFrameSegment = 0x6474e550;
constexpr std::uint32_t kProgramNumberEscape = 0xffff;  // PN_XNUM: the real number is in section 0
constexpr std::uint32_t kSectionIndexEscape = 0xffff;   // SHN_XINDEX

Machine machine_of(std::uint32_t number) {
  switch (number) {
    case 3:
    case 6:
      return Machine::kX86;
    case 62:
      return Machine::kX64;
    case 40:
      return Machine::kArm;
    case 183:
      return Machine::kArm64;
    case 243:
      return Machine::kRiscV;
    case 20:
    case 21:
      return Machine::kPowerPc;
    case 8:
      return Machine::kMips;
    case 22:
      return Machine::kSystemZ;
    case 258:
      return Machine::kLoongArch;
    default:
      return Machine::kOther;
  }
}

SectionType type_of(std::uint32_t type) {
  switch (type) {
    case 1:
      return SectionType::kBits;
    case kTypeSymtab:
      return SectionType::kSymbols;
    case kTypeStrtab:
      return SectionType::kStrings;
    case kTypeRela:
    case kTypeRel:
      return SectionType::kRelocations;
    case kTypeDynamic:
      return SectionType::kDynamic;
    case kTypeNote:
      return SectionType::kNote;
    case kTypeNobits:
      return SectionType::kNoBits;
    case kTypeDynsym:
      return SectionType::kDynamicSymbols;
    default:
      return SectionType::kOther;
  }
}

// Reads fields in the order of a header; an address-sized field has 4 or 8 bytes.
class HeaderReader {
 public:
  HeaderReader(Fields fields, std::size_t offset, bool wide)
      : fields_(fields), offset_(offset), wide_(wide) {}
  std::uint16_t half() { return take<std::uint16_t>(); }
  std::uint32_t word() { return take<std::uint32_t>(); }
  std::uint64_t native() { return wide_ ? take<std::uint64_t>() : take<std::uint32_t>(); }

 private:
  template <typename T>
  T take() {
    const T value = fields_.at<T>(offset_);
    offset_ += sizeof(T);
    return value;
  }
  Fields fields_;
  std::size_t offset_;
  bool wide_;
};

struct Header {
  std::uint16_t type = 0;
  std::uint32_t machine = 0;
  std::uint64_t entry = 0;
  std::uint64_t program_offset = 0;
  std::uint64_t section_offset = 0;
  std::uint32_t flags = 0;
  std::uint16_t program_entry_size = 0;
  std::uint64_t program_count = 0;
  std::uint16_t section_entry_size = 0;
  std::uint64_t section_count = 0;
  std::uint64_t names_index = 0;
};

Header read_header(const Fields& fields, bool wide) {
  HeaderReader in(fields, 16, wide);
  Header header;
  header.type = in.half();
  header.machine = in.half();
  in.word();  // version
  header.entry = in.native();
  header.program_offset = in.native();
  header.section_offset = in.native();
  header.flags = in.word();
  in.half();  // size of this header
  header.program_entry_size = in.half();
  header.program_count = in.half();
  header.section_entry_size = in.half();
  header.section_count = in.half();
  header.names_index = in.half();
  return header;
}

Section read_section(const Fields& fields, std::size_t at, bool wide, std::uint64_t file_size,
                     std::uint32_t& name) {
  HeaderReader in(fields, at, wide);
  Section section;
  name = in.word();
  section.raw_type = in.word();
  section.type = type_of(section.raw_type);
  const std::uint64_t flags = in.native();
  section.address = in.native();
  section.file_offset = in.native();
  section.memory_size = in.native();
  section.link = in.word();
  section.info = in.word();
  in.native();  // alignment
  section.entry_size = in.native();
  section.allocated = (flags & kFlagAlloc) != 0;
  section.executable = (flags & kFlagExecute) != 0;
  section.writable = (flags & kFlagWrite) != 0;
  const bool has_bytes = section.raw_type != kTypeNobits && section.raw_type != 0;
  section.outside_file = has_bytes && !within(section.file_offset, section.memory_size, file_size);
  section.file_size = has_bytes && !section.outside_file ? section.memory_size : 0;
  return section;
}

Status check_entry_size(const ByteSource& file, std::string_view what, std::uint64_t found,
                        std::uint64_t expected) {
  if (found >= expected) return {};
  return fail({.code = ErrorCode::kCorrupt,
               .message = fmt::format("the {} entries are too small", what),
               .where = file.name(),
               .expected = fmt::format("at least {} bytes", expected),
               .found = fmt::format("{}", found)});
}

Status check_count(const ByteSource& file, std::string_view what, std::uint64_t found, std::uint64_t max) {
  if (found <= max) return {};
  return fail({.code = ErrorCode::kLimitExceeded,
               .message = fmt::format("the program has too many {}", what),
               .where = file.name(),
               .expected = fmt::format("at most {}", max),
               .found = fmt::format("{}", found)});
}

// Also resolves the numbers that do not fit into the header and stand in section 0 instead.
Status read_sections(const ByteSource& file, Fields fields, bool wide, Header& header, Image& image) {
  if (header.section_offset == 0) {
    header.section_count = 0;
    return {};
  }
  const std::size_t entry_size = wide ? 64 : 40;
  STELLA_CHECK(check_entry_size(file, "section header", header.section_entry_size, entry_size));
  std::uint32_t name = 0;
  STELLA_TRY(const Bytes first,
             read_range(file, header.section_offset, entry_size, entry_size, "section header table"));
  fields.bytes = first;
  const Section zero = read_section(fields, 0, wide, file.size(), name);
  if (header.section_count == 0) header.section_count = zero.memory_size;
  if (header.names_index == kSectionIndexEscape) header.names_index = zero.link;
  if (header.program_count == kProgramNumberEscape) header.program_count = zero.info;
  STELLA_CHECK(check_count(file, "sections", header.section_count, kSectionsMax));

  const std::uint64_t table_size = header.section_count * header.section_entry_size;
  STELLA_TRY(const Bytes table,
             read_range(file, header.section_offset, table_size, table_size, "section header table"));
  image.section_headers = {header.section_offset, table_size};
  fields.bytes = table;
  std::vector<std::uint32_t> names(header.section_count);
  for (std::size_t i = 0; i < header.section_count; ++i) {
    image.sections.push_back(
        read_section(fields, i * header.section_entry_size, wide, file.size(), names[i]));
  }
  if (header.names_index >= image.sections.size()) return {};
  const Section& strings = image.sections[header.names_index];
  STELLA_TRY(const Bytes texts, read_range(file, strings.file_offset, strings.file_size,
                                           kSectionNamesMaxBytes, "section name table"));
  for (std::size_t i = 0; i < names.size(); ++i) {
    image.sections[i].name = text_at(texts, names[i], kSectionNameMaxBytes);
  }
  return {};
}

Status read_segments(const ByteSource& file, Fields fields, bool wide, const Header& header, Image& image) {
  if (header.program_offset == 0 || header.program_count == 0) return {};
  STELLA_CHECK(check_entry_size(file, "program header", header.program_entry_size, wide ? 56 : 32));
  STELLA_CHECK(check_count(file, "segments", header.program_count, kSegmentsMax));
  const std::uint64_t size = header.program_count * header.program_entry_size;
  STELLA_TRY(const Bytes table, read_range(file, header.program_offset, size, size, "program header table"));
  fields.bytes = table;
  for (std::size_t i = 0; i < header.program_count; ++i) {
    HeaderReader in(fields, i * header.program_entry_size, wide);
    const std::uint32_t type = in.word();
    std::uint32_t flags = wide ? in.word() : 0;
    Segment segment;
    segment.file_offset = in.native();
    segment.address = in.native();
    in.native();  // physical address
    segment.file_size = in.native();
    segment.memory_size = in.native();
    if (!wide) flags = in.word();
    segment.executable = (flags & 1) != 0;
    segment.writable = (flags & 2) != 0;
    const std::uint64_t room = file.size() - std::min(segment.file_offset, file.size());
    segment.file_size = std::min(segment.file_size, room);
    if (type == kLoad) image.segments.push_back(segment);
    if (type == kDynamicSegment) image.dynamic = {segment.file_offset, segment.file_size};
    if (type == kEhFrameSegment) image.eh_frame_header = segment.address;
    if (type == kDynamicSegment || type == kNoteSegment) {
      image.dynamic_and_notes.push_back({segment.file_offset, segment.file_size});
    }
  }
  if (header.program_offset == image.headers.size_bytes) image.headers.size_bytes += size;
  return {};
}

std::uint64_t lowest_address(const Image& image) {
  std::uint64_t lowest = image.segments.empty() ? 0 : image.segments.front().address;
  for (const Segment& segment : image.segments) lowest = std::min(lowest, segment.address);
  return lowest;
}

}  // namespace

Result<Image> read_elf(const ByteSource& file) {
  STELLA_TRY(const Bytes bytes,
             read_range(file, 0, std::min<std::uint64_t>(file.size(), 64), 64, "ELF header"));
  const bool wide = bytes.size() > 4 && bytes[4] == 2;
  const std::size_t header_size = wide ? 64 : 52;
  if (bytes.size() < header_size) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "the ELF header is cut off",
                 .where = file.name(),
                 .expected = fmt::format("{} bytes", header_size),
                 .found = fmt::format("{}", bytes.size())});
  }
  if ((bytes[4] != 1 && bytes[4] != 2) || (bytes[5] != 1 && bytes[5] != 2)) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "unknown ELF class or byte order",
                 .where = file.name() + ": offset 4",
                 .expected = "1 or 2 for each",
                 .found = fmt::format("class {}, byte order {}", bytes[4], bytes[5])});
  }
  const Fields fields{bytes, bytes[5] == 1 ? std::endian::little : std::endian::big};
  Header header = read_header(fields, wide);

  Image image;
  image.format = Format::kElf;
  image.bits = wide ? 64 : 32;
  image.byte_order = fields.order;
  image.machine_number = header.machine;
  image.machine = machine_of(header.machine);
  image.flags = header.flags;
  image.entry = header.entry;
  image.headers = {0, header_size};
  constexpr std::array kKinds{Kind::kRelocatable, Kind::kExecutable, Kind::kSharedObject, Kind::kCore};
  if (header.type < 1 || header.type > kKinds.size()) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "unknown kind of ELF file",
                 .where = file.name() + ": offset 16",
                 .expected = "a type from 1 to 4",
                 .found = fmt::format("{}", header.type)});
  }
  image.kind = kKinds[header.type - 1U];
  STELLA_CHECK(read_sections(file, fields, wide, header, image));
  STELLA_CHECK(read_segments(file, fields, wide, header, image));
  image.image_base = lowest_address(image);
  if (std::ranges::none_of(image.sections, &Section::allocated)) {
    STELLA_TRY(image.dynamic_tables, read_dynamic_tables(file, image));
  }
  return image;
}

}  // namespace stella::object
