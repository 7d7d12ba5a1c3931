// Where functions begin and end when no symbol says so: unwind tables and Go's function table.
// Sources: Linux Standard Base 5, "Exception Frames"; Microsoft, "x64 exception handling" and "ARM64
// exception handling"; Go, "Go 1.2 Runtime Symbol Information" and debug/gosym.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stella/object/image.h"
#include "stella/object/memory.h"

namespace stella::object {

inline constexpr std::size_t kFunctionRangesMax = std::size_t{1} << 23;
inline constexpr std::size_t kAugmentationMaxBytes = 16;
inline constexpr unsigned kChainedUnwindMax = 32;

struct FunctionRange {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  std::string name{};  // Go only

  friend bool operator==(const FunctionRange&, const FunctionRange&) = default;
};

// The ranges of all frame description entries in a section .eh_frame at `address`, in its order. Entries of
// kinds that are not used for code (other pointer encodings) are left out. Errors: kCorrupt when an entry
// leaves the section or names no common entry; kLimitExceeded.
[[nodiscard]] Result<std::vector<FunctionRange>> eh_frame_ranges(ByteView eh_frame, std::uint64_t address,
                                                                 unsigned bits, std::endian order);

// The unwind table of an ELF program: its section .eh_frame or, in a program without section headers, what
// PT_GNU_EH_FRAME leads to. Empty when there is none, and for relocatable objects, whose tables are not yet
// filled in. Errors: those of eh_frame_ranges().
[[nodiscard]] Result<std::vector<FunctionRange>> elf_unwind_ranges(const Image& image, const Memory& memory);

// The ranges of the exception directory of a PE image, those that continue another one (x64 chained unwind)
// left out of the list and added to it when they follow it directly. Errors: kUnsupported for machines
// without such a table; kCorrupt; kLimitExceeded.
[[nodiscard]] Result<std::vector<FunctionRange>> pdata_ranges(const Image& image, const Memory& memory);

// Go's function table with names, of Go 1.2, 1.16, 1.18 and 1.20 layout: from .gopclntab or, where sections
// have no such name, the first place in read-only memory where one parses. Empty when the program is not
// Go's. Errors: kCorrupt for a .gopclntab that does not parse; kLimitExceeded.
[[nodiscard]] Result<std::vector<FunctionRange>> go_function_ranges(const Image& image, const Memory& memory);

// One such table, which begins at `table[0]`. `text_address` is where Go's code begins, used when the table
// does not say.
[[nodiscard]] Result<std::vector<FunctionRange>> parse_pclntab(ByteView table, std::endian order,
                                                               std::uint64_t text_address);

}  // namespace stella::object
