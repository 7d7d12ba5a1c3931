// One instruction after the other, with what it refers to. Behind it stands LLVM MC; no LLVM type shows here.
// A decoder is not safe for several threads; each thread makes its own.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "stella/object/image.h"

namespace stella::executable {

// Which addresses belong to the program.
class AddressSpace {
 public:
  explicit AddressSpace(const object::Image& image);
  [[nodiscard]] bool contains(std::uint64_t address) const;

 private:
  struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };
  std::vector<Range> ranges_;  // ordered, disjoint
};

enum class Flow : std::uint8_t { kNone, kConditional, kJump, kIndirectJump, kCall, kIndirectCall, kReturn };

struct Instruction {
  struct Data {
    std::uint64_t address = 0;
    std::uint8_t load_bytes = 0;  // how much is read there; 0: only the address is taken, or it is not known
  };

  std::uint32_t token = 0;  // of the kind of instruction, the same in every build
  std::uint32_t size = 0;   // in bytes; of what is no instruction, how much to skip
  Flow flow = Flow::kNone;
  bool padding = false;       // does nothing, such as a nop
  bool trap = false;          // int3 and the like, which also fill gaps
  bool address_part = false;  // has an operand that is a part of an address, and moves with the program
  bool has_target = false;    // jumps to, or calls, `target`
  std::uint64_t target = 0;
  std::uint8_t data_count = 0;
  std::array<Data, 2> data{};

  [[nodiscard]] bool has_reference() const { return has_target || address_part || data_count != 0; }
};

class Decoder {
 public:
  // Errors: kUnsupported for machines that are not disassembled.
  [[nodiscard]] static Result<std::unique_ptr<Decoder>> create(const object::Image& image,
                                                               const AddressSpace& space);
  ~Decoder();

  // Forgets what registers hold; called where a function begins. `thumb` chooses the instruction set of ARM.
  void begin_function(bool thumb);

  // Decodes the instruction at bytes[0], which lies at `address`. False when there is none.
  [[nodiscard]] bool decode(ByteView bytes, std::uint64_t address, Instruction& out);

  // Makes text() possible after every decode(), which is slower. Otherwise the operands are kept only of
  // instructions that have references.
  void keep_operands();

  // Appends opcode and operands of the last instruction, references left out, in a form that does not depend
  // on how it was encoded.
  void append_operands(Bytes& to) const;

  // The last instruction as text.
  [[nodiscard]] std::string text(std::uint64_t address) const;

  struct State;

 private:
  explicit Decoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace stella::executable
