// References on the other machines: what LLVM's own analysis says of branches.
#include "decoder_state.h"

namespace stella::executable {
namespace {

void extract(Decoder::State& state, const OpcodeInfo& info, std::uint64_t address, Instruction& out) {
  // RISC-V and LoongArch return and call through general jumps; only the operands tell.
  if (state.analysis && state.analysis->isReturn(state.last)) out.flow = Flow::kReturn;
  if (state.analysis && out.flow == Flow::kNone) {
    if (state.analysis->isCall(state.last)) out.flow = Flow::kCall;
    if (state.analysis->isIndirectBranch(state.last)) out.flow = Flow::kIndirectJump;
  }
  if (out.flow == Flow::kNone || out.flow == Flow::kReturn) return;
  std::uint64_t target = 0;
  if (state.analysis && state.analysis->evaluateBranch(state.last, address, out.size, target)) {
    out.has_target = true;
    out.target = state.bits == 32 ? target & 0xffffffff : target;
    const unsigned count = state.last.getNumOperands();
    for (unsigned i = count; i-- > 0 && state.masked == 0;) {
      if (state.last.getOperand(i).isImm()) state.masked |= i < 32 ? 1U << i : 0U;
    }
    if (info.target_operand >= 0) state.masked = 1U << info.target_operand;
  } else if (out.flow == Flow::kCall) {
    out.flow = Flow::kIndirectCall;
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
  }
  using object::Machine;
  const bool halves = state.machine == Machine::kRiscV || state.machine == Machine::kSystemZ;
  state.skip_bytes = halves ? 2 : 4;
  state.extract = &extract;
}

}  // namespace stella::executable
