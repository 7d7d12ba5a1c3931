// Names and slots of imports, names of exports.
#include "stella/object/linkage.h"

#include <algorithm>

#include <fmt/format.h>

#include "fields.h"
#include "formats.h"

namespace stella::object {
namespace {

constexpr std::size_t kImportDirectory = 1, kImportDescriptorSize = 20;

void sort_unique(std::vector<std::string>& names) {
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

// Relocations against named symbols say which slot holds whose address.
Status append_elf_slots(const ByteSource& file, const Image& image,
                        const std::vector<std::string_view>& dynamic_names, std::vector<ImportSlot>& slots) {
  const bool wide = image.bits == 64;
  const std::vector<Section>& tables = tables_of(image);
  for (const Section& section : tables) {
    if (section.type != SectionType::kRelocations || !section.allocated) continue;
    const bool with_addend = section.raw_type == 4;
    const std::size_t entry_size = wide ? (with_addend ? 24 : 16) : (with_addend ? 12 : 8);
    if (section.link >= tables.size() || tables[section.link].type != SectionType::kDynamicSymbols) {
      continue;
    }
    STELLA_TRY(const Bytes bytes, read_range(file, section.file_offset, section.file_size,
                                             kRelocationsMaxBytes, "relocation table"));
    const Fields fields{bytes, image.byte_order};
    for (std::size_t at = 0; at + entry_size <= bytes.size(); at += entry_size) {
      const std::uint64_t address = wide ? fields.u64(at) : fields.u32(at);
      const std::uint64_t symbol = wide ? fields.u64(at + 8) >> 32 : fields.u32(at + 4) >> 8;
      if (symbol == 0 || symbol > dynamic_names.size()) continue;
      const std::string_view name = dynamic_names[symbol - 1];
      if (!name.empty()) slots.push_back({address, std::string(name)});
    }
  }
  return {};
}

Status read_elf(const ByteSource& file, const Image& image, const std::vector<Symbol>& symbols,
                Linkage& linkage) {
  std::vector<std::string_view> dynamic_names;
  for (const Symbol& symbol : symbols) {
    if (symbol.source != SymbolSource::kDynsym) continue;
    dynamic_names.push_back(symbol.name);
    if (symbol.name.empty() || !symbol.global) continue;
    (symbol.defined ? linkage.exports : linkage.imports).push_back(symbol.name);
  }
  if (image.kind == Kind::kRelocatable) {
    for (const Symbol& symbol : symbols) {
      if (symbol.global && !symbol.name.empty())
        (symbol.defined ? linkage.exports : linkage.imports).push_back(symbol.name);
    }
  }
  return append_elf_slots(file, image, dynamic_names, linkage.slots);
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& letter : result) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return result;
}

void append_library(const Image& image, const Memory& memory, const std::string& library,
                    std::uint64_t lookup, std::uint64_t slots, Linkage& linkage) {
  const std::size_t width = image.bits / 8;
  const std::uint64_t by_ordinal = std::uint64_t{1} << (image.bits - 1);
  for (std::uint64_t i = 0; linkage.imports.size() < kImportsMax; ++i) {
    const ByteView entry = memory.at(image.image_base + lookup + i * width, width);
    if (entry.empty()) return;
    const std::uint64_t value = width == 8 ? Fields{entry}.u64(0) : Fields{entry}.u32(0);
    if (value == 0) return;
    std::string name = fmt::format("{}!", library);
    if ((value & by_ordinal) != 0) {
      name += fmt::format("#{}", value & 0xffff);
    } else {
      name += text_at(memory.from(image.image_base + (value & 0x7fffffff) + 2), 0, kSectionNameMaxBytes);
    }
    linkage.slots.push_back({image.image_base + slots + i * width, name});
    linkage.imports.push_back(std::move(name));
  }
}

void read_pe(const Image& image, const Memory& memory, const std::vector<Symbol>& symbols, Linkage& linkage) {
  for (const Symbol& symbol : symbols) {
    if (symbol.source == SymbolSource::kPeExport && !symbol.name.empty())
      linkage.exports.push_back(symbol.name);
  }
  if (image.directories.size() <= kImportDirectory || image.directories[kImportDirectory].size_bytes == 0)
    return;
  const std::uint64_t table = image.image_base + image.directories[kImportDirectory].offset_bytes;
  for (std::uint64_t i = 0; i < kImportsMax && linkage.imports.size() < kImportsMax; ++i) {
    const ByteView descriptor = memory.at(table + i * kImportDescriptorSize, kImportDescriptorSize);
    if (descriptor.empty()) return;
    const Fields fields{descriptor};
    const std::uint32_t lookup = fields.u32(0), name = fields.u32(12), slots = fields.u32(16);
    if (name == 0 || slots == 0) return;
    const std::string library = lower(text_at(memory.from(image.image_base + name), 0, kSectionNameMaxBytes));
    append_library(image, memory, library, lookup != 0 ? lookup : slots, slots, linkage);
  }
}

}  // namespace

Result<Linkage> read_linkage(const ByteSource& file, const Image& image, const Memory& memory,
                             const std::vector<Symbol>& symbols) {
  Linkage linkage;
  if (image.format == Format::kElf) {
    STELLA_CHECK(read_elf(file, image, symbols, linkage));
  } else {
    read_pe(image, memory, symbols, linkage);
  }
  sort_unique(linkage.imports);
  sort_unique(linkage.exports);
  std::ranges::sort(linkage.slots, {}, [](const ImportSlot& slot) {
    return std::pair(slot.address, std::string_view(slot.name));
  });
  const auto same_address = [](const ImportSlot& a, const ImportSlot& b) { return a.address == b.address; };
  linkage.slots.erase(std::unique(linkage.slots.begin(), linkage.slots.end(), same_address),
                      linkage.slots.end());
  return linkage;
}

}  // namespace stella::object
