// ELF symbol tables.
#include "stella/object/symbols.h"

#include <algorithm>

#include <fmt/format.h>

#include "fields.h"
#include "formats.h"

namespace stella::object {
namespace {

constexpr unsigned kTypeObject = 1, kTypeFunction = 2, kTypeIndirect = 10;
constexpr std::uint32_t kUndefined = 0;

SymbolKind kind_of(unsigned type) {
  if (type == kTypeFunction || type == kTypeIndirect) return SymbolKind::kFunction;
  return type == kTypeObject ? SymbolKind::kObject : SymbolKind::kOther;
}

Symbol read_symbol(const Fields& fields, std::size_t at, const Image& image, std::uint32_t& name) {
  const bool wide = image.bits == 64;
  Symbol symbol;
  name = fields.u32(at);
  symbol.address = wide ? fields.u64(at + 8) : fields.u32(at + 4);
  symbol.size = wide ? fields.u64(at + 16) : fields.u32(at + 8);
  const std::uint8_t info = fields.bytes[at + (wide ? 4 : 12)];
  symbol.section = fields.u16(at + (wide ? 6 : 14));
  symbol.kind = kind_of(info & 0xf);
  symbol.global = (info >> 4) != 0;
  symbol.defined = symbol.section != kUndefined;
  if (image.machine == Machine::kArm && symbol.kind == SymbolKind::kFunction) {
    symbol.thumb = (symbol.address & 1) != 0;
    symbol.address &= ~std::uint64_t{1};
  }
  if (image.kind == Kind::kRelocatable && symbol.defined && symbol.section < image.sections.size()) {
    symbol.address += image.sections[symbol.section].address;
  }
  return symbol;
}

Status append_table(const ByteSource& file, const Image& image, const Section& table,
                    std::vector<Symbol>& symbols) {
  const std::size_t entry_size = image.bits == 64 ? 24 : 16;
  if (table.outside_file) {
    return fail(ErrorCode::kCorrupt,
                table.name.empty() ? "a symbol table lies outside of the file"
                                   : fmt::format("the symbol table {} lies outside of the file", table.name),
                file.name());
  }
  if (table.file_size == 0 || table.link >= tables_of(image).size()) return {};
  const Section& names = tables_of(image)[table.link];
  STELLA_TRY(const Bytes bytes,
             read_range(file, table.file_offset, table.file_size, kSymbolTableMaxBytes, "symbol table"));
  STELLA_TRY(const Bytes texts,
             read_range(file, names.file_offset, names.file_size, kStringTableMaxBytes, "string table"));
  const Fields fields{bytes, image.byte_order};
  const std::size_t count = bytes.size() / entry_size;
  symbols.reserve(symbols.size() + count);
  for (std::size_t i = 1; i < count; ++i) {
    std::uint32_t name = 0;
    Symbol symbol = read_symbol(fields, i * entry_size, image, name);
    symbol.name = text_at(texts, name, kSymbolNameMaxBytes);
    symbol.source = table.type == SectionType::kSymbols ? SymbolSource::kSymtab : SymbolSource::kDynsym;
    symbols.push_back(std::move(symbol));
  }
  return {};
}

}  // namespace

Result<std::vector<Symbol>> read_symbols(const ByteSource& file, const Image& image) {
  std::vector<Symbol> symbols;
  if (image.format != Format::kElf) return symbols;
  for (const Section& section : tables_of(image)) {
    if (section.type != SectionType::kSymbols && section.type != SectionType::kDynamicSymbols) continue;
    STELLA_CHECK(append_table(file, image, section, symbols));
  }
  return symbols;
}

}  // namespace stella::object
