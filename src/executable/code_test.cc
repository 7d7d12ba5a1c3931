#include "code.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>

namespace stella::executable {
namespace {

constexpr std::uint64_t kData = 0x200000;

// A shared object with code at `text_address` and read-only data at kData + `data_shift`.
class Bench {
 public:
  Bench(object::Machine machine, std::uint64_t text_address, Bytes text, std::string data,
        std::uint64_t data_shift = 0)
      : address_(text_address), text_(std::move(text)) {
    image_.kind = object::Kind::kSharedObject;
    image_.machine = machine;
    Bytes file = text_;
    append(file, as_bytes(data));
    image_.sections.push_back({.name = ".text",
                               .address = text_address,
                               .memory_size = text_.size(),
                               .file_offset = 0,
                               .file_size = text_.size(),
                               .allocated = true,
                               .executable = true});
    image_.sections.push_back({.name = ".rodata",
                               .address = kData + data_shift,
                               .memory_size = data.size(),
                               .file_offset = text_.size(),
                               .file_size = data.size(),
                               .allocated = true});
    memory_ = *object::Memory::load(*memory_source(file), image_, 1 << 20);
    space_ = std::make_unique<AddressSpace>(image_);
    contents_ = std::make_unique<Contents>(image_, memory_, linkage_, *space_);
    decoder_ = *Decoder::create(image_, *space_);
  }

  Code read() { return CodeReader(*decoder_, *contents_).read(text_, address_, false); }
  Code read(std::size_t size) {
    return CodeReader(*decoder_, *contents_).read(ByteView(text_).first(size), address_, false);
  }

 private:
  std::uint64_t address_;
  Bytes text_;
  object::Image image_;
  object::Memory memory_;
  object::Linkage linkage_;
  std::unique_ptr<AddressSpace> space_;
  std::unique_ptr<Contents> contents_;
  std::unique_ptr<Decoder> decoder_;
};

Code x64(Bytes text, std::uint64_t address = 0x1000) {
  return Bench(object::Machine::kX64, address, std::move(text), "data").read();
}

Bytes arm64(std::initializer_list<std::uint32_t> words) {
  Bytes bytes;
  for (const std::uint32_t word : words) {
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::uint8_t>(word >> shift));
  }
  return bytes;
}

TEST(Code, OneChangedImmediateChangesTheStrictDigestAlone) {
  const Code one = x64({0xb8, 1, 0, 0, 0, 0xc3}), other = x64({0xb8, 2, 0, 0, 0, 0xc3});  // mov eax, 1; ret
  EXPECT_NE(one.strict, other.strict);
  EXPECT_EQ(one.loose, other.loose);
  EXPECT_EQ(one.instructions, 2U);
}

TEST(Code, AnotherRegisterOrConditionIsAChange) {
  EXPECT_NE(x64({0x89, 0xd8, 0xc3}).strict, x64({0x89, 0xc8, 0xc3}).strict);  // mov eax, ebx / ecx
  const Bytes equal{0x74, 0x01, 0x90, 0xc3}, not_equal{0x75, 0x01, 0x90, 0xc3};
  EXPECT_NE(x64(equal).strict, x64(not_equal).strict);
  EXPECT_NE(x64(equal).loose, x64(not_equal).loose);
}

TEST(Code, ARelocatedCallIsNoChange) {
  // call; ret — the function and what it calls are both elsewhere.
  const Code one = x64({0xe8, 0x00, 0x10, 0, 0, 0xc3}),
             other = x64({0xe8, 0x44, 0x33, 0x22, 0, 0xc3}, 0x5000);
  EXPECT_EQ(one.strict, other.strict);
  ASSERT_EQ(other.references.size(), 1U);
  EXPECT_EQ(other.references[0].target, 0x5005U + 0x223344);
}

TEST(Code, CallingOnePlaceTwiceDiffersFromCallingTwoPlaces) {
  const Code twice = x64({0xe8, 0x00, 0x10, 0, 0, 0xe8, 0xfb, 0x0f, 0, 0, 0xc3});
  const Code two = x64({0xe8, 0x00, 0x10, 0, 0, 0xe8, 0x00, 0x10, 0, 0, 0xc3});
  EXPECT_NE(twice.strict, two.strict);
  EXPECT_EQ(twice.loose, two.loose);
}

TEST(Code, ALongerEncodingOfTheSameJumpIsNoChange) {
  const Code short_jump = x64({0xeb, 0x01, 0x50, 0xc3});  // jmp ret; push rax; ret
  const Code long_jump = x64({0xe9, 0x01, 0, 0, 0, 0x50, 0xc3});
  EXPECT_EQ(short_jump.strict, long_jump.strict);
  EXPECT_EQ(short_jump.loose, long_jump.loose);
  const Code conditional = x64({0x74, 0x01, 0x50, 0xc3}),
             long_conditional = x64({0x0f, 0x84, 0x01, 0, 0, 0, 0x50, 0xc3});
  EXPECT_EQ(conditional.strict, long_conditional.strict);
  EXPECT_NE(short_jump.strict, x64({0xeb, 0x00, 0x50, 0xc3}).strict) << "to another place";
}

TEST(Code, PaddingIsNoChange) {
  const Code plain = x64({0x74, 0x01, 0x50, 0x58, 0xc3});
  // The same with a nop of five bytes before the jump's target, nops and int3 at the end.
  const Code padded = x64({0x74, 0x06, 0x50, 0x0f, 0x1f, 0x44, 0, 0, 0x58, 0xc3, 0x66, 0x90, 0xcc, 0xcc});
  EXPECT_EQ(plain.strict, padded.strict);
  EXPECT_EQ(plain.instructions, padded.instructions);
  EXPECT_EQ(padded.size_bytes, 10U);
}

TEST(Code, CountsBasicBlocks) {
  EXPECT_EQ(x64({0xc3}).blocks, 1U);
  EXPECT_EQ(x64({0x74, 0x01, 0x50, 0xc3}).blocks, 3U);  // je; push; ret, which is jumped to
}

TEST(Code, SeesATextWhereverItLies) {
  // lea rdi, [rip + to the data]; ret
  const auto read = [](std::string data, std::uint64_t shift) {
    const auto distance = static_cast<std::uint32_t>(kData + shift - 0x1007);
    Bytes text{0x48, 0x8d, 0x3d, 0, 0, 0, 0, 0xc3};
    store_le(text.data() + 3, distance);
    return Bench(object::Machine::kX64, 0x1000, text, data + std::string(1, '\0'), shift).read();
  };
  EXPECT_EQ(read("hello", 0).strict, read("hello", 0x5000).strict);
  EXPECT_NE(read("hello", 0).strict, read("hullo", 0).strict);
  EXPECT_EQ(read("hello", 0).loose, read("hullo", 0).loose);
}

TEST(Code, SeesAConstantWhereverItLies) {
  // movsd xmm0, [rip + to the data]; ret
  const auto read = [](std::string data, std::uint64_t shift) {
    Bytes text{0xf2, 0x0f, 0x10, 0x05, 0, 0, 0, 0, 0xc3};
    store_le(text.data() + 4, static_cast<std::uint32_t>(kData + shift - 0x1008));
    return Bench(object::Machine::kX64, 0x1000, text, data, shift).read();
  };
  EXPECT_EQ(read("01234567", 0).strict, read("01234567xyz", 0x300).strict);
  EXPECT_NE(read("01234567", 0).strict, read("01234568", 0).strict);
}

TEST(Code, JoinsPageAndOffsetOnArm64) {
  // adrp x0, page; add x0, x0, #offset; ldr x1, [x0, #8]; ret — of data on another page, at another offset.
  const auto read = [](std::uint32_t pages, std::uint32_t offset, std::uint32_t field) {
    const std::uint32_t adrp = 0x90000000 | ((pages & 3) << 29) | ((pages >> 2) << 5);
    return Bench(object::Machine::kArm64, 0x1000,
                 arm64({adrp, 0x91000000 | (offset << 10), 0xf9400001 | ((field / 8) << 10), 0xd65f03c0}), "")
        .read();
  };
  EXPECT_EQ(read(0x1ff, 0x10, 8).strict, read(0x2ff, 0x888, 8).strict);
  EXPECT_NE(read(0x1ff, 0x10, 8).strict, read(0x1ff, 0x10, 16).strict) << "another field is a change";
  ASSERT_EQ(read(0x1ff, 0x10, 8).references.size(), 1U);
  EXPECT_EQ(read(0x1ff, 0x10, 8).references[0].target, 0x200010U);
}

TEST(Code, ForgetsWhatARegisterHeldOnceItIsWritten) {
  // adrp x0; ldr x1, [x0, #offset]; mov x0, x2; ldr x1, [x0, #offset]; ret — the second load is of a field.
  const auto read = [](std::uint32_t offset) {
    const std::uint32_t load = 0xf9400001 | ((offset / 8) << 10);
    return Bench(object::Machine::kArm64, 0x1000,
                 arm64({0x90000000 | (0x7f << 5), load, 0xaa0203e0, load, 0xd65f03c0}), "")
        .read();
  };
  EXPECT_EQ(read(8).references.size(), 1U);
  EXPECT_NE(read(8).strict, read(16).strict);
}

TEST(Code, DecodesEveryMachine) {
  struct Case {
    object::Machine machine;
    unsigned bits;
    std::endian order;
    Bytes returns;
  };
  for (const Case& one :
       {Case{object::Machine::kX86, 32, std::endian::little, {0xc3}},
        Case{object::Machine::kX64, 64, std::endian::little, {0xc3}},
        Case{object::Machine::kArm64, 64, std::endian::little, {0xc0, 0x03, 0x5f, 0xd6}},
        Case{object::Machine::kArm, 32, std::endian::little, {0x1e, 0xff, 0x2f, 0xe1}},
        Case{object::Machine::kRiscV, 64, std::endian::little, {0x82, 0x80}},
        Case{object::Machine::kRiscV, 32, std::endian::little, {0x67, 0x80, 0x00, 0x00}},
        Case{object::Machine::kPowerPc, 64, std::endian::little, {0x20, 0x00, 0x80, 0x4e}},
        Case{object::Machine::kPowerPc, 32, std::endian::big, {0x4e, 0x80, 0x00, 0x20}},
        Case{object::Machine::kMips, 32, std::endian::big, {0x03, 0xe0, 0x00, 0x08}},
        Case{object::Machine::kMips, 64, std::endian::little, {0x08, 0x00, 0xe0, 0x03}},
        Case{object::Machine::kSystemZ, 64, std::endian::big, {0x07, 0xfe}},
        Case{object::Machine::kLoongArch, 64, std::endian::little, {0x20, 0x00, 0x00, 0x4c}}}) {
    object::Image image;
    image.machine = one.machine;
    image.bits = one.bits;
    image.byte_order = one.order;
    const AddressSpace space(image);
    auto decoder = Decoder::create(image, space);
    ASSERT_TRUE(decoder) << to_string(one.machine) << to_string(decoder.error());
    Instruction instruction;
    (*decoder)->begin_function(false);
    ASSERT_TRUE((*decoder)->decode(one.returns, 0x1000, instruction)) << to_string(one.machine);
    EXPECT_EQ(instruction.size, one.returns.size()) << to_string(one.machine);
    EXPECT_TRUE(instruction.flow == Flow::kReturn || instruction.flow == Flow::kIndirectJump)
        << to_string(one.machine);
  }
}

// Takes the address of `data` and calls `callee`, from code at `address`; each machine builds both in its
// way.
Bytes riscv_pair(std::uint64_t address, std::uint64_t data, std::uint64_t callee) {
  const auto upper = [](std::uint64_t distance, std::uint32_t rest) {
    return (static_cast<std::uint32_t>(distance + 0x800) & 0xfffff000) | rest;
  };
  const auto lower = [](std::uint64_t distance, std::uint32_t rest) {
    return static_cast<std::uint32_t>(distance << 20) | rest;
  };
  return arm64({upper(data - address, 0x517), lower(data - address, 0x50593),  // auipc a0; addi a1, a0
                upper(callee - address - 8, 0x97), lower(callee - address - 8, 0x80e7), 0x8067});
}

Bytes loongarch_pair(std::uint64_t address, std::uint64_t data, std::uint64_t callee) {
  const std::uint64_t page = ((data + 0x800) >> 12) - (address >> 12);
  const std::uint64_t distance = callee - address - 8, high = (distance + 0x20000) >> 18;
  const auto field = [](std::uint64_t value, unsigned bits, unsigned at) {
    return static_cast<std::uint32_t>((value & ((1U << bits) - 1)) << at);
  };
  return arm64({0x1a000004 | field(page, 20, 5), 0x02c00085 | field(data, 12, 10),  // pcalau12i; addi.d
                0x1e000001 | field(high, 20, 5), 0x4c000021 | field((distance - (high << 18)) / 4, 16, 10),
                0x4c000020});
}

Bytes systemz_pair(std::uint64_t address, std::uint64_t data, std::uint64_t callee) {
  Bytes bytes{0xc0, 0x20, 0, 0, 0, 0, 0xc0, 0xe5, 0, 0, 0, 0, 0x07, 0xfe};  // larl; brasl; br
  const auto put = [&bytes](std::size_t at, std::uint64_t distance) {
    for (unsigned i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::uint8_t>(distance / 2 >> (24 - 8 * i));
  };
  put(2, data - address);
  put(8, callee - address - 6);
  return bytes;
}

TEST(Code, AnAddressMadeOfTwoPartsMovesWithoutAChange) {
  const std::string texts("first text\0\0second text", 23);
  for (const auto& [machine, build] : {std::pair(object::Machine::kRiscV, &riscv_pair),
                                       std::pair(object::Machine::kLoongArch, &loongarch_pair),
                                       std::pair(object::Machine::kSystemZ, &systemz_pair)}) {
    SCOPED_TRACE(to_string(machine));
    const auto read = [&](std::uint64_t address, std::uint64_t data) {
      return Bench(machine, address, build(address, data, kData), texts + '\0').read();
    };
    const Code here = read(0x1000, kData), there = read(0x13f04, kData), other = read(0x1000, kData + 12);
    EXPECT_EQ(here.undecoded, 0U);
    ASSERT_EQ(here.references.size(), 2U);
    EXPECT_EQ(here.references[0].target, kData);
    EXPECT_NE(here.references[0].name_hash, 0U) << "of the text";
    EXPECT_EQ(here.references[1].target, kData);
    EXPECT_EQ(here.references[1].kind, ReferenceKind::kCall);
    EXPECT_EQ(here.strict, there.strict);
    EXPECT_NE(here.strict, other.strict);
    EXPECT_EQ(here.loose, other.loose);
  }
}

TEST(Code, RefusesMachinesThatAreNotDisassembled) {
  object::Image image;
  const AddressSpace space(image);
  EXPECT_EQ(Decoder::create(image, space).error().code, ErrorCode::kUnsupported);
}

TEST(Code, ListsWhatIsNoInstruction) {
  const Code code = x64({0x06, 0x06, 0xc3});  // not valid in 64-bit mode
  EXPECT_EQ(code.undecoded, 2U);
}

TEST(Code, ReadsEveryCutOfAFunction) {
  Bench bench(object::Machine::kX64, 0x1000,
              {0x74, 0x06, 0x50, 0x0f, 0x1f, 0x44, 0, 0, 0x58, 0xe8, 1, 2, 3, 4, 0xc3}, "data");
  for (std::size_t size = 0; size <= 15; ++size) {
    const Code code = bench.read(size);
    EXPECT_LE(code.size_bytes, size);
    EXPECT_LE(code.blocks, code.instructions);
  }
}

}  // namespace
}  // namespace stella::executable
