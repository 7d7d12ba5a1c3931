#include "stella/object/image.h"

#include <algorithm>

#include <fmt/format.h>

#include "formats.h"

namespace stella::object {

std::string_view to_string(Format format) { return format == Format::kElf ? "elf" : "pe"; }

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::kExecutable:
      return "executable";
    case Kind::kSharedObject:
      return "shared object";
    case Kind::kRelocatable:
      return "relocatable object";
    case Kind::kCore:
      return "core dump";
  }
  return "executable";
}

std::string_view to_string(Machine machine) {
  switch (machine) {
    case Machine::kX86:
      return "i386";
    case Machine::kX64:
      return "x86-64";
    case Machine::kArm:
      return "arm";
    case Machine::kArm64:
      return "aarch64";
    case Machine::kRiscV:
      return "riscv";
    case Machine::kPowerPc:
      return "powerpc";
    case Machine::kMips:
      return "mips";
    case Machine::kSystemZ:
      return "s390x";
    case Machine::kLoongArch:
      return "loongarch";
    case Machine::kOther:
      return "other";
  }
  return "other";
}

namespace {

bool is_elf(ByteView bytes) {
  return bytes.size() >= 4 && bytes[0] == 0x7f && bytes[1] == 'E' && bytes[2] == 'L' && bytes[3] == 'F';
}
bool is_dos(ByteView bytes) { return bytes.size() >= 2 && bytes[0] == 'M' && bytes[1] == 'Z'; }

}  // namespace

bool looks_like_executable(ByteView first_bytes) { return is_elf(first_bytes) || is_dos(first_bytes); }

Result<Bytes> read_range(const ByteSource& file, std::uint64_t offset, std::uint64_t size,
                         std::uint64_t size_max, std::string_view what) {
  if (!within(offset, size, file.size())) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = fmt::format("the {} lies outside of the file", what),
                 .where = file.name(),
                 .expected = fmt::format("at most {} bytes", file.size()),
                 .found = fmt::format("offset {} and {} bytes", offset, size)});
  }
  if (size > size_max) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = fmt::format("the {} is too large", what),
                 .where = file.name(),
                 .expected = fmt::format("at most {} bytes", size_max),
                 .found = fmt::format("{} bytes", size)});
  }
  Bytes bytes(size);
  STELLA_CHECK(file.read_at(offset, bytes));
  return bytes;
}

Result<Image> read_image(const ByteSource& file) {
  STELLA_TRY(const Bytes magic,
             read_range(file, 0, std::min<std::uint64_t>(file.size(), 4), 4, "first bytes"));
  if (is_elf(magic)) return read_elf(file);
  if (is_dos(magic)) return read_pe(file);
  return fail(
      {.code = ErrorCode::kUnsupported,
       .message = "this is not a program",
       .where = file.name(),
       .expected = "an ELF or PE file",
       .found = fmt::format("a file of {} bytes that begins with neither \\x7fELF nor MZ", file.size())});
}

}  // namespace stella::object
