// PE exports and the COFF symbol table that MinGW leaves in.
#include <algorithm>

#include <fmt/format.h>

#include "fields.h"
#include "formats.h"
#include "stella/object/symbols.h"

namespace stella::object {
namespace {

constexpr std::size_t kSymbolSize = 18, kExportDirectory = 0, kExportDirectorySize = 40;
constexpr std::uint8_t kClassExternal = 2, kClassStatic = 3;
constexpr unsigned kFunctionType = 0x20;

std::string_view name_at(const Memory& memory, std::uint64_t address) {
  return text_at(memory.from(address), 0, kSymbolNameMaxBytes);
}

void append_exports(const Image& image, const Memory& memory, std::vector<Symbol>& symbols) {
  if (image.directories.size() <= kExportDirectory || image.directories[kExportDirectory].size_bytes == 0)
    return;
  const FileRange range = image.directories[kExportDirectory];
  const ByteView directory = memory.at(image.image_base + range.offset_bytes, kExportDirectorySize);
  if (directory.empty()) return;
  const Fields fields{directory};
  const ByteView functions = memory.from(image.image_base + fields.u32(28));
  const ByteView names = memory.from(image.image_base + fields.u32(32));
  const ByteView ordinals = memory.from(image.image_base + fields.u32(36));
  const std::size_t function_count = std::min<std::size_t>(fields.u32(20), functions.size() / 4);
  const std::size_t name_count =
      std::min<std::size_t>({fields.u32(24), names.size() / 4, ordinals.size() / 2});
  for (std::size_t i = 0; i < name_count; ++i) {
    const std::size_t ordinal = Fields{ordinals}.u16(2 * i);
    if (ordinal >= function_count) continue;
    const std::uint64_t offset = Fields{functions}.u32(4 * ordinal);
    const bool forwarded =
        offset - range.offset_bytes < range.size_bytes;  // the text "library.name" stands there
    Symbol symbol{.name = std::string(name_at(memory, image.image_base + Fields{names}.u32(4 * i))),
                  .address = image.image_base + offset,
                  .source = SymbolSource::kPeExport,
                  .defined = true,
                  .global = true};
    const Memory::Piece* piece = memory.find(symbol.address);
    const bool code = !forwarded && piece != nullptr && piece->executable;
    symbol.kind = code ? SymbolKind::kFunction : SymbolKind::kOther;
    symbols.push_back(std::move(symbol));
  }
}

Status append_coff(const ByteSource& file, const Image& image, std::vector<Symbol>& symbols) {
  const FileRange range = image.coff_symbols;
  if (range.size_bytes == 0) return {};
  STELLA_TRY(const Bytes table, read_range(file, range.offset_bytes, range.size_bytes, kSymbolTableMaxBytes,
                                           "COFF symbol table"));
  const std::uint64_t strings_at = range.offset_bytes + range.size_bytes;
  Bytes texts;
  if (file.size() - strings_at >= 4) {
    STELLA_TRY(const Bytes size, read_range(file, strings_at, 4, 4, "COFF string table"));
    const std::uint64_t texts_size = std::min<std::uint64_t>(Fields{size}.u32(0), file.size() - strings_at);
    STELLA_TRY(texts, read_range(file, strings_at, texts_size, kStringTableMaxBytes, "COFF string table"));
  }
  const Fields fields{table};
  for (std::size_t at = 0; at + kSymbolSize <= table.size(); at += kSymbolSize) {
    const std::uint16_t section = fields.u16(at + 12);
    const std::uint16_t type = fields.u16(at + 14);
    const std::uint8_t storage = table[at + 16];
    const std::size_t auxiliary = table[at + 17];
    if (section > 0 && section <= image.sections.size() &&
        (storage == kClassExternal || storage == kClassStatic)) {
      Symbol symbol{.address = image.sections[section - 1U].address + fields.u32(at + 8),
                    .kind = type == kFunctionType ? SymbolKind::kFunction : SymbolKind::kOther,
                    .source = SymbolSource::kCoff,
                    .defined = true,
                    .global = storage == kClassExternal,
                    .section = section - 1U};
      symbol.name = fields.u32(at) == 0 ? text_at(texts, fields.u32(at + 4), kSymbolNameMaxBytes)
                                        : text_at(ByteView(table).subspan(at, 8), 0, 8);
      symbols.push_back(std::move(symbol));
    }
    at += auxiliary * kSymbolSize;
  }
  return {};
}

}  // namespace

Result<std::vector<Symbol>> read_pe_symbols(const ByteSource& file, const Image& image,
                                            const Memory& memory) {
  std::vector<Symbol> symbols;
  if (image.format != Format::kPe) return symbols;
  append_exports(image, memory, symbols);
  STELLA_CHECK(append_coff(file, image, symbols));
  return symbols;
}

}  // namespace stella::object
