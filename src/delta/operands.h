// Finds what looks like address operands in bytes of the base, by pattern and not by disassembly: what is
// wrong about a byte costs a little space and never correctness. Sources: Intel SDM volume 2 (rel32,
// RIP-relative ModRM); Arm ARM C6.2 (B, BL); docs/format/delta.md, section 7.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "address_map.h"
#include "tracks.h"

namespace stella::delta {

enum class OperandClass : std::uint8_t {
  kCall,
  kJump,
  kBranch,
  kRipRelative,
  kArmBranch,
  kSelf32,
  kTable32,
  kWord64,
  kOffset32
};

// An address operand of the base, and what becomes of it. Words are as they stand in the file.
struct Operand {
  std::size_t at = 0;    // in the part that is scanned
  std::size_t size = 4;  // bytes
  OperandClass cls = OperandClass::kCall;
  std::uint64_t base_word = 0;
  std::uint64_t referent = 0;       // the address that it names in the base
  std::uint64_t target_origin = 0;  // what the target's word is relative to
  std::uint64_t predicted = 0;      // the address that it should name in the target
  bool covered = false;             // predicted through a segment

  // The word that names `address` in the target, and the address that `word` names.
  [[nodiscard]] std::uint64_t word_for(std::uint64_t address) const {
    const std::uint64_t relative = address - target_origin;
    if (cls == OperandClass::kArmBranch) return (base_word & 0xfc000000U) | (relative >> 2 & 0x03ffffffU);
    return size == 8 ? relative : relative & 0xffffffffU;
  }
  [[nodiscard]] std::uint64_t target_of(std::uint64_t word) const {
    if (cls == OperandClass::kArmBranch) {
      return target_origin + static_cast<std::uint64_t>(static_cast<std::int64_t>(word << 38) >> 36);
    }
    if (size == 8) return target_origin + word;
    return target_origin + static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(word)});
  }
  [[nodiscard]] std::uint64_t load(const std::uint8_t* at_byte) const {
    return size == 8 ? load_le<std::uint64_t>(at_byte) : load_le<std::uint32_t>(at_byte);
  }
  void store(std::uint8_t* at_byte, std::uint64_t word) const {
    if (size == 8) {
      store_le(at_byte, word);
    } else {
      store_le(at_byte, static_cast<std::uint32_t>(word));
    }
  }
};

class OperandScanner {
 public:
  // All are borrowed.
  OperandScanner(const Images& images, const AddressMap& map, const Tracks* tracks = nullptr)
      : images_(images), map_(map), tracks_(tracks) {}

  // Goes on with another part, whose bytes `base` are. Without an area, or where either side is not loaded,
  // nothing is found in it.
  void start(const Area* area, ByteView base, std::uint64_t base_offset_bytes,
             std::uint64_t target_offset_bytes);

  // The operands that begin in [from, end), in order, none overlapping. They may end behind `end`.
  [[nodiscard]] std::span<const Operand> scan(std::size_t from, std::size_t end);
  // Where the last operand found ends.
  [[nodiscard]] std::size_t free_from() const { return free_from_; }

 private:
  void scan_x64(std::size_t from, std::size_t end);
  void scan_words64(std::size_t from, std::size_t end);
  void scan_words32(std::size_t from, std::size_t end);
  bool add_offset(std::size_t at);
  bool add(std::size_t at, std::size_t size, OperandClass cls, std::uint64_t word, std::uint64_t base_origin,
           std::uint64_t target_origin);
  [[nodiscard]] bool in_image(std::uint64_t address) const { return address - low_ < size_; }

  const Images& images_;
  const AddressMap& map_;
  const Tracks* tracks_;
  const Area* area_ = nullptr;
  ByteView base_;
  std::uint64_t base_offset_ = 0;
  std::uint64_t base_address_ = 0;  // of the part's first byte
  std::uint64_t target_address_ = 0;
  std::uint64_t low_ = 0;  // the image's addresses in the base
  std::uint64_t size_ = 0;
  std::size_t free_from_ = 0;
  std::size_t count_ = 0;
  std::array<Operand, 32> found_;
};

}  // namespace stella::delta
