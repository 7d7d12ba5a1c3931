#include "match_operands.h"

#include <algorithm>
#include <array>
#include <utility>

#include "stella/base/parallel.h"

namespace stella::delta {
namespace {

// Blocks are scanned alone. A multiple of 64, so that no two share a word of bits.
constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
constexpr std::size_t kImageAlignmentBytes = 512;
constexpr std::size_t kX86InstructionMaxBytes = 15;

enum Lead : std::uint8_t { kNone, kBranch, kEscape, kRipModrm };

constexpr std::array<std::uint8_t, 256> make_leads() {
  std::array<std::uint8_t, 256> leads{};
  leads[0xE8] = leads[0xE9] = kBranch;
  leads[0x0F] = kEscape;
  for (std::size_t reg = 0; reg < 8; ++reg) leads[0x05 | reg << 3] = kRipModrm;
  return leads;
}
constexpr auto kLeads = make_leads();

// One-byte opcodes that are often followed by a ModRM byte with a RIP-relative operand.
constexpr std::array<bool, 256> make_modrm_opcodes() {
  std::array<bool, 256> opcodes{};
  for (const int opcode : {0x01, 0x03, 0x09, 0x0B, 0x21, 0x23, 0x29, 0x2B, 0x31, 0x33, 0x38, 0x39, 0x3A, 0x3B,
                           0x63, 0x69, 0x6B, 0x80, 0x81, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8B,
                           0x8D, 0xC6, 0xC7, 0xD8, 0xD9, 0xDB, 0xDC, 0xDD, 0xF6, 0xF7, 0xFE, 0xFF}) {
    opcodes[static_cast<std::size_t>(opcode)] = true;
  }
  return opcodes;
}
constexpr auto kModrmOpcodes = make_modrm_opcodes();

// Displacements within 128 MiB, which bounds the distances inside almost all programs.
bool plausible_displacement(const std::uint8_t* at) {
  const std::uint8_t top = at[3];
  return top <= 0x07 || top >= 0xF8;
}

bool takes_modrm(const std::uint8_t* begin, const std::uint8_t* at) {
  const auto before = static_cast<std::size_t>(at - begin);
  if (before < 1) return false;
  if (kModrmOpcodes[at[-1]]) return true;
  if (before >= 2 && at[-2] == 0x0F) return true;                             // two-byte opcodes
  return (before >= 3 && at[-3] == 0xC5) || (before >= 4 && at[-4] == 0xC4);  // VEX
}

// Offset of the displacement that an instruction with a lead byte at `at` has, or 0.
std::size_t displacement(const std::uint8_t* begin, const std::uint8_t* at) {
  switch (kLeads[*at]) {
    case kBranch:
      return plausible_displacement(at + 1) ? 1 : 0;
    case kEscape:
      return (at[1] & 0xF0) == 0x80 && plausible_displacement(at + 2) ? 2 : 0;
    case kRipModrm:
      return plausible_displacement(at + 1) && takes_modrm(begin, at) ? 1 : 0;
    default:
      return 0;
  }
}

void scan_x86(ByteView bytes, std::size_t begin, std::size_t end, Operands& operands) {
  const std::uint8_t* data = bytes.data();
  std::size_t i = begin;
  while (i < end) {
    if (kLeads[data[i]] == kNone) {
      ++i;
      continue;
    }
    const bool room = bytes.size() - i >= kX86InstructionMaxBytes;
    const std::size_t at = room ? displacement(data + begin, data + i) : 0;
    if (at == 0 || i + at + 4 > end) {
      ++i;
      continue;
    }
    operands.mark(i + at, 4);
    i += at + 4;
  }
}

void scan_aarch64(ByteView bytes, std::size_t begin, std::size_t end, Operands& operands) {
  bool after_adrp = false;
  for (std::size_t i = begin; i + 4 <= end; i += 4) {
    const auto word = load_le<std::uint32_t>(bytes.data() + i);
    const bool adrp = (word & 0x9F00'0000) == 0x9000'0000;
    if ((word & 0x7C00'0000) == 0x1400'0000) {
      operands.mark(i, 3);  // B, BL: 26 bits, two of them beside the opcode
    } else if (adrp) {
      operands.mark(i, 4);
    } else if (after_adrp && ((word & 0xFF80'0000) == 0x9100'0000 || (word & 0x3B00'0000) == 0x3900'0000)) {
      operands.mark(i + 1, 2);  // ADD, LDR, STR: the low 12 bits of the address
    }
    after_adrp = adrp;
  }
}

// Aligned words with the high half of an address of a small image: 0, or 1 as in 64-bit PE files.
void scan_pointers(ByteView bytes, std::size_t begin, std::size_t end, Operands& operands) {
  constexpr std::uint32_t kLowestAddress = 0x1000;
  for (std::size_t i = begin; i + 8 <= end; i += 8) {
    const auto word = load_le<std::uint64_t>(bytes.data() + i);
    if (word >> 33 == 0 && static_cast<std::uint32_t>(word) >= kLowestAddress) operands.mark(i, 4);
  }
}

enum class Machine : std::uint8_t { kX86, kAarch64 };

// The machine of an image that begins at `offset`, if one does.
const Machine* machine_at(ByteView bytes, std::size_t offset) {
  static constexpr Machine kX86 = Machine::kX86;
  static constexpr Machine kAarch64 = Machine::kAarch64;
  if (bytes.size() - offset < 64) return nullptr;
  const std::uint8_t* at = bytes.data() + offset;
  if (load_be<std::uint32_t>(at) == 0x7F45'4C46)
    return load_le<std::uint16_t>(at + 18) == 183 ? &kAarch64 : &kX86;
  if (at[0] != 'M' || at[1] != 'Z') return nullptr;
  const auto header = load_le<std::uint32_t>(at + 60);
  if (header > bytes.size() - offset || bytes.size() - offset - header < 6) return nullptr;
  if (load_be<std::uint32_t>(at + header) != 0x5045'0000) return nullptr;
  return load_le<std::uint16_t>(at + header + 4) == 0xAA64 ? &kAarch64 : &kX86;
}

}  // namespace

void Operands::copy_shape(ByteView from, std::size_t offset, MutableByteView to) const {
  std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(offset), to.size(), to.begin());
  if (words_.empty()) return;
  const std::size_t end = offset + to.size();
  for (std::size_t word = offset / 64; word * 64 < end; ++word) {
    for (std::uint64_t bits = words_[word]; bits != 0; bits &= bits - 1) {
      const std::size_t at = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
      if (at >= offset && at < end) to[at - offset] = 0;
    }
  }
}

Result<Operands> find_operands(ByteView bytes, unsigned threads) {
  Operands operands(bytes.size());
  std::vector<std::pair<std::size_t, Machine>> images{{0, Machine::kX86}};
  for (std::size_t offset = 0; offset < bytes.size(); offset += kImageAlignmentBytes) {
    if (const Machine* machine = machine_at(bytes, offset)) images.emplace_back(offset, *machine);
  }
  const std::size_t blocks = (bytes.size() + kBlockBytes - 1) / kBlockBytes;
  STELLA_CHECK(parallel_for(blocks, threads, [&](std::size_t block) -> Status {
    std::size_t begin = block * kBlockBytes;
    const std::size_t block_end = std::min(begin + kBlockBytes, bytes.size());
    auto next = std::upper_bound(images.begin(), images.end(), begin,
                                 [](std::size_t offset, const auto& image) { return offset < image.first; });
    while (begin < block_end) {
      const std::size_t end = next == images.end() ? block_end : std::min(block_end, next->first);
      if (std::prev(next)->second == Machine::kX86) {
        scan_x86(bytes, begin, end, operands);
      } else {
        scan_aarch64(bytes, begin, end, operands);
      }
      scan_pointers(bytes, begin, end, operands);
      begin = end;
      if (next != images.end()) ++next;
    }
    return {};
  }));
  return operands;
}

}  // namespace stella::delta
