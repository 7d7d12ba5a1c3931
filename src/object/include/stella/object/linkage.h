// What a program takes from others and gives to others, by name, and where in memory the taken things are
// reached. Sources: gABI, "Dynamic Linking"; Microsoft, "PE Format", ".edata" and ".idata".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stella/object/image.h"
#include "stella/object/memory.h"
#include "stella/object/symbols.h"

namespace stella::object {

inline constexpr std::size_t kImportsMax = std::size_t{1} << 20;
inline constexpr std::uint64_t kRelocationsMaxBytes = std::uint64_t{512} << 20;

// A pointer that the loader fills: a GOT slot or an entry of the import address table.
struct ImportSlot {
  std::uint64_t address = 0;
  std::string name{};

  friend bool operator==(const ImportSlot&, const ImportSlot&) = default;
};

struct Linkage {
  std::vector<std::string> imports{};  // ELF "name", PE "library!name" or "library!#ordinal"; sorted, unique
  std::vector<std::string> exports{};  // sorted, unique
  std::vector<ImportSlot> slots{};     // ordered by address, unique
};

// `symbols` are those of read_symbols() or read_pe_symbols(). Malformed directories of PE files end the list
// where they become malformed. Errors: kCorrupt, kLimitExceeded, kIo.
[[nodiscard]] Result<Linkage> read_linkage(const ByteSource& file, const Image& image, const Memory& memory,
                                           const std::vector<Symbol>& symbols);

// Fills in what a relocatable object for x86-64 or AArch64 leaves to the linker, in `memory`. Undefined
// symbols get addresses behind all sections, in a section "(undefined)" added to `image`; they are returned,
// ordered by address. `image` has been laid out by lay_out_relocatable() and `symbols` were read after that.
// Other kinds of file and machines are left as they are. Errors: kCorrupt, kLimitExceeded, kIo.
[[nodiscard]] Result<std::vector<ImportSlot>> apply_relocations(const ByteSource& file, Image& image,
                                                                Memory& memory,
                                                                const std::vector<Symbol>& symbols);

}  // namespace stella::object
