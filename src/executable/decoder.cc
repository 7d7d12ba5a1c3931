#include "decoder.h"

#include <algorithm>
#include <mutex>

#include <fmt/format.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>

#include "decoder_state.h"

#define STELLA_TARGETS(apply) \
  apply(X86) apply(AArch64) apply(ARM) apply(RISCV) apply(PowerPC) apply(Mips) apply(SystemZ) apply(LoongArch)
#define STELLA_DECLARE(name)                          \
  extern "C" void LLVMInitialize##name##TargetInfo(); \
  extern "C" void LLVMInitialize##name##TargetMC();   \
  extern "C" void LLVMInitialize##name##Disassembler();
STELLA_TARGETS(STELLA_DECLARE)

namespace stella::executable {
namespace {

void initialise_targets() {
  static std::once_flag once;
  std::call_once(once, [] {
#define STELLA_INITIALISE(name)       \
  LLVMInitialize##name##TargetInfo(); \
  LLVMInitialize##name##TargetMC();   \
  LLVMInitialize##name##Disassembler();
    STELLA_TARGETS(STELLA_INITIALISE)
  });
}

struct TargetNames {
  std::string triple{};
  std::string thumb_triple{};  // ARM only
  std::string processor{};
  std::string features{};
};

constexpr std::size_t kTableOfContentsRegister = 2;  // PowerPC
constexpr std::uint32_t kMips64 =
    0x20000000;  // of the architecture field in e_flags, when its top bits are 0x6 or 0x8

TargetNames names_of(const object::Image& image) {
  using object::Machine;
  const bool little = image.byte_order == std::endian::little;
  const bool wide = image.bits == 64;
  switch (image.machine) {
    case Machine::kX64:
      return {"x86_64-unknown-linux", {}, {}, {}};
    case Machine::kX86:
      return {"i686-unknown-linux", {}, {}, {}};
    case Machine::kArm64:
      return {little ? "aarch64-unknown-linux" : "aarch64_be-unknown-linux", {}, {}, "+all"};
    case Machine::kArm:
      return {little ? "armv8-unknown-linux" : "armebv8-unknown-linux",
              little ? "thumbv8-unknown-linux" : "thumbebv8-unknown-linux",
              {},
              "+neon,+vfp4,+fullfp16"};
    case Machine::kRiscV:
      return {wide ? "riscv64-unknown-linux" : "riscv32-unknown-linux",
              {},
              {},
              "+m,+a,+f,+d,+c,+v,+zba,+zbb,+zbs"};
    case Machine::kPowerPc:
      return {
          wide ? (little ? "powerpc64le-unknown-linux" : "powerpc64-unknown-linux") : "powerpc-unknown-linux",
          {},
          wide ? "pwr10" : "",
          {}};
    case Machine::kMips: {
      const std::uint32_t architecture = image.flags & 0xf0000000;
      const bool sixty_four =
          wide || architecture == kMips64 || architecture == 0x60000000 || architecture == 0x80000000;
      const bool release6 = architecture == 0x90000000 || architecture == 0xa0000000;
      return {fmt::format("{}{}-unknown-linux", sixty_four ? "mips64" : "mips", little ? "el" : ""),
              {},
              release6 ? (sixty_four ? "mips64r6" : "mips32r6") : (sixty_four ? "mips64r2" : "mips32r2"),
              {}};
    }
    case Machine::kSystemZ:
      return {"s390x-unknown-linux", {}, "z15", {}};
    case Machine::kLoongArch:
      return {wide ? "loongarch64-unknown-linux" : "loongarch32-unknown-linux", {}, {}, "+d,+f,+lsx,+lasx"};
    case Machine::kOther:
      break;
  }
  return {};
}

Result<Decoder::State::Mode> make_mode(const llvm::Target& target, const std::string& triple,
                                       const TargetNames& names, const Decoder::State& state) {
  Decoder::State::Mode mode;
  mode.subtarget.reset(target.createMCSubtargetInfo(triple, names.processor, names.features));
  if (!mode.subtarget) return fail(ErrorCode::kInternal, "the disassembler has no description of " + triple);
  mode.context = std::make_unique<llvm::MCContext>(llvm::Triple(triple), state.assembly.get(),
                                                   state.registers.get(), mode.subtarget.get());
  mode.disassembler.reset(target.createMCDisassembler(*mode.subtarget, *mode.context));
  if (!mode.disassembler) return fail(ErrorCode::kInternal, "the disassembler cannot be made for " + triple);
  return mode;
}

Flow flow_of(const llvm::MCInstrDesc& description) {
  if (description.isReturn()) return Flow::kReturn;
  if (description.isCall()) return Flow::kCall;
  if (description.isIndirectBranch()) return Flow::kIndirectJump;
  if (description.isBranch()) return description.isBarrier() ? Flow::kJump : Flow::kConditional;
  return Flow::kNone;
}

void describe_opcodes(Decoder::State& state) {
  const llvm::MCInstrInfo& instructions = *state.instructions;
  state.opcodes.resize(instructions.getNumOpcodes());
  for (unsigned opcode = 0; opcode < instructions.getNumOpcodes(); ++opcode) {
    const llvm::MCInstrDesc& description = instructions.get(opcode);
    OpcodeInfo& info = state.opcodes[opcode];
    info.flow = flow_of(description);
    for (unsigned i = 0; i < description.getNumOperands() && i < 32; ++i) {
      if (description.operands()[i].OperandType == llvm::MCOI::OPERAND_PCREL) {
        info.target_operand = static_cast<std::int8_t>(i);
      }
    }
  }
  const unsigned count = state.registers->getNumRegs();
  state.register_hashes.resize(count);
  state.register_index.assign(count, -1);
  for (unsigned i = 0; i < count; ++i) state.register_hashes[i] = hash_of_name(state.registers->getName(i));
}

void append_word(Bytes& to, std::uint64_t value) {
  const std::size_t at = to.size();
  to.resize(at + sizeof value);
  store_le(to.data() + at, value);
}

}  // namespace

std::uint64_t hash_of_name(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char letter : name) hash = (hash ^ static_cast<std::uint8_t>(letter)) * 0x100000001b3;
  return hash;
}

AddressSpace::AddressSpace(const object::Image& image) {
  const auto add = [this](std::uint64_t address, std::uint64_t size) {
    if (size != 0 && address + size > address) ranges_.push_back({address, address + size});
  };
  for (const object::Section& section : image.sections) {
    if (section.allocated) add(section.address, section.memory_size);
  }
  if (ranges_.empty()) {
    for (const object::Segment& segment : image.segments) add(segment.address, segment.memory_size);
  }
  std::ranges::sort(ranges_, {}, [](const Range& range) { return std::pair(range.begin, range.end); });
  std::vector<Range> joined;
  for (const Range& range : ranges_) {
    if (!joined.empty() && range.begin <= joined.back().end) {
      joined.back().end = std::max(joined.back().end, range.end);
    } else {
      joined.push_back(range);
    }
  }
  ranges_ = std::move(joined);
}

bool AddressSpace::contains(std::uint64_t address) const {
  if (ranges_.empty() || address < ranges_.front().begin || address >= ranges_.back().end) return false;
  const auto after = std::ranges::upper_bound(ranges_, address, {}, &Range::begin);
  return address < std::prev(after)->end;
}

Decoder::Decoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Decoder::~Decoder() = default;

Result<std::unique_ptr<Decoder>> Decoder::create(const object::Image& image, const AddressSpace& space) {
  initialise_targets();
  const TargetNames names = names_of(image);
  std::string reason;
  const llvm::Target* target =
      names.triple.empty() ? nullptr : llvm::TargetRegistry::lookupTarget(names.triple, reason);
  if (target == nullptr) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "programs for this machine are not disassembled",
                 .expected = "x86, x86-64, AArch64, ARM, RISC-V, PowerPC, MIPS, SystemZ or LoongArch",
                 .found = fmt::format("machine number {}", image.machine_number)});
  }
  auto state = std::make_unique<State>();
  state->machine = image.machine;
  state->bits = image.bits;
  state->fixed_addresses =
      (image.format == object::Format::kElf &&
       (image.kind == object::Kind::kExecutable || image.kind == object::Kind::kRelocatable)) ||
      (image.format == object::Format::kPe && image.bits == 32);
  if (image.format == object::Format::kPe && image.bits == 64) state->relative_base = image.image_base;
  state->space = &space;
  state->registers.reset(target->createMCRegInfo(names.triple));
  state->assembly.reset(target->createMCAsmInfo(*state->registers, names.triple, llvm::MCTargetOptions()));
  state->instructions.reset(target->createMCInstrInfo());
  state->analysis.reset(target->createMCInstrAnalysis(state->instructions.get()));
  STELLA_TRY(state->modes[0], make_mode(*target, names.triple, names, *state));
  if (!names.thumb_triple.empty()) {
    STELLA_TRY(state->modes[1], make_mode(*target, names.thumb_triple, names, *state));
  }
  state->printer.reset(target->createMCInstPrinter(
      llvm::Triple(names.triple),
      image.machine == object::Machine::kX64 || image.machine == object::Machine::kX86 ? 1 : 0,
      *state->assembly, *state->instructions, *state->registers));
  if (state->printer) {
    state->printer->setPrintImmHex(true);
    state->printer->setPrintBranchImmAsAddress(true);
  }
  if (const auto got = std::ranges::find(image.sections, ".got", &object::Section::name);
      image.machine == object::Machine::kPowerPc && image.bits == 64 && got != image.sections.end()) {
    state->table_of_contents = got->address + 0x8000;  // as the ELF ABIs of 64-bit PowerPC have it
  }
  describe_opcodes(*state);
  if (image.machine == object::Machine::kX64 || image.machine == object::Machine::kX86) {
    describe_x86(*state);
  } else if (image.machine == object::Machine::kArm64) {
    describe_arm64(*state);
  } else {
    describe_other(*state);
  }
  return std::unique_ptr<Decoder>(new Decoder(std::move(state)));
}

void Decoder::begin_function(bool thumb) {
  state_->mode = thumb && state_->modes[1].disassembler ? 1 : 0;
  state_->known.fill({});
  if (state_->table_of_contents != 0)
    state_->known[kTableOfContentsRegister] = {true, state_->table_of_contents};
}

bool Decoder::decode(ByteView bytes, std::uint64_t address, Instruction& out) {
  State& state = *state_;
  out = Instruction();
  const bool remembers = !state.remembered.empty() && bytes.size() >= 4;
  if (remembers && recall_arm64(state, load_le<std::uint32_t>(bytes.data()), out)) return true;
  const bool remembers_bytes = !state.remembered_bytes.empty() && bytes.size() >= 8;
  if (remembers_bytes && recall_x86(state, load_le<std::uint64_t>(bytes.data()), out)) return true;
  state.last.clear();
  state.last.setFlags(0);
  state.masked = 0;
  std::uint64_t size = 0;
  const llvm::ArrayRef<std::uint8_t> view(bytes.data(), bytes.size());
  const auto status =
      state.modes[state.mode].disassembler->getInstruction(state.last, size, view, address, llvm::nulls());
  if (status != llvm::MCDisassembler::Success || size == 0 || size > bytes.size()) {
    const std::size_t skip = state.mode == 1 ? 2 : state.skip_bytes;
    out.size = static_cast<std::uint32_t>(std::min(skip, bytes.size()));
    return false;
  }
  const OpcodeInfo& info = state.opcodes[state.last.getOpcode()];
  out.size = static_cast<std::uint32_t>(size);
  out.token = info.token;
  out.flow = info.flow;
  out.padding = info.padding;
  out.trap = info.trap;
  state.extract(state, info, address, out);
  if (remembers) remember_arm64(state, load_le<std::uint32_t>(bytes.data()), out);
  if (remembers_bytes) remember_x86(state, load_le<std::uint64_t>(bytes.data()), out);
  return true;
}

void Decoder::keep_operands() {
  state_->remembered.clear();
  state_->remembered_bytes.clear();
}

void Decoder::append_operands(Bytes& to) const {
  const State& state = *state_;
  append_word(to, state.opcodes[state.last.getOpcode()].name_hash);
  append_word(to, state.last.getFlags());
  for (unsigned i = 0; i < state.last.getNumOperands(); ++i) {
    const llvm::MCOperand& operand = state.last.getOperand(i);
    const bool masked = i < 32 && ((state.masked >> i) & 1) != 0;
    if (masked) {
      to.push_back('m');
    } else if (operand.isReg()) {
      to.push_back('r');
      append_word(to, state.register_hashes[operand.getReg()]);
    } else if (operand.isImm()) {
      to.push_back('i');
      append_word(to, static_cast<std::uint64_t>(operand.getImm()));
    } else {
      to.push_back('?');
    }
  }
}

std::string Decoder::text(std::uint64_t address) const {
  std::string text;
  if (!state_->printer) return text;
  llvm::raw_string_ostream out(text);
  state_->printer->printInst(&state_->last, address, "", *state_->modes[state_->mode].subtarget, out);
  out.flush();
  for (char& letter : text) {
    if (letter == '\t') letter = ' ';
  }
  text.erase(0, text.find_first_not_of(' '));
  return text;
}

}  // namespace stella::executable
