// Small programs made by hand, and programs of the machine that the tests run on.
#pragma once

#include <array>
#include <bit>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "stella/base/bytes.h"

namespace stella::object {

class Builder {
 public:
  explicit Builder(std::endian order) : order_(order) {}
  void put(std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) {
      const std::size_t shift = order_ == std::endian::little ? i : width - 1 - i;
      bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * shift)));
    }
  }
  void text(std::string_view text, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i)
      bytes_.push_back(i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0);
  }
  [[nodiscard]] Bytes& bytes() { return bytes_; }

 private:
  std::endian order_;
  Bytes bytes_;
};

// Header, one segment, .text of 16 bytes, names, three section headers.
inline Bytes small_elf(unsigned bits, std::endian order) {
  const bool wide = bits == 64;
  const std::size_t native = wide ? 8 : 4, header = wide ? 64 : 52, program = wide ? 56 : 32,
                    section = wide ? 64 : 40;
  const std::size_t code = header + program, names = code + 16, sections = names + 17;
  Builder out(order);
  out.text(
      "\x7f"
      "ELF",
      4);
  out.put(wide ? 2 : 1, 1);
  out.put(order == std::endian::little ? 1 : 2, 1);
  out.put(1, 1);
  out.text("", 9);
  out.put(2, 2), out.put(62, 2), out.put(1, 4);
  out.put(0x401000, native), out.put(header, native), out.put(sections, native);
  out.put(0, 4), out.put(header, 2), out.put(program, 2), out.put(1, 2), out.put(section, 2), out.put(3, 2),
      out.put(2, 2);
  out.put(1, 4);
  if (wide) out.put(5, 4);
  out.put(0, native), out.put(0x400000, native), out.put(0x400000, native), out.put(names, native),
      out.put(names, native);
  if (!wide) out.put(5, 4);
  out.put(0x1000, native);
  out.text("\xc3", 16);
  out.text(std::string_view("\0.text\0.shstrtab\0", 17), 17);
  out.text("", section);
  const auto put_section = [&](unsigned name, unsigned type, unsigned flags, std::uint64_t address,
                               std::uint64_t offset, std::uint64_t size) {
    out.put(name, 4), out.put(type, 4), out.put(flags, native), out.put(address, native),
        out.put(offset, native);
    out.put(size, native), out.put(0, 4), out.put(0, 4), out.put(1, native), out.put(0, native);
  };
  put_section(1, 1, 6, 0x401000, code, 16);
  put_section(7, 3, 0, 0, names, 17);
  return out.bytes();
}

// PE32+ with one section of 512 bytes and a signature of 16.
inline Bytes small_pe() {
  Builder out(std::endian::little);
  out.text("MZ", 60), out.put(64, 4);
  out.text("PE", 4), out.put(0x8664, 2), out.put(1, 2), out.put(0, 4), out.put(0, 4), out.put(0, 4),
      out.put(240, 2), out.put(0x22, 2);
  const std::size_t optional = out.bytes().size();
  out.put(0x20b, 2), out.text("", 14), out.put(0x1000, 4), out.put(0x1000, 4), out.put(0x140000000, 8);
  out.put(0x1000, 4), out.put(0x200, 4), out.text("", 20), out.put(0x200, 4);
  out.text("", optional + 108 - out.bytes().size()), out.put(16, 4);
  out.text("", 32), out.put(0x600, 4), out.put(16, 4), out.text("", 88);
  out.text(".text", 8), out.put(0x10, 4), out.put(0x1000, 4), out.put(0x200, 4), out.put(0x400, 4),
      out.text("", 12), out.put(0x60000020, 4);
  out.text("", 0x400 - out.bytes().size());
  out.text("\xc3", 0x200), out.text("signature", 16);
  return out.bytes();
}

inline std::string output_of(const std::string& command) {
  std::string text;
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::array<char, 65536> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe.get()))
    text.append(buffer.data(), count);
  return text;
}

// A few ELF programs and libraries that every Debian has, and the test itself.
inline std::vector<std::string> programs_of_this_machine() {
  std::vector<std::string> paths{std::filesystem::read_symlink("/proc/self/exe").string()};
  for (const char* path :
       {"/bin/ls", "/usr/bin/grep", "/bin/bash", "/usr/bin/env", "/lib/x86_64-linux-gnu/libz.so.1",
        "/usr/lib/x86_64-linux-gnu/libz.so.1", "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
        "/usr/lib/x86_64-linux-gnu/libm.so.6"}) {
    if (std::filesystem::is_regular_file(path)) paths.emplace_back(path);
  }
  return paths;
}

}  // namespace stella::object
