// Relocations of object files and kernel modules for x86-64 and AArch64 (System V psABI of each): without
// them all calls lead nowhere, and a call of another function would look like the same.
#include <algorithm>

#include <fmt/format.h>

#include "fields.h"
#include "formats.h"
#include "stella/object/linkage.h"

namespace stella::object {
namespace {

constexpr std::size_t kEntrySize = 24;        // Elf64_Rela
constexpr std::uint64_t kUndefinedSize = 16;  // room that each undefined symbol gets
constexpr std::uint32_t kAbsolute = 0xfff1;   // SHN_ABS
constexpr std::uint64_t kAlignment = 0x10000;

class Relocator {
 public:
  Relocator(Image& image, Memory& memory, const std::vector<Symbol>& symbols)
      : image_(image), memory_(memory) {
    std::uint64_t end = 0;
    for (const Section& section : image.sections) {
      if (section.allocated) end = std::max(end, section.address + section.memory_size);
    }
    const std::uint64_t begin = (end + kAlignment - 1) / kAlignment * kAlignment;
    std::uint64_t next = begin;
    for (const Symbol& symbol : symbols) {
      if (symbol.source != SymbolSource::kSymtab) continue;
      const bool known =
          symbol.defined && (symbol.section < image.sections.size() || symbol.section == kAbsolute);
      values_.push_back(known ? symbol.address : next);
      if (known || symbol.name.empty()) continue;
      slots_.push_back({next, symbol.name});
      next += kUndefinedSize;
    }
    if (next == begin) return;
    image.sections.push_back({.name = "(undefined)",
                              .type = SectionType::kNoBits,
                              .address = begin,
                              .memory_size = next - begin,
                              .allocated = true});
  }

  Status apply(ByteView table, std::size_t section) {
    const auto piece = std::ranges::find(memory_.pieces(), section, &Memory::Piece::section);
    if (piece == memory_.pieces().end()) return {};
    const Fields fields{table, image_.byte_order};
    for (std::size_t at = 0; at + kEntrySize <= table.size(); at += kEntrySize) {
      const std::uint64_t offset = fields.u64(at), info = fields.u64(at + 8), symbol = info >> 32;
      if (symbol == 0 || symbol > values_.size()) continue;
      const std::uint64_t value = values_[symbol - 1] + fields.u64(at + 16);
      const auto type = static_cast<std::uint32_t>(info);
      if (image_.machine == Machine::kX64) {
        apply_x64(piece->bytes, offset, type, value, piece->address + offset);
      } else {
        apply_arm64(piece->bytes, offset, type, value, piece->address + offset);
      }
    }
    return {};
  }

  std::vector<ImportSlot> take_slots() { return std::move(slots_); }

 private:
  static void store(Bytes& bytes, std::uint64_t offset, std::uint64_t value, std::size_t width) {
    if (!within(offset, width, bytes.size())) return;
    for (std::size_t i = 0; i < width; ++i) bytes[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }

  static void apply_x64(Bytes& bytes, std::uint64_t offset, std::uint32_t type, std::uint64_t value,
                        std::uint64_t place) {
    switch (type) {
      case 1:  // R_X86_64_64
        return store(bytes, offset, value, 8);
      case 24:  // PC64
        return store(bytes, offset, value - place, 8);
      case 10:  // 32, 32S
      case 11:
        return store(bytes, offset, value, 4);
      case 2:  // PC32, PLT32, and three that go through a table of addresses, which is left out
      case 4:
      case 9:
      case 41:
      case 42:
        return store(bytes, offset, value - place, 4);
      default:
        return;
    }
  }

  // Puts `bits` bits of `value` at bit `at` of the instruction.
  static void insert(Bytes& bytes, std::uint64_t offset, std::uint64_t value, unsigned bits, unsigned at) {
    if (!within(offset, 4, bytes.size())) return;
    const std::uint32_t mask = ((std::uint32_t{1} << bits) - 1) << at;
    const std::uint32_t word = load_le<std::uint32_t>(bytes.data() + offset);
    store_le(bytes.data() + offset, (word & ~mask) | ((static_cast<std::uint32_t>(value) << at) & mask));
  }

  static void insert_address(Bytes& bytes, std::uint64_t offset, std::uint64_t value) {  // adr, adrp
    insert(bytes, offset, value & 3, 2, 29);
    insert(bytes, offset, value >> 2, 19, 5);
  }

  static void apply_arm64(Bytes& bytes, std::uint64_t offset, std::uint32_t type, std::uint64_t value,
                          std::uint64_t place) {
    constexpr unsigned kLow = 12, kLowAt = 10;
    const std::uint64_t low = value & 0xfff;
    switch (type) {
      case 257:  // R_AARCH64_ABS64
        return store(bytes, offset, value, 8);
      case 258:  // ABS32
        return store(bytes, offset, value, 4);
      case 261:  // PREL32
        return store(bytes, offset, value - place, 4);
      case 274:  // ADR_PREL_LO21
        return insert_address(bytes, offset, value - place);
      case 275:  // ADR_PREL_PG_HI21, its _NC, and ADR_GOT_PAGE
      case 276:
      case 311:
        return insert_address(bytes, offset, (value >> 12) - (place >> 12));
      case 277:  // ADD_ABS_LO12_NC, LDST8_ABS_LO12_NC
      case 278:
        return insert(bytes, offset, low, kLow, kLowAt);
      case 284:  // LDST16 to LDST128, LD64_GOT_LO12_NC
        return insert(bytes, offset, low >> 1, kLow, kLowAt);
      case 285:
        return insert(bytes, offset, low >> 2, kLow, kLowAt);
      case 286:
      case 312:
        return insert(bytes, offset, low >> 3, kLow, kLowAt);
      case 299:
        return insert(bytes, offset, low >> 4, kLow, kLowAt);
      case 279:  // TSTBR14
        return insert(bytes, offset, (value - place) >> 2, 14, 5);
      case 280:  // CONDBR19
        return insert(bytes, offset, (value - place) >> 2, 19, 5);
      case 282:  // JUMP26, CALL26
      case 283:
        return insert(bytes, offset, (value - place) >> 2, 26, 0);
      default:
        return;
    }
  }

  Image& image_;
  Memory& memory_;
  std::vector<std::uint64_t> values_;  // by symbol, from the first after the empty one
  std::vector<ImportSlot> slots_;
};

}  // namespace

Result<std::vector<ImportSlot>> apply_relocations(const ByteSource& file, Image& image, Memory& memory,
                                                  const std::vector<Symbol>& symbols) {
  const bool known = (image.machine == Machine::kX64 || image.machine == Machine::kArm64) &&
                     image.bits == 64 && image.byte_order == std::endian::little;
  if (image.format != Format::kElf || image.kind != Kind::kRelocatable || !known)
    return std::vector<ImportSlot>{};
  const std::vector<Section> sections = image.sections;
  Relocator relocator(image, memory, symbols);
  for (const Section& section : sections) {
    if (section.type != SectionType::kRelocations || section.raw_type != 4) continue;
    if (section.info >= sections.size() || !sections[section.info].allocated) continue;
    STELLA_TRY(const Bytes table, read_range(file, section.file_offset, section.file_size,
                                             kRelocationsMaxBytes, "relocation table"));
    STELLA_CHECK(relocator.apply(table, section.info));
  }
  return relocator.take_slots();
}

}  // namespace stella::object
