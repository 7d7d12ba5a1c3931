// Go's table of functions. Its four layouts differ in where the tables begin and how wide their entries are.
#include <algorithm>

#include <fmt/format.h>

#include "fields.h"
#include "formats.h"
#include "stella/object/function_ranges.h"
#include "stella/object/symbols.h"

namespace stella::object {
namespace {

constexpr std::uint32_t kMagicGo12 = 0xfffffffb, kMagicGo116 = 0xfffffffa, kMagicGo118 = 0xfffffff0,
                        kMagicGo120 = 0xfffffff1;

struct Layout {
  std::size_t pointer_size = 0;
  std::uint64_t count = 0;
  std::uint64_t text = 0;       // added to entry addresses
  std::uint64_t names = 0;      // where name offsets count from
  std::uint64_t functions = 0;  // where the table of functions begins; offsets in it count from `origin`
  std::uint64_t origin = 0;
  std::size_t width = 0;  // of the two fields of an entry
};

class Pclntab {
 public:
  Pclntab(ByteView table, std::endian order) : table_(table), fields_{table, order} {}

  Result<std::vector<FunctionRange>> ranges(std::uint64_t text_address) const {
    STELLA_TRY(const Layout layout, read_layout(text_address));
    const std::uint64_t size = (layout.count * 2 + 1) * layout.width;
    if (layout.count > kFunctionRangesMax || !within(layout.functions, size, table_.size())) {
      return corrupt(layout.functions,
                     fmt::format("a table of {} functions leaves its section", layout.count));
    }
    std::vector<FunctionRange> found;
    found.reserve(layout.count);
    for (std::uint64_t i = 0; i < layout.count; ++i) {
      const std::uint64_t at = layout.functions + 2 * i * layout.width;
      const std::uint64_t begin = number(at, layout.width), end = number(at + 2 * layout.width, layout.width);
      if (end < begin) return corrupt(at, "functions are out of order");
      STELLA_TRY(const std::string_view name, name_of(layout, number(at + layout.width, layout.width)));
      if (end > begin) found.push_back({layout.text + begin, end - begin, std::string(name)});
    }
    return found;
  }

 private:
  static std::unexpected<Error> corrupt(std::uint64_t at, std::string message) {
    return fail(ErrorCode::kCorrupt, std::move(message), fmt::format("Go function table: offset {}", at));
  }

  std::uint64_t number(std::uint64_t at, std::size_t width) const {
    return width == 4 ? fields_.u32(at) : fields_.u64(at);
  }

  Result<Layout> read_layout(std::uint64_t text_address) const {
    if (table_.size() < 8) return corrupt(0, "the header is cut off");
    const std::uint32_t magic = fields_.u32(0);
    const std::uint8_t quantum = table_[6];
    Layout layout;
    layout.pointer_size = table_[7];
    if (table_[4] != 0 || table_[5] != 0 || (quantum != 1 && quantum != 2 && quantum != 4) ||
        (layout.pointer_size != 4 && layout.pointer_size != 8)) {
      return corrupt(4, "the header is not one of Go's");
    }
    if (table_.size() < 8 + 8 * layout.pointer_size) return corrupt(8, "the header is cut off");
    const auto word = [&](std::size_t index) {
      return number(8 + index * layout.pointer_size, layout.pointer_size);
    };
    layout.count = word(0);
    if (magic == kMagicGo12) {
      layout.functions = 8 + layout.pointer_size;
      layout.width = layout.pointer_size;
    } else if (magic == kMagicGo116) {
      layout.names = word(2);
      layout.functions = layout.origin = word(6);
      layout.width = layout.pointer_size;
    } else if (magic == kMagicGo118 || magic == kMagicGo120) {
      // A position-independent program leaves the text address to its relocations, Go 1.26 to the runtime.
      layout.text = word(2) != 0 ? word(2) : text_address;
      layout.names = word(3);
      layout.functions = layout.origin = word(7);
      layout.width = 4;
    } else {
      return fail({.code = ErrorCode::kUnsupported,
                   .message = "unknown version of Go's function table",
                   .found = fmt::format("{:#010x}", magic)});
    }
    return layout;
  }

  // A function's record begins with its entry, as wide as in the table, and a 32-bit offset of its name.
  Result<std::string_view> name_of(const Layout& layout, std::uint64_t record) const {
    if (!within(layout.origin, record, table_.size()) ||
        !within(layout.origin + record, layout.width + 4, table_.size())) {
      return corrupt(record, "a function's record leaves the table");
    }
    const std::uint64_t offset = fields_.u32(layout.origin + record + layout.width);
    if (layout.names > table_.size() || offset >= table_.size() - layout.names) {
      return corrupt(record, "a function's name leaves the table");
    }
    return text_at(table_, layout.names + offset, kSymbolNameMaxBytes);
  }

  ByteView table_;
  Fields fields_;
};

std::uint64_t text_address_of(const Image& image) {
  const auto text = std::ranges::find(image.sections, ".text", &Section::name);
  return text == image.sections.end() ? 0 : text->address;
}

bool starts_table(ByteView bytes, std::endian order) {
  const std::uint32_t magic = Fields{bytes, order}.u32(0);
  return (magic == kMagicGo12 || magic == kMagicGo116 || magic == kMagicGo118 || magic == kMagicGo120) &&
         bytes[4] == 0 && bytes[5] == 0 && (bytes[7] == 4 || bytes[7] == 8);
}

}  // namespace

Result<std::vector<FunctionRange>> parse_pclntab(ByteView table, std::endian order,
                                                 std::uint64_t text_address) {
  return Pclntab(table, order).ranges(text_address);
}

Result<std::vector<FunctionRange>> go_function_ranges(const Image& image, const Memory& memory) {
  for (const Memory::Piece& piece : memory.pieces()) {
    if (piece.section == Memory::kNoSection) continue;
    const std::string& name = image.sections[piece.section].name;
    if (name != ".gopclntab" && name != ".data.rel.ro.gopclntab") continue;
    return parse_pclntab(piece.bytes, image.byte_order, text_address_of(image));
  }
  for (const Memory::Piece& piece : memory.pieces()) {
    if (piece.executable) continue;
    const ByteView bytes = piece.bytes;
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      if (!starts_table(bytes.subspan(at, 8), image.byte_order)) continue;
      auto ranges = parse_pclntab(bytes.subspan(at), image.byte_order, text_address_of(image));
      // Chance bytes can look like a table; a real one speaks of this program's code.
      const bool real = ranges && !ranges->empty() && memory.find(ranges->front().address) != nullptr &&
                        memory.find(ranges->front().address)->executable;
      if (real) return ranges;
    }
  }
  return std::vector<FunctionRange>{};
}

}  // namespace stella::object
