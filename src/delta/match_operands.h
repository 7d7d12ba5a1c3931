// Which bytes of a program are probably addresses: operands that change whenever code moves, though the code
// stays the same. Judged by patterns and not by disassembly: a wrong guess costs size, never correctness.
#pragma once

#include <cstdint>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/error.h"

namespace stella::delta {

// One bit a byte: set where the byte belongs to an operand. By default there are none, for bytes of any size.
class Operands {
 public:
  Operands() = default;
  explicit Operands(std::size_t size_bytes) : words_(size_bytes / 64 + 1) {}

  [[nodiscard]] bool at(std::size_t offset) const {
    return !words_.empty() && (words_[offset / 64] >> (offset % 64) & 1) != 0;
  }
  void mark(std::size_t offset) { words_[offset / 64] |= std::uint64_t{1} << (offset % 64); }
  void mark(std::size_t offset, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) mark(offset + i);
  }

  // Copies bytes [offset, offset + to.size()) of `from`, the bytes of operands as zeros.
  void copy_shape(ByteView from, std::size_t offset, MutableByteView to) const;

 private:
  std::vector<std::uint64_t> words_;
};

// Marks displacements of x86-64 and AArch64 code (the latter inside images that say so in their ELF or PE
// header, at offsets that are multiples of 512, as in plain files and tars) and aligned 8-byte words that
// look like addresses. Errors: those of parallel_for.
[[nodiscard]] Result<Operands> find_operands(ByteView bytes, unsigned threads);

}  // namespace stella::delta
