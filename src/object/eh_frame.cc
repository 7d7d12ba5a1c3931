// Frame description entries of .eh_frame (LSB 5.0, section 10.6).
#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "fields.h"
#include "formats.h"
#include "stella/base/reader.h"
#include "stella/object/function_ranges.h"

namespace stella::object {
namespace {

constexpr std::uint8_t kOmitted = 0xff, kFormatMask = 0x0f, kApplicationMask = 0x70, kPcRelative = 0x10;

class EhFrame {
 public:
  EhFrame(ByteView bytes, std::uint64_t address, unsigned bits, std::endian order)
      : bytes_(bytes), fields_{bytes, order}, address_(address), native_(bits / 8) {}

  Result<std::vector<FunctionRange>> ranges() {
    std::vector<FunctionRange> found;
    for (std::uint64_t at = 0; within(at, 4, bytes_.size());) {
      STELLA_TRY(const Entry entry, entry_at(at));
      if (entry.end == entry.body) break;  // the terminator
      if (entry.id != 0) {
        if (found.size() >= kFunctionRangesMax) {
          return fail(ErrorCode::kLimitExceeded,
                      fmt::format("more than {} unwind entries", kFunctionRangesMax));
        }
        STELLA_TRY(const std::optional<FunctionRange> range, range_of(entry));
        if (range && range->size != 0) found.push_back(*range);
      }
      at = entry.end;
    }
    return found;
  }

  // Of a section .eh_frame_hdr (LSB 5.0, section 10.6.2): where .eh_frame begins.
  Result<std::uint64_t> frame_address() const {
    constexpr std::size_t kPointerAt = 4;
    const bool known = bytes_.size() > kPointerAt && bytes_[0] == 1;
    const std::uint8_t encoding = known ? bytes_[1] : kOmitted;
    const std::uint8_t application = encoding & kApplicationMask;
    const std::size_t width = width_of(encoding);
    if (!known || width == 0 || (encoding & 0x80) != 0 || (application != 0 && application != kPcRelative) ||
        bytes_.size() < kPointerAt + width) {
      return fail(ErrorCode::kCorrupt, "the header of the unwind table does not say where that is",
                  fmt::format("address {:#x}", address_));
    }
    std::uint64_t frame = value_at(kPointerAt, width, (encoding & 0x8) != 0);
    if (application == kPcRelative) frame += address_ + kPointerAt;
    return native_ == 4 ? frame & 0xffffffff : frame;
  }

 private:
  struct Entry {
    std::uint64_t id_at = 0;  // where the id stands, which is counted back from
    std::uint64_t id = 0;     // 0: a common entry
    std::uint64_t body = 0;   // after the id
    std::uint64_t end = 0;
  };

  std::unexpected<Error> corrupt(std::uint64_t at, std::string message) const {
    return fail(ErrorCode::kCorrupt, std::move(message), fmt::format(".eh_frame: offset {}", at));
  }

  Result<Entry> entry_at(std::uint64_t at) const {
    std::uint64_t size = fields_.u32(at), id_at = at + 4;
    if (size == 0xffffffff) {
      if (!within(id_at, 8, bytes_.size())) return corrupt(at, "an unwind entry is cut off");
      size = fields_.u64(id_at);
      id_at += 8;
    }
    if (!within(id_at, size, bytes_.size())) return corrupt(at, "an unwind entry leaves its section");
    if (size == 0) return Entry{id_at, 0, id_at, id_at};
    if (size < 4) return corrupt(at, "an unwind entry is too short");
    return Entry{id_at, fields_.u32(id_at), id_at + 4, id_at + size};
  }

  // The encoding of code addresses in the entries that belong to the common entry at `at`.
  Result<std::uint8_t> encoding_of_common(std::uint64_t at) {
    if (const auto known = encodings_.find(at); known != encodings_.end()) return known->second;
    STELLA_TRY(const Entry entry, entry_at(at));
    if (entry.id != 0 || entry.end == entry.body) return corrupt(at, "an unwind entry names no common entry");
    STELLA_TRY(const std::uint8_t encoding, parse_common(entry));
    encodings_[at] = encoding;
    return encoding;
  }

  Result<std::uint8_t> parse_common(const Entry& entry) const {
    ByteReader in(bytes_.subspan(entry.body, entry.end - entry.body), "a common unwind entry");
    STELLA_TRY(const auto version, in.le<std::uint8_t>());
    const ByteView rest = bytes_.subspan(entry.body + 1, entry.end - entry.body - 1);
    const std::string_view augmentation = text_at(rest, 0, kAugmentationMaxBytes);
    STELLA_CHECK(in.skip(augmentation.size() + 1));
    if (augmentation.empty() || augmentation[0] != 'z') return std::uint8_t{0};  // absolute addresses
    STELLA_CHECK(skip_leb(in));                                                  // code alignment
    STELLA_CHECK(skip_leb(in));                                                  // data alignment
    if (version == 1) {
      STELLA_CHECK(in.skip(1));  // return address register
    } else {
      STELLA_CHECK(skip_leb(in));
    }
    STELLA_CHECK(skip_leb(in));  // augmentation size
    for (const char letter : augmentation.substr(1)) {
      if (letter == 'R') return in.le<std::uint8_t>();
      if (letter == 'L') STELLA_CHECK(in.skip(1));
      if (letter == 'P') {
        STELLA_TRY(const auto encoding, in.le<std::uint8_t>());
        STELLA_CHECK(skip_pointer(in, encoding));
      }
    }
    return std::uint8_t{0};
  }

  static Status skip_leb(ByteReader& in) {
    for (;;) {
      STELLA_TRY(const auto byte, in.le<std::uint8_t>());
      if ((byte & 0x80) == 0) return {};
    }
  }

  // 0 for formats of variable size.
  std::size_t width_of(std::uint8_t encoding) const {
    switch (encoding & kFormatMask) {
      case 0x0:
      case 0x8:
        return native_;
      case 0x2:
      case 0xa:
        return 2;
      case 0x3:
      case 0xb:
        return 4;
      case 0x4:
      case 0xc:
        return 8;
      default:
        return 0;
    }
  }

  Status skip_pointer(ByteReader& in, std::uint8_t encoding) const {
    if (encoding == kOmitted) return {};
    const std::size_t width = width_of(encoding);
    return width == 0 ? skip_leb(in) : in.skip(width);
  }

  std::uint64_t value_at(std::uint64_t at, std::size_t width, bool sign) const {
    const std::uint64_t value = width == 2 ? fields_.u16(at) : width == 4 ? fields_.u32(at) : fields_.u64(at);
    if (!sign || width == 8) return value;
    const std::uint64_t top = std::uint64_t{1} << (8 * width - 1);
    return (value ^ top) - top;
  }

  Result<std::optional<FunctionRange>> range_of(const Entry& entry) {
    if (entry.id > entry.id_at) return corrupt(entry.id_at, "an unwind entry points before its section");
    STELLA_TRY(const std::uint8_t encoding, encoding_of_common(entry.id_at - entry.id));
    const std::uint8_t application = encoding & kApplicationMask;
    const std::size_t width = width_of(encoding);
    if (width == 0 || (encoding & 0x80) != 0 || (application != 0 && application != kPcRelative))
      return std::nullopt;
    if (entry.end - entry.body < 2 * width) return corrupt(entry.body, "an unwind entry has no code range");
    const bool sign = (encoding & 0x8) != 0;
    std::uint64_t begin = value_at(entry.body, width, sign);
    if (application == kPcRelative) begin += address_ + entry.body;
    if (native_ == 4) begin &= 0xffffffff;
    return FunctionRange{begin, value_at(entry.body + width, width, false), {}};
  }

  ByteView bytes_;
  Fields fields_;
  std::uint64_t address_;
  std::size_t native_;
  std::map<std::uint64_t, std::uint8_t> encodings_;  // of the common entries seen, by offset
};

}  // namespace

Result<std::vector<FunctionRange>> eh_frame_ranges(ByteView eh_frame, std::uint64_t address, unsigned bits,
                                                   std::endian order) {
  return EhFrame(eh_frame, address, bits, order).ranges();
}

Result<std::vector<FunctionRange>> elf_unwind_ranges(const Image& image, const Memory& memory) {
  std::vector<FunctionRange> ranges;
  if (image.format != Format::kElf || image.kind == Kind::kRelocatable) return ranges;
  for (const Memory::Piece& piece : memory.pieces()) {
    if (piece.section == Memory::kNoSection || image.sections[piece.section].name != ".eh_frame") continue;
    STELLA_TRY(const auto found, eh_frame_ranges(piece.bytes, piece.address, image.bits, image.byte_order));
    ranges.insert(ranges.end(), found.begin(), found.end());
  }
  const bool has_sections = std::ranges::any_of(image.sections, &Section::allocated);
  if (has_sections || image.eh_frame_header == 0) return ranges;
  const EhFrame header(memory.from(image.eh_frame_header), image.eh_frame_header, image.bits,
                       image.byte_order);
  STELLA_TRY(const std::uint64_t address, header.frame_address());
  return eh_frame_ranges(memory.from(address), address, image.bits, image.byte_order);
}

}  // namespace stella::object
