// References of x86 instructions: relative jumps, RIP-relative and absolute memory operands, immediates that
// are addresses.
#include <algorithm>

#include "decoder_state.h"

namespace stella::executable {
namespace {

// Operands of a memory reference, in LLVM's order.
constexpr unsigned kBase = 0, kIndex = 2, kDisplacement = 3, kSegment = 4, kMemoryOperands = 5;
constexpr std::uint8_t kLoadAddress = 1, kExchange = 2;  // OpcodeInfo::kind

bool starts_with_any(std::string_view name, std::initializer_list<std::string_view> beginnings) {
  return std::ranges::any_of(beginnings,
                             [&](std::string_view beginning) { return name.starts_with(beginning); });
}

// The same instruction under one name, however long its immediate or distance is encoded.
std::string common_name(std::string_view name) {
  for (const std::string_view jump : {"JMP_", "JCC_"}) {
    if (name.starts_with(jump)) return std::string(jump.substr(0, 3));
  }
  if (name.ends_with("ri8") || name.ends_with("mi8")) return std::string(name.substr(0, name.size() - 1));
  return std::string(name);
}

// How many bytes an instruction reads from memory, as its name tells; 0 where it does not.
std::uint8_t load_bytes_of(std::string_view name) {
  const auto has = [&](std::string_view part) { return name.find(part) != std::string_view::npos; };
  if (has("rm8")) return 1;
  if (has("rm16")) return 2;
  if (has("rm32")) return 4;
  if (has("SDrm") || has("SDZrm") || name == "MOVQI2PQIrm" || has("_F64m")) return 8;
  if (has("SSrm") || has("SSZrm") || name == "MOVDI2PDIrm" || has("_F32m")) return 4;
  if (has("Z256rm") || has("Yrm")) return 32;
  if (has("Z128rm")) return 16;
  if (has("Zrm")) return 64;
  if (starts_with_any(name, {"MOVHP", "MOVLP", "VMOVHP", "VMOVLP", "CVT", "VCVT"})) return 0;
  if (has("PDrm") || has("PSrm") || has("DQArm") || has("DQUrm")) return 16;
  if (starts_with_any(name,
                      {"MOV", "ADD", "SUB", "CMP", "AND", "OR", "XOR", "IMUL", "TEST", "CMOV", "PUSH"})) {
    if (has("64rm") || has("64mi") || has("64mr") || has("64rmm")) return 8;
    if (has("32rm") || has("32mi") || has("32mr")) return 4;
    if (has("16rm") || has("16mi") || has("16mr")) return 2;
    if (has("8rm") || has("8mi") || has("8mr")) return 1;
  }
  return starts_with_any(name, {"JMP64m", "CALL64m", "PUSH64rmm"}) ? 8
         : starts_with_any(name, {"JMP32m", "CALL32m"})            ? 4
                                                                   : 0;
}

// The address that an operand of this value could be in a program that runs where it was linked.
bool is_address(const Decoder::State& state, std::int64_t value) {
  if (!state.fixed_addresses) return false;
  const auto address =
      state.bits == 32 ? static_cast<std::uint32_t>(value) : static_cast<std::uint64_t>(value);
  return address >= 0x10000 && state.space->contains(address);
}

std::uint64_t address_of(const Decoder::State& state, std::int64_t value) {
  return state.bits == 32 ? static_cast<std::uint32_t>(value) : static_cast<std::uint64_t>(value);
}

void extract_memory(Decoder::State& state, const OpcodeInfo& info, std::uint64_t next, Instruction& out) {
  const auto first = static_cast<unsigned>(info.memory_operand);
  if (first + kMemoryOperands > state.last.getNumOperands()) return;
  const llvm::MCOperand& displacement = state.last.getOperand(first + kDisplacement);
  if (!displacement.isImm()) return;
  const std::int64_t value = displacement.getImm();
  const unsigned base = state.last.getOperand(first + kBase).getReg();
  const unsigned index = state.last.getOperand(first + kIndex).getReg();
  const bool plain = index == 0 || index == state.no_index || index == state.no_index_wide;
  const std::size_t operand = first + kDisplacement;
  if (base == state.instruction_pointer && base != 0) {
    state.add_data(out, next + static_cast<std::uint64_t>(value), info.load_bytes, operand);
  } else if (state.last.getOperand(first + kSegment).getReg() == 0 && is_address(state, value)) {
    state.add_data(out, address_of(state, value), base == 0 && plain ? info.load_bytes : std::uint8_t{0},
                   operand);
  } else if (state.relative_base != 0 && !plain && base != 0 && value >= 0x1000 &&
             state.space->contains(state.relative_base + static_cast<std::uint64_t>(value))) {
    state.add_data(out, state.relative_base + static_cast<std::uint64_t>(value), 0, operand);
  }
}

// i386 code is padded with "lea 0(%esi), %esi".
bool is_padding_lea(const Decoder::State& state) {
  const llvm::MCInst& inst = state.last;
  if (inst.getNumOperands() != 1 + kMemoryOperands || !inst.getOperand(1 + kDisplacement).isImm())
    return false;
  const unsigned index = inst.getOperand(1 + kIndex).getReg();
  return inst.getOperand(0).getReg() == inst.getOperand(1 + kBase).getReg() &&
         inst.getOperand(1 + kDisplacement).getImm() == 0 &&
         (index == 0 || index == state.no_index || index == state.no_index_wide);
}

void extract(Decoder::State& state, const OpcodeInfo& info, std::uint64_t address, Instruction& out) {
  const llvm::MCInst& inst = state.last;
  const std::uint64_t next = address + out.size;
  if (info.condition_in_token && inst.getNumOperands() != 0) {
    const llvm::MCOperand& condition = inst.getOperand(inst.getNumOperands() - 1);
    if (condition.isImm()) out.token += static_cast<std::uint32_t>(condition.getImm()) * 0x9e3779b1U;
  }
  if (info.target_operand >= 0) {
    const llvm::MCOperand& operand = inst.getOperand(static_cast<unsigned>(info.target_operand));
    if (operand.isImm()) {
      out.has_target = true;
      out.target = next + static_cast<std::uint64_t>(operand.getImm());
      if (state.bits == 32) out.target &= 0xffffffff;
      state.masked |= 1U << info.target_operand;
    }
    return;
  }
  if (out.flow == Flow::kCall) out.flow = Flow::kIndirectCall;
  if (info.kind == kLoadAddress && is_padding_lea(state)) out.padding = true;
  if (info.kind == kExchange && inst.getNumOperands() >= 2 && inst.getOperand(0).isReg() &&
      inst.getOperand(1).isReg() && inst.getOperand(0).getReg() == inst.getOperand(1).getReg()) {
    out.padding = true;
  }
  if (info.memory_operand >= 0) extract_memory(state, info, next, out);
  if (!state.fixed_addresses) return;
  for (unsigned i = 0; i < inst.getNumOperands(); ++i) {
    const bool in_memory = info.memory_operand >= 0 && i >= static_cast<unsigned>(info.memory_operand) &&
                           i < static_cast<unsigned>(info.memory_operand) + kMemoryOperands;
    const llvm::MCOperand& operand = inst.getOperand(i);
    if (!in_memory && operand.isImm() && is_address(state, operand.getImm())) {
      state.add_data(out, address_of(state, operand.getImm()), 0, i);
    }
  }
}

constexpr std::size_t kRememberedBits = 12;

std::size_t slot_of(std::uint64_t bytes) {
  return (static_cast<std::uint32_t>(bytes) * 0x9e3779b1U) >> (32 - kRememberedBits);
}

}  // namespace

bool recall_x86(const Decoder::State& state, std::uint64_t bytes, Instruction& out) {
  const Decoder::State::RememberedBytes& slot = state.remembered_bytes[slot_of(bytes)];
  if (slot.mask == 0 || ((slot.bytes ^ bytes) & slot.mask) != 0) return false;
  out.token = slot.token;
  out.size = slot.size;
  out.flow = slot.flow;
  out.padding = slot.padding;
  out.trap = slot.trap;
  return true;
}

void remember_x86(Decoder::State& state, std::uint64_t bytes, const Instruction& instruction) {
  if (instruction.has_reference() || instruction.size > 8) return;
  state.remembered_bytes[slot_of(bytes)] = {bytes,
                                            ~std::uint64_t{0} >> (64 - 8 * instruction.size),
                                            instruction.token,
                                            static_cast<std::uint8_t>(instruction.size),
                                            instruction.flow,
                                            instruction.padding,
                                            instruction.trap};
}

void describe_x86(Decoder::State& state) {
  for (unsigned opcode = 0; opcode < state.opcodes.size(); ++opcode) {
    const std::string_view name = state.instructions->getName(opcode);
    OpcodeInfo& info = state.opcodes[opcode];
    info.name_hash = hash_of_name(common_name(name));
    info.token = static_cast<std::uint32_t>(info.name_hash ^ (info.name_hash >> 32));
    info.padding = name.starts_with("NOOP");
    info.trap = name == "INT3";
    info.condition_in_token = starts_with_any(name, {"JCC_", "SETCC", "CMOV"});
    const llvm::MCInstrDesc& description = state.instructions->get(opcode);
    for (unsigned i = 0; i < description.getNumOperands(); ++i) {
      if (description.operands()[i].OperandType != llvm::MCOI::OPERAND_MEMORY) continue;
      info.memory_operand = static_cast<std::int8_t>(i);
      break;
    }
    info.load_bytes = description.mayLoad() ? load_bytes_of(name) : std::uint8_t{0};
    if (starts_with_any(
            name, {"LEA16r", "LEA32r", "LEA64"})) {  // LLVM does not call its operand a memory reference
      info.kind = kLoadAddress;
      info.memory_operand = 1;
    }
    if (name.starts_with("XCHG16")) info.kind = kExchange;
  }
  for (unsigned i = 0; i < state.registers->getNumRegs(); ++i) {
    const std::string_view name = state.registers->getName(i);
    if (name == (state.bits == 64 ? "RIP" : "EIP")) state.instruction_pointer = i;
    if (name == "EIZ") state.no_index = i;
    if (name == "RIZ") state.no_index_wide = i;
  }
  state.remembered_bytes.resize(std::size_t{1} << kRememberedBits);
  state.extract = &extract;
}

}  // namespace stella::executable
