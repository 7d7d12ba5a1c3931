// What the decoder of each machine needs of LLVM. Only the files decoder*.cc include this.
#pragma once

#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstPrinter.h>
#include <llvm/MC/MCInstrAnalysis.h>
#include <llvm/MC/MCInstrDesc.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCSubtargetInfo.h>

#include "decoder.h"

namespace stella::executable {

// What is known of an opcode beforehand, so that decoding needs no look at names.
struct OpcodeInfo {
  std::uint64_t name_hash = 0;
  std::uint32_t token = 0;
  Flow flow = Flow::kNone;
  bool padding = false;
  bool trap = false;
  bool condition_in_token =
      false;                    // the last operand is a condition, which is a part of what the instruction is
  std::uint8_t load_bytes = 0;  // what it reads from memory; 0 when it does not, or is not known
  std::int8_t target_operand = -1;  // relative to the instruction
  std::int8_t memory_operand = -1;  // the first of five on x86, the base register elsewhere
  std::uint8_t kind = 0;            // for the machine's own use
  std::uint8_t scale = 0;           // of an offset operand
};

// FNV-1a over names that LLVM fixes, never over foreign bytes.
[[nodiscard]] std::uint64_t hash_of_name(std::string_view name);

struct Decoder::State {
  object::Machine machine = object::Machine::kOther;
  unsigned bits = 64;
  bool fixed_addresses = false;         // the program runs where it was linked: immediates may be addresses
  std::uint64_t relative_base = 0;      // PE x64: displacements may be offsets from the image's base
  std::uint64_t table_of_contents = 0;  // PowerPC: what r2 holds; 0 when not known
  const AddressSpace* space = nullptr;

  std::unique_ptr<llvm::MCRegisterInfo> registers;
  std::unique_ptr<llvm::MCAsmInfo> assembly;
  std::unique_ptr<llvm::MCInstrInfo> instructions;
  std::unique_ptr<llvm::MCInstrAnalysis> analysis;
  std::unique_ptr<llvm::MCInstPrinter> printer;

  // ARM has two, the second for Thumb.
  struct Mode {
    std::unique_ptr<llvm::MCSubtargetInfo> subtarget;
    std::unique_ptr<llvm::MCContext> context;
    std::unique_ptr<llvm::MCDisassembler> disassembler;
  };
  std::array<Mode, 2> modes;
  std::size_t mode = 0;

  std::vector<OpcodeInfo> opcodes;
  std::vector<std::uint64_t> register_hashes;
  llvm::MCInst last;
  std::uint32_t masked = 0;  // operands of `last` that are references, a bit each

  // Registers that hold a known address part; by the machine's own numbering.
  struct Known {
    bool valid = false;
    std::uint64_t value = 0;
  };
  std::array<Known, 32> known{};
  std::vector<std::int8_t> register_index;  // LLVM's register to that numbering, -1 for others
  unsigned instruction_pointer = 0;         // x86
  unsigned no_index = 0;                    // x86: the register that stands for no index (EIZ)
  unsigned no_index_wide = 0;               // RIZ
  std::uint8_t skip_bytes = 1;              // over what is no instruction

  // What is known of instruction words seen before, on machines whose words always mean the same (AArch64).
  struct Remembered {
    std::uint32_t word = 0;
    std::uint32_t token = 0;
    Flow flow = Flow::kNone;
    bool used = false;
    bool padding = false;
    bool trap = false;
    std::int8_t base = -1;  // the register that must hold no known address for this to be all there is to say
    std::array<std::int8_t, 2> written{-1, -1};
  };
  std::vector<Remembered> remembered;  // by hash of the word; empty: do not remember

  // The same for x86, whose instructions end where their own bytes say: those of up to 8 bytes without
  // references.
  struct RememberedBytes {
    std::uint64_t bytes = 0;
    std::uint64_t mask = 0;  // which of them belong to the instruction; 0: unused
    std::uint32_t token = 0;
    std::uint8_t size = 0;
    Flow flow = Flow::kNone;
    bool padding = false;
    bool trap = false;
  };
  std::vector<RememberedBytes> remembered_bytes;  // by hash of the first four bytes; empty: do not remember

  void (*extract)(State& state, const OpcodeInfo& info, std::uint64_t address, Instruction& out) = nullptr;

  void add_data(Instruction& out, std::uint64_t address, std::uint8_t load_bytes, std::size_t operand) {
    if (out.data_count < out.data.size()) out.data[out.data_count++] = {address, load_bytes};
    masked |= operand < 32 ? 1U << operand : 0U;
  }
};

// Answers for a word seen before; false when it must be decoded. `last` is then not the instruction.
[[nodiscard]] bool recall_arm64(Decoder::State& state, std::uint32_t word, Instruction& out);
void remember_arm64(Decoder::State& state, std::uint32_t word, const Instruction& instruction);

// `bytes` are the eight from the instruction's beginning on.
[[nodiscard]] bool recall_x86(const Decoder::State& state, std::uint64_t bytes, Instruction& out);
void remember_x86(Decoder::State& state, std::uint64_t bytes, const Instruction& instruction);

void describe_x86(Decoder::State& state);
void describe_arm64(Decoder::State& state);
void describe_other(Decoder::State& state);

}  // namespace stella::executable
