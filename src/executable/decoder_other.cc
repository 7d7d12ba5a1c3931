// References on the other machines: what LLVM's own analysis says of branches, and addresses made of two
// parts, the high one in a register.
#include <algorithm>
#include <array>

#include "decoder_state.h"

namespace stella::executable {
namespace {

using object::Machine;

// OpcodeInfo::kind
constexpr std::uint8_t kHighRelative = 1;  // upper part, counted from the instruction
constexpr std::uint8_t kHighPage = 2;      // the same, from the beginning of its page
constexpr std::uint8_t kHighAbsolute = 3;  // upper part of an absolute address
constexpr std::uint8_t kAddHigh = 4;       // adds an upper part to a register
constexpr std::uint8_t kNear = 5;          // a whole address, counted from the instruction
constexpr std::uint64_t kHalf = 0x8000;    // lower parts are signed and of up to 16 bits

// OpcodeInfo::scale is then the number of bits below the immediate.
struct Part {
  Machine machine;
  std::string_view name;
  std::uint8_t kind;
  std::uint8_t shift;
};
constexpr std::array kParts{Part{Machine::kRiscV, "AUIPC", kHighRelative, 12},
                            Part{Machine::kRiscV, "LUI", kHighAbsolute, 12},
                            Part{Machine::kLoongArch, "PCALAU12I", kHighPage, 12},
                            Part{Machine::kLoongArch, "PCADDU12I", kHighRelative, 12},
                            Part{Machine::kLoongArch, "PCADDU18I", kHighRelative, 18},
                            Part{Machine::kLoongArch, "PCADDI", kNear, 2},
                            Part{Machine::kMips, "LUi", kHighAbsolute, 16},
                            Part{Machine::kMips, "LUi64", kHighAbsolute, 16},
                            Part{Machine::kPowerPc, "LIS", kHighAbsolute, 16},
                            Part{Machine::kPowerPc, "LIS8", kHighAbsolute, 16},
                            Part{Machine::kPowerPc, "ADDIS", kAddHigh, 16},
                            Part{Machine::kPowerPc, "ADDIS8", kAddHigh, 16}};

// How many bytes are read from memory, where a constant may stand.
struct Load {
  std::string_view name;
  std::uint8_t bytes;
};
constexpr std::array kLoads{
    Load{"LB", 1},     Load{"LBU", 1},   Load{"LH", 2},     Load{"LHU", 2},   Load{"LW", 4},
    Load{"LWU", 4},    Load{"LD", 8},    Load{"FLW", 4},    Load{"FLD", 8},   Load{"C_LW", 4},
    Load{"C_LD", 8},   Load{"C_FLD", 8}, Load{"LD_B", 1},   Load{"LD_BU", 1}, Load{"LD_H", 2},
    Load{"LD_HU", 2},  Load{"LD_W", 4},  Load{"LD_WU", 4},  Load{"LD_D", 8},  Load{"FLD_S", 4},
    Load{"FLD_D", 8},  Load{"LDC1", 8},  Load{"LDC164", 8}, Load{"LWC1", 4},  Load{"LBZ", 1},
    Load{"LBZ8", 1},   Load{"LHZ", 2},   Load{"LHZ8", 2},   Load{"LWZ", 4},   Load{"LWZ8", 4},
    Load{"LFS", 4},    Load{"LFD", 8},   Load{"LRL", 4},    Load{"LGRL", 8},  Load{"LGFRL", 4},
    Load{"LLGFRL", 4}, Load{"LHRL", 2},  Load{"LGHRL", 2},  Load{"LLHRL", 2}, Load{"LLGHRL", 2}};

std::uint32_t bits_of(std::initializer_list<std::pair<unsigned, unsigned>> ranges) {
  std::uint32_t bits = 0;
  for (const auto& [first, last] : ranges) {
    for (unsigned i = first; i <= last; ++i) bits |= 1U << i;
  }
  return bits;
}

// The registers that a called function leaves as they are, by number.
std::uint32_t preserved_by_calls(Machine machine) {
  switch (machine) {
    case Machine::kRiscV:
      return bits_of({{2, 4}, {8, 9}, {18, 27}});
    case Machine::kLoongArch:
      return bits_of({{2, 3}, {22, 31}});
    case Machine::kMips:
      return bits_of({{16, 23}, {28, 30}});
    case Machine::kPowerPc:
      return bits_of({{1, 2}, {13, 31}});
    default:
      return 0;
  }
}

Decoder::State::Known* known_register(Decoder::State& state, const llvm::MCOperand& operand) {
  if (!operand.isReg()) return nullptr;
  const std::int8_t index = state.register_index[operand.getReg()];
  return index < 0 ? nullptr : &state.known[static_cast<std::size_t>(index)];
}

bool near_program(const Decoder::State& state, std::uint64_t high) {
  return state.space->contains(high) || state.space->contains(high - kHalf) ||
         state.space->contains(high + kHalf - 1);
}

// The value of a register that takes the upper part of an address, or nothing.
Decoder::State::Known high_part(Decoder::State& state, const OpcodeInfo& info, std::uint64_t address,
                                Instruction& out) {
  const llvm::MCInst& inst = state.last;
  const unsigned at = inst.getNumOperands() - 1;
  if (inst.getNumOperands() < 2 || !inst.getOperand(at).isImm()) return {};
  std::uint64_t value = static_cast<std::uint64_t>(inst.getOperand(at).getImm()) << info.scale;
  const unsigned width = info.scale + (info.scale == 16 ? 16U : 20U);
  const std::uint64_t top = std::uint64_t{1} << (width - 1);
  value = ((value & (2 * top - 1)) ^ top) - top;  // some decoders give the immediate without its sign
  if (info.kind == kHighAbsolute && !(state.fixed_addresses && near_program(state, value))) return {};
  if (info.kind == kAddHigh) {
    const auto* base = inst.getNumOperands() > 2 ? known_register(state, inst.getOperand(1)) : nullptr;
    if (base == nullptr || !base->valid) return {};
    value += base->value;
  }
  if (info.kind == kHighRelative || info.kind == kNear) value += address;
  if (info.kind == kHighPage) value += address & ~std::uint64_t{0xfff};
  if (state.bits == 32) value &= 0xffffffff;
  if (info.kind == kNear) {
    state.add_data(out, value, 0, at);
    return {};
  }
  state.masked |= 1U << at;
  out.address_part = true;
  return {true, value};
}

// A known register beside an immediate, in either order, is an address.
void extract_low_part(Decoder::State& state, const OpcodeInfo& info, Instruction& out) {
  const llvm::MCInst& inst = state.last;
  for (unsigned i = 0; i + 1 < inst.getNumOperands() && i < 31; ++i) {
    const bool register_first = inst.getOperand(i + 1).isImm();
    const unsigned immediate = register_first ? i + 1 : i, base = register_first ? i : i + 1;
    if (!inst.getOperand(immediate).isImm()) continue;
    const auto* known = known_register(state, inst.getOperand(base));
    if (known == nullptr || !known->valid) continue;
    std::uint64_t address = known->value + static_cast<std::uint64_t>(inst.getOperand(immediate).getImm());
    if (state.bits == 32) address &= 0xffffffff;
    if (!state.space->contains(address)) continue;
    if (out.flow == Flow::kNone) {
      state.add_data(out, address, info.load_bytes, immediate);
    } else if (out.flow != Flow::kConditional && out.flow != Flow::kReturn) {
      out.has_target = true;
      out.target = address;
      state.masked |= 1U << immediate;
      out.flow = out.flow == Flow::kIndirectJump ? Flow::kJump : Flow::kCall;
    }
    return;
  }
}

void extract_flow(Decoder::State& state, const OpcodeInfo& info, std::uint64_t address, Instruction& out) {
  // RISC-V and LoongArch return and call through general jumps; only the operands tell.
  if (state.analysis && state.analysis->isReturn(state.last)) out.flow = Flow::kReturn;
  if (state.analysis && (out.flow == Flow::kNone || out.flow == Flow::kCall)) {
    if (state.analysis->isIndirectBranch(state.last)) out.flow = Flow::kIndirectJump;
    if (state.analysis->isCall(state.last)) out.flow = Flow::kCall;
  }
  std::uint64_t target = 0;
  const bool relative = info.target_operand >= 0;
  // SystemZ's decoder gives the address that a relative operand leads to.
  if (state.machine == Machine::kSystemZ && relative) {
    const auto operand = static_cast<unsigned>(info.target_operand);
    if (operand >= state.last.getNumOperands() || !state.last.getOperand(operand).isImm()) return;
    target = static_cast<std::uint64_t>(state.last.getOperand(operand).getImm());
    if (out.flow == Flow::kNone) {
      state.add_data(out, target, info.load_bytes, operand);
    } else {
      out.has_target = true;
      out.target = target;
      state.masked |= 1U << operand;
    }
    return;
  }
  if (out.flow == Flow::kNone || out.flow == Flow::kReturn) return;
  if (state.analysis && state.analysis->evaluateBranch(state.last, address, out.size, target)) {
    out.has_target = true;
    out.target = state.bits == 32 ? target & 0xffffffff : target;
    for (unsigned i = state.last.getNumOperands(); i-- > 0 && state.masked == 0;) {
      if (state.last.getOperand(i).isImm()) state.masked |= i < 32 ? 1U << i : 0U;
    }
    if (relative) state.masked = 1U << info.target_operand;
  } else if (out.flow == Flow::kCall) {
    out.flow = Flow::kIndirectCall;
  }
}

void extract(Decoder::State& state, const OpcodeInfo& info, std::uint64_t address, Instruction& out) {
  extract_flow(state, info, address, out);
  Decoder::State::Known high;
  if (info.kind != 0) {
    high = high_part(state, info, address, out);
  } else if (!out.has_target && out.data_count == 0) {
    extract_low_part(state, info, out);
  }
  const unsigned written = state.instructions->get(state.last.getOpcode()).getNumDefs();
  for (unsigned i = 0; i < written && i < state.last.getNumOperands(); ++i) {
    if (auto* known = known_register(state, state.last.getOperand(i)))
      *known = i == 0 ? high : decltype(high)();
  }
  if (out.flow == Flow::kCall || out.flow == Flow::kIndirectCall) {
    const std::uint32_t preserved = preserved_by_calls(state.machine);
    for (unsigned i = 0; i < state.known.size(); ++i) {
      if (((preserved >> i) & 1) == 0) state.known[i].valid = false;
    }
  }
}

bool is_general_register(Machine machine, std::string_view name) {
  const auto numbered = [&](char letter) {
    return name.size() > 1 && name[0] == letter &&
           std::ranges::all_of(name.substr(1), [](char digit) { return digit >= '0' && digit <= '9'; });
  };
  constexpr std::array<std::string_view, 30> kMips{
      "AT", "V0", "V1", "A0", "A1", "A2", "A3", "T0", "T1", "T2", "T3", "T4", "T5", "T6", "T7",
      "T8", "T9", "S0", "S1", "S2", "S3", "S4", "S5", "S6", "S7", "K0", "K1", "GP", "FP", "RA"};
  switch (machine) {
    case Machine::kRiscV:
      return numbered('X') && name != "X0";
    case Machine::kLoongArch:
      return numbered('R') && name != "R0";
    case Machine::kPowerPc:
      return numbered('R') || numbered('X');
    case Machine::kMips:
      return std::ranges::find(kMips, name.ends_with("_64") ? name.substr(0, name.size() - 3) : name) !=
             kMips.end();
    default:
      return false;
  }
}

}  // namespace

void describe_other(Decoder::State& state) {
  for (unsigned opcode = 0; opcode < state.opcodes.size(); ++opcode) {
    const std::string_view name = state.instructions->getName(opcode);
    OpcodeInfo& info = state.opcodes[opcode];
    info.name_hash = hash_of_name(name);
    info.token = static_cast<std::uint32_t>(info.name_hash ^ (info.name_hash >> 32));
    info.padding = name == "NOP" || name == "C_NOP" || name == "NOPR";
    for (const Part& part : kParts) {
      if (part.machine == state.machine && part.name == name) info.kind = part.kind, info.scale = part.shift;
    }
    // PowerPC's "LD" and MIPS' "LW" read pointers through tables as often as constants; that is sorted out
    // where the content is looked at.
    if (name == "BRAS" || name == "BRASL")
      info.target_operand = 1;  // SystemZ; LLVM does not call it relative
    const auto load = std::ranges::find(kLoads, name, &Load::name);
    if (load != kLoads.end()) info.load_bytes = load->bytes;
  }
  for (unsigned i = 0; i < state.registers->getNumRegs(); ++i) {
    if (is_general_register(state.machine, state.registers->getName(i)))
      state.register_index[i] = static_cast<std::int8_t>(state.registers->getEncodingValue(i) & 31);
  }
  const bool halves = state.machine == Machine::kRiscV || state.machine == Machine::kSystemZ;
  state.skip_bytes = halves ? 2 : 4;
  state.extract = &extract;
}

}  // namespace stella::executable
