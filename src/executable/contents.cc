#include "contents.h"

#include <algorithm>
#include <cstring>

#include "stella/executable/limits.h"

namespace stella::executable {
namespace {

constexpr std::uint64_t kLowestAddress = 0x10000;  // smaller values are numbers
constexpr std::size_t kUnnamedStubMaxBytes = 16;   // landing pad and jump; four instructions of AArch64

bool is_printable(std::uint8_t byte) {
  return (byte >= 0x20 && byte < 0x7f) || byte == '\t' || byte == '\n' || byte == '\r';
}

}  // namespace

Contents::Contents(const object::Image& image, const object::Memory& memory, const object::Linkage& linkage,
                   const AddressSpace& space)
    : image_(image),
      memory_(memory),
      linkage_(linkage),
      space_(space),
      texts_(!has_unterminated_texts(image, memory)) {}

bool Contents::is_stub_section(std::size_t section) const {
  return image_.format == object::Format::kElf && section < image_.sections.size() &&
         image_.sections[section].name.starts_with(".plt");
}

Status Contents::find_stubs(Decoder& decoder) {
  for (const object::Memory::Piece& piece : memory_.pieces()) {
    const bool stubs_only = is_stub_section(piece.section);
    // Without section headers, stubs are known by their shape.
    const bool unnamed = piece.section == object::Memory::kNoSection && !linkage_.slots.empty();
    if (!piece.executable || !(stubs_only || unnamed)) continue;
    decoder.begin_function(false);
    std::size_t begin = 0;
    bool fresh = true;        // no instruction of the stub seen yet
    std::string_view import;  // what it loads the address of
    Instruction instruction;
    for (std::size_t at = 0; at < piece.bytes.size(); at += instruction.size) {
      const bool decoded = decoder.decode(ByteView(piece.bytes).subspan(at), piece.address + at, instruction);
      if (instruction.size == 0) break;
      if (!decoded || (fresh && instruction.padding)) continue;
      if (fresh) begin = at;
      for (std::size_t i = 0; i < instruction.data_count && import.empty(); ++i) {
        const auto slot = std::ranges::lower_bound(linkage_.slots, instruction.data[i].address, {},
                                                   &object::ImportSlot::address);
        if (slot != linkage_.slots.end() && slot->address == instruction.data[i].address) import = slot->name;
      }
      // RISC-V and LoongArch leave a stub by what looks like a call.
      const bool jumps = instruction.flow == Flow::kJump || instruction.flow == Flow::kIndirectJump ||
                         (stubs_only && instruction.flow == Flow::kIndirectCall);
      fresh = jumps || (unnamed && instruction.flow == Flow::kReturn);
      if (!fresh) continue;
      const bool is_stub = jumps && (stubs_only || (instruction.flow == Flow::kIndirectJump &&
                                                    at + instruction.size - begin <= kUnnamedStubMaxBytes));
      if (is_stub && !import.empty()) stubs_.push_back({piece.address + begin, import});
      import = {};
      decoder.begin_function(false);
    }
  }
  std::ranges::sort(stubs_, {}, [](const Stub& stub) { return std::pair(stub.address, stub.name); });
  return {};
}

std::string_view Contents::import_called_at(std::uint64_t address) const {
  const auto stub = std::ranges::lower_bound(stubs_, address, {}, &Stub::address);
  if (stub != stubs_.end() && stub->address == address) return stub->name;
  if (image_.kind != object::Kind::kRelocatable) return {};
  const auto undefined = std::ranges::lower_bound(linkage_.slots, address, {}, &object::ImportSlot::address);
  return undefined != linkage_.slots.end() && undefined->address == address ? undefined->name
                                                                            : std::string_view{};
}

// A constant that holds an address, such as a pointer and a length read at once, moves with the program.
bool Contents::holds_address(ByteView constant) const {
  const std::size_t width = image_.bits / 8;
  for (std::size_t at = 0; at + width <= constant.size(); at += width) {
    const std::uint8_t* word = constant.data() + at;
    const bool little = image_.byte_order == std::endian::little;
    const std::uint64_t value = width == 8
                                    ? (little ? load_le<std::uint64_t>(word) : load_be<std::uint64_t>(word))
                                    : (little ? load_le<std::uint32_t>(word) : load_be<std::uint32_t>(word));
    if (value >= kLowestAddress && space_.contains(value)) return true;
  }
  return false;
}

Content Contents::of(const Instruction::Data& data) const {
  const auto slot = std::ranges::lower_bound(linkage_.slots, data.address, {}, &object::ImportSlot::address);
  if (slot != linkage_.slots.end() && slot->address == data.address)
    return {Content::Kind::kImport, as_bytes(slot->name)};
  if (const std::string_view name = import_called_at(data.address); !name.empty()) {
    return {Content::Kind::kImport, as_bytes(name)};
  }
  const object::Memory::Piece* piece = memory_.find(data.address);
  if (piece == nullptr || piece->writable) return {};
  const ByteView rest = ByteView(piece->bytes).subspan(data.address - piece->address);
  if (data.load_bytes != 0) {
    if (rest.size() < data.load_bytes) return {};
    const ByteView constant = rest.first(data.load_bytes);
    return holds_address(constant) ? Content{} : Content{Content::Kind::kBytes, constant};
  }
  if (!texts_ || piece->executable) return {};
  std::size_t size = 0;
  const std::size_t size_max = std::min<std::size_t>(rest.size(), kStringSizeMaxBytes + 1);
  while (size < size_max && is_printable(rest[size])) ++size;
  if (size == 0 || size == size_max || rest[size] != 0) return {};
  return {Content::Kind::kText, rest.first(size)};
}

bool has_unterminated_texts(const object::Image& image, const object::Memory& memory) {
  for (const object::Section& section : image.sections) {
    if (section.name == ".gopclntab" || section.name == ".go.buildinfo") return true;
  }
  // Panic messages name the standard library's sources; Go's build information has a magic text.
  constexpr std::array<std::string_view, 3> kMarks{"/rustc/", "library/core/src/", "\xff Go buildinf:"};
  for (const object::Memory::Piece& piece : memory.pieces()) {
    if (piece.executable) continue;
    for (const std::string_view mark : kMarks) {
      if (::memmem(piece.bytes.data(), piece.bytes.size(), mark.data(), mark.size()) != nullptr) return true;
    }
  }
  return false;
}

std::vector<std::string_view> strings_of(const object::Image& image, const object::Memory& memory,
                                         bool terminated) {
  std::vector<std::string_view> strings;
  for (const object::Memory::Piece& piece : memory.pieces()) {
    if (piece.executable || piece.writable) continue;
    // Names of symbols are compared as imports and exports.
    const bool names = piece.section != object::Memory::kNoSection &&
                       image.sections[piece.section].type == object::SectionType::kStrings;
    if (names) continue;
    const auto dynamic_names =
        std::ranges::find(image.dynamic_tables, object::SectionType::kStrings, &object::Section::type);
    const ByteView bytes = piece.bytes;
    for (std::size_t at = 0; at < bytes.size() && strings.size() < kStringsMax;) {
      std::size_t end = at;
      while (end < bytes.size() && is_printable(bytes[end])) ++end;
      const std::size_t size = end - at;
      const bool ends = !terminated || (end < bytes.size() && bytes[end] == 0);
      const bool name = dynamic_names != image.dynamic_tables.end() &&
                        piece.address + at - dynamic_names->address < dynamic_names->memory_size;
      if (ends && !name && size >= kStringSizeMinBytes && size <= kStringSizeMaxBytes)
        strings.push_back(as_text(bytes.subspan(at, size)));
      at = end + 1;
    }
  }
  std::ranges::sort(strings);
  strings.erase(std::unique(strings.begin(), strings.end()), strings.end());
  return strings;
}

}  // namespace stella::executable
