// Symbol tables: ELF .symtab and .dynsym, PE exports and COFF symbols; build ids and links to separate debug
// files. Sources: gABI, "Symbol Table"; Microsoft, "PE Format"; GDB manual, "Debugging Information in
// Separate Files".
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "stella/object/image.h"
#include "stella/object/memory.h"

namespace stella::object {

inline constexpr std::uint64_t kSymbolTableMaxBytes = std::uint64_t{512} << 20;
inline constexpr std::uint64_t kStringTableMaxBytes = std::uint64_t{1} << 30;
inline constexpr std::size_t kSymbolNameMaxBytes = std::size_t{64} << 10;
inline constexpr std::size_t kNoteMaxBytes = std::size_t{1} << 20;

enum class SymbolKind { kFunction, kObject, kOther };
enum class SymbolSource { kSymtab, kDynsym, kPeExport, kCoff };

struct Symbol {
  std::string name{};
  std::uint64_t address = 0;  // with the Thumb bit of ARM cleared
  std::uint64_t size = 0;     // 0 when unknown
  SymbolKind kind = SymbolKind::kOther;
  SymbolSource source = SymbolSource::kSymtab;
  bool defined = false;
  bool global = false;
  bool thumb = false;  // ARM: the function is Thumb code
  std::uint32_t section =
      0;  // index into Image::sections; 0 when there is none (ELF), out of range for special ones
};

// All symbols, each table in its own order. A table that lies outside of the file is an error, a missing one
// is not. Without section headers, the dynamic section tells where .dynsym is. Errors: kCorrupt,
// kLimitExceeded, kIo.
[[nodiscard]] Result<std::vector<Symbol>> read_symbols(const ByteSource& file, const Image& image);

// PE exports, and the symbols of the COFF table. `memory` is that of `image`.
[[nodiscard]] Result<std::vector<Symbol>> read_pe_symbols(const ByteSource& file, const Image& image,
                                                          const Memory& memory);

// The note NT_GNU_BUILD_ID; empty when there is none.
[[nodiscard]] Result<Bytes> read_build_id(const ByteSource& file, const Image& image);

// The file name in .gnu_debuglink; empty when there is none.
[[nodiscard]] Result<std::string> read_debug_link(const ByteSource& file, const Image& image);

// The separate debug file of `file` under `debug_dir`: .build-id/xx/yyyy.debug with the same build id, or a
// file named by the debug link, in `debug_dir` itself, whose CRC fits. None is not an error.
[[nodiscard]] Result<std::optional<std::filesystem::path>> find_debug_file(
    const ByteSource& file, const Image& image, const std::filesystem::path& debug_dir);

}  // namespace stella::object
