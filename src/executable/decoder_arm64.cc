// References of AArch64 instructions: branches, literals, and addresses made of a page (adrp) and an offset
// within it.
#include <algorithm>

#include "decoder_state.h"

namespace stella::executable {
namespace {

// OpcodeInfo::kind
constexpr std::uint8_t kPage = 1;        // adrp
constexpr std::uint8_t kAddress = 2;     // adr
constexpr std::uint8_t kLiteral = 3;     // ldr from a place near the instruction
constexpr std::uint8_t kAddOffset = 4;   // add with an immediate
constexpr std::uint8_t kLoadOffset = 5;  // ldr, str with a scaled offset
constexpr unsigned kCallClobbered = 18;  // x0 to x17 do not survive a call

struct Scaled {
  std::string_view name;
  std::uint8_t bytes;
};
constexpr std::array kScaled{
    Scaled{"LDRBBui", 1},  Scaled{"LDRHHui", 2},  Scaled{"LDRWui", 4},   Scaled{"LDRXui", 8},
    Scaled{"LDRBui", 1},   Scaled{"LDRHui", 2},   Scaled{"LDRSui", 4},   Scaled{"LDRDui", 8},
    Scaled{"LDRQui", 16},  Scaled{"LDRSWui", 4},  Scaled{"LDRSBWui", 1}, Scaled{"LDRSBXui", 1},
    Scaled{"LDRSHWui", 2}, Scaled{"LDRSHXui", 2}, Scaled{"STRBBui", 1},  Scaled{"STRHHui", 2},
    Scaled{"STRWui", 4},   Scaled{"STRXui", 8},   Scaled{"STRBui", 1},   Scaled{"STRHui", 2},
    Scaled{"STRSui", 4},   Scaled{"STRDui", 8},   Scaled{"STRQui", 16},  Scaled{"PRFMui", 8}};

std::uint8_t literal_bytes(std::string_view name) {
  if (name == "LDRWl" || name == "LDRSl" || name == "LDRSWl") return 4;
  if (name == "LDRXl" || name == "LDRDl") return 8;
  return name == "LDRQl" ? 16 : 0;
}

Decoder::State::Known* known_register(Decoder::State& state, const llvm::MCOperand& operand) {
  if (!operand.isReg()) return nullptr;
  const std::int8_t index = state.register_index[operand.getReg()];
  return index < 0 ? nullptr : &state.known[static_cast<std::size_t>(index)];
}

void forget_written(Decoder::State& state) {
  const unsigned written = state.instructions->get(state.last.getOpcode()).getNumDefs();
  for (unsigned i = 0; i < written && i < state.last.getNumOperands(); ++i) {
    if (Decoder::State::Known* known = known_register(state, state.last.getOperand(i))) known->valid = false;
  }
}

void forget_call_clobbered(Decoder::State& state) {
  for (unsigned i = 0; i < kCallClobbered; ++i) state.known[i].valid = false;
}

void extract_branch(Decoder::State& state, const OpcodeInfo& info, std::uint64_t address, Instruction& out) {
  const llvm::MCOperand& operand = state.last.getOperand(static_cast<unsigned>(info.target_operand));
  if (operand.isImm()) {
    out.has_target = true;
    out.target = address + static_cast<std::uint64_t>(operand.getImm()) * 4;
    state.masked |= 1U << info.target_operand;
  }
}

void extract(Decoder::State& state, const OpcodeInfo& info, std::uint64_t address, Instruction& out) {
  const llvm::MCInst& inst = state.last;
  const auto immediate = [&](unsigned i) { return static_cast<std::uint64_t>(inst.getOperand(i).getImm()); };
  const bool has_immediate = inst.getNumOperands() > 1 && inst.getOperand(1).isImm();
  if (info.condition_in_token && inst.getNumOperands() != 0 && inst.getOperand(0).isImm()) {
    out.token += static_cast<std::uint32_t>(inst.getOperand(0).getImm()) * 0x9e3779b1U;
  }
  // HINT #0 is a nop; others are hints to the processor, such as landing pads.
  if (info.padding && inst.getNumOperands() != 0 && inst.getOperand(0).isImm() && immediate(0) != 0)
    out.padding = false;
  if (info.kind == kPage && has_immediate) {
    state.masked |= 2;
    out.address_part = true;
    if (auto* known = known_register(state, inst.getOperand(0))) {
      *known = {true, (address & ~std::uint64_t{0xfff}) + immediate(1) * 0x1000};
    }
    return;
  }
  if (info.kind == kAddress && has_immediate) {
    state.add_data(out, address + immediate(1), 0, 1);
  } else if (info.kind == kLiteral && has_immediate) {
    state.add_data(out, address + immediate(1) * 4, info.load_bytes, 1);
  } else if (info.kind == kAddOffset || info.kind == kLoadOffset) {
    const auto* known = inst.getNumOperands() > 2 ? known_register(state, inst.getOperand(1)) : nullptr;
    const bool shifted = info.kind == kAddOffset && inst.getNumOperands() > 3 && inst.getOperand(3).isImm() &&
                         immediate(3) != 0;
    if (known != nullptr && known->valid && inst.getOperand(2).isImm() && !shifted) {
      state.add_data(out, known->value + immediate(2) * info.scale, info.load_bytes, 2);
    }
  } else if (info.target_operand >= 0) {
    extract_branch(state, info, address, out);
  } else if (out.flow == Flow::kCall) {
    out.flow = Flow::kIndirectCall;
  }
  forget_written(state);
  if (out.flow == Flow::kCall || out.flow == Flow::kIndirectCall) forget_call_clobbered(state);
}

constexpr std::size_t kRememberedBits = 14;

Decoder::State::Remembered& slot_of(Decoder::State& state, std::uint32_t word) {
  return state.remembered[(word * 0x9e3779b1U) >> (32 - kRememberedBits)];
}

}  // namespace

bool recall_arm64(Decoder::State& state, std::uint32_t word, Instruction& out) {
  const Decoder::State::Remembered& slot = slot_of(state, word);
  if (!slot.used || slot.word != word) return false;
  if (slot.base >= 0 && state.known[static_cast<std::size_t>(slot.base)].valid) return false;
  out.token = slot.token;
  out.size = 4;
  out.flow = slot.flow;
  out.padding = slot.padding;
  out.trap = slot.trap;
  for (const std::int8_t index : slot.written) {
    if (index >= 0) state.known[static_cast<std::size_t>(index)].valid = false;
  }
  if (out.flow == Flow::kIndirectCall) forget_call_clobbered(state);
  return true;
}

void remember_arm64(Decoder::State& state, std::uint32_t word, const Instruction& instruction) {
  const OpcodeInfo& info = state.opcodes[state.last.getOpcode()];
  const unsigned written = state.instructions->get(state.last.getOpcode()).getNumDefs();
  if (instruction.has_reference() || info.kind == kPage || written > 2 ||
      written > state.last.getNumOperands())
    return;
  Decoder::State::Remembered slot{
      word, instruction.token, instruction.flow, true, instruction.padding, instruction.trap, -1, {-1, -1}};
  const auto index_of = [&](unsigned operand) {
    return state.last.getOperand(operand).isReg()
               ? state.register_index[state.last.getOperand(operand).getReg()]
               : std::int8_t{-1};
  };
  for (unsigned i = 0; i < written; ++i) slot.written[i] = index_of(i);
  if ((info.kind == kAddOffset || info.kind == kLoadOffset) && state.last.getNumOperands() > 2)
    slot.base = index_of(1);
  slot_of(state, word) = slot;
}

void describe_arm64(Decoder::State& state) {
  for (unsigned opcode = 0; opcode < state.opcodes.size(); ++opcode) {
    const std::string_view name = state.instructions->getName(opcode);
    OpcodeInfo& info = state.opcodes[opcode];
    info.name_hash = hash_of_name(name);
    info.token = static_cast<std::uint32_t>(info.name_hash ^ (info.name_hash >> 32));
    info.condition_in_token = name == "Bcc";
    info.padding = name == "HINT";
    info.trap = name == "UDF" || name == "BRK";
    if (name == "ADRP") info.kind = kPage;
    if (name == "ADR") info.kind = kAddress;
    if (name == "ADDXri") info.kind = kAddOffset, info.scale = 1;
    if (literal_bytes(name) != 0) info.kind = kLiteral, info.load_bytes = literal_bytes(name);
    if (const auto found = std::ranges::find(kScaled, name, &Scaled::name); found != kScaled.end()) {
      info.kind = kLoadOffset;
      info.scale = found->bytes;
      info.load_bytes = name.starts_with("LDR") ? found->bytes : std::uint8_t{0};
    }
    if (info.kind == kPage || info.kind == kAddress || info.kind == kLiteral) info.target_operand = -1;
  }
  for (unsigned i = 0; i < state.registers->getNumRegs(); ++i) {
    const std::string_view name = state.registers->getName(i);
    if (name.size() < 2 || (name[0] != 'X' && name[0] != 'W')) continue;
    int index = 0;
    bool number = true;
    for (const char digit : name.substr(1)) {
      number = number && digit >= '0' && digit <= '9';
      index = number ? index * 10 + (digit - '0') : index;
    }
    if (number && index < 31) state.register_index[i] = static_cast<std::int8_t>(index);
  }
  state.skip_bytes = 4;
  state.remembered.resize(std::size_t{1} << kRememberedBits);
  state.extract = &extract;
}

}  // namespace stella::executable
