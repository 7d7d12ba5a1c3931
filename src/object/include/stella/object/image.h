// ELF and PE containers: what lies where in the file and in memory. Nothing is trusted: every table is
// compared with the file's size and a named limit before it is read. Sources: System V ABI (gABI) chapters 4
// and 5; Microsoft, "PE Format".
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/source.h"

namespace stella::object {

inline constexpr std::size_t kSectionsMax = std::size_t{1} << 17;
inline constexpr std::size_t kSegmentsMax = 4096;
inline constexpr std::size_t kSectionNamesMaxBytes = std::size_t{16} << 20;
inline constexpr std::size_t kSectionNameMaxBytes = 4096;
inline constexpr std::size_t kFileRegionsMax = std::size_t{1} << 17;

enum class Format { kElf, kPe };
enum class Kind { kExecutable, kSharedObject, kRelocatable, kCore };
enum class Machine { kX86, kX64, kArm, kArm64, kRiscV, kPowerPc, kMips, kSystemZ, kLoongArch, kOther };

[[nodiscard]] std::string_view to_string(Format format);    // "elf", "pe"
[[nodiscard]] std::string_view to_string(Kind kind);        // "executable", "shared object" …
[[nodiscard]] std::string_view to_string(Machine machine);  // "x86-64", "aarch64" …

enum class SectionType {
  kBits,
  kNoBits,
  kSymbols,
  kDynamicSymbols,
  kStrings,
  kRelocations,
  kDynamic,
  kNote,
  kOther
};

struct Section {
  std::string name{};
  SectionType type = SectionType::kBits;
  std::uint64_t address = 0;  // PE: with the image base
  std::uint64_t memory_size = 0;
  std::uint64_t file_offset = 0;
  std::uint64_t file_size =
      0;  // bytes in the file; 0 for NOBITS and for a section that does not lie within the file
  bool allocated = false;
  bool executable = false;
  bool writable = false;
  bool outside_file = false;  // claims bytes that the file does not have
  std::uint32_t link = 0;     // ELF sh_link, sh_info, sh_entsize, sh_type
  std::uint32_t info = 0;
  std::uint64_t entry_size = 0;
  std::uint32_t raw_type = 0;
};

// What the loader maps. PE: the headers and each section.
struct Segment {
  std::uint64_t file_offset = 0;
  std::uint64_t file_size = 0;  // cut to the end of the file
  std::uint64_t address = 0;
  std::uint64_t memory_size = 0;
  bool executable = false;
  bool writable = false;
};

struct FileRange {
  std::uint64_t offset_bytes = 0;
  std::uint64_t size_bytes = 0;

  friend bool operator==(const FileRange&, const FileRange&) = default;
};

struct Image {
  Format format = Format::kElf;
  Kind kind = Kind::kExecutable;
  Machine machine = Machine::kOther;
  std::uint32_t machine_number = 0;  // ELF e_machine, PE Machine
  std::uint32_t flags = 0;           // ELF e_flags, PE Characteristics
  unsigned bits = 64;                // 32 or 64
  std::endian byte_order = std::endian::little;
  std::uint64_t entry = 0;  // address; 0 when there is none
  std::uint64_t image_base = 0;
  std::vector<Section> sections{};  // in the file's order; ELF: index 0 is the empty section
  std::vector<Segment> segments{};
  std::vector<FileRange> directories{};        // PE data directories: offset is relative to image_base
  FileRange headers{};                         // from the file's beginning
  FileRange section_headers{};                 // ELF
  FileRange signatures{};                      // PE attribute certificates
  FileRange coff_symbols{};                    // PE symbol table; strings follow it
  std::vector<FileRange> dynamic_and_notes{};  // ELF PT_DYNAMIC and PT_NOTE, for files without sections
  FileRange dynamic{};                         // ELF PT_DYNAMIC
  std::uint64_t eh_frame_header = 0;           // address of ELF PT_GNU_EH_FRAME
  // What PT_DYNAMIC names in a program without section headers: strings, symbols and relocations, linked to
  // each other by their indexes here; the first is empty.
  std::vector<Section> dynamic_tables{};
};

// Whether the first bytes (8 are enough) are those of ELF or of a DOS/PE program.
[[nodiscard]] bool looks_like_executable(ByteView first_bytes);

// Errors: kUnsupported for what is neither ELF nor PE, or of an unknown class; kCorrupt for tables that leave
// the file; kLimitExceeded; kIo.
[[nodiscard]] Result<Image> read_image(const ByteSource& file);

struct FileRegion {
  // The section's name, or "(headers)", "(section headers)", "(signature)", "(gap)", "(overlay)", "(rest)";
  // "(segment)" in a program without section headers.
  std::string name{};
  std::uint64_t offset_bytes = 0;
  std::uint64_t size_bytes = 0;

  friend bool operator==(const FileRegion&, const FileRegion&) = default;
};

// Disjoint, ordered, none empty, covering [0, file_size) exactly. Of overlapping sections the earlier one
// keeps the bytes. With more than kFileRegionsMax of them, the last is "(rest)".
[[nodiscard]] std::vector<FileRegion> file_regions(const Image& image, std::uint64_t file_size);

}  // namespace stella::object
