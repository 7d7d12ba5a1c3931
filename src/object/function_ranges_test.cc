#include "stella/object/function_ranges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "testing.h"

namespace stella::object {
namespace {

TEST(EhFrame, AgreesWithReadelfOnProgramsOfThisMachine) {
  for (const std::string& path : programs_of_this_machine()) {
    SCOPED_TRACE(path);
    const auto file = open_file(path);
    ASSERT_TRUE(file);
    const auto image = read_image(**file);
    ASSERT_TRUE(image);
    const auto memory = Memory::load(**file, *image, std::uint64_t{1} << 30);
    ASSERT_TRUE(memory);
    const auto section = std::ranges::find(image->sections, ".eh_frame", &Section::name);
    ASSERT_NE(section, image->sections.end());
    const auto ranges =
        eh_frame_ranges(memory->from(section->address), section->address, image->bits, image->byte_order);
    ASSERT_TRUE(ranges) << to_string(ranges.error());
    // "00000018 0000000000000014 0000001c FDE cie=00000000 pc=0000000000001040..0000000000001066"
    std::set<std::pair<std::uint64_t, std::uint64_t>> theirs, mine;
    std::istringstream lines(
        output_of("readelf --debug-dump=frames -W '" + path + "' 2>/dev/null | grep ' FDE '"));
    for (std::string line; std::getline(lines, line);) {
      const auto at = line.find("pc=");
      const std::uint64_t begin = std::stoull(line.substr(at + 3, 16), nullptr, 16);
      const std::uint64_t end = std::stoull(line.substr(at + 21, 16), nullptr, 16);
      if (end != begin) theirs.insert({begin, end - begin});
    }
    for (const FunctionRange& range : *ranges) mine.insert({range.address, range.size});
    EXPECT_EQ(mine, theirs);
  }
}

// One common entry with relative addresses, one function of 0x20 bytes at 0x1000; the section is at 0x2000.
Bytes small_eh_frame() {
  Builder out(std::endian::little);
  out.put(16, 4), out.put(0, 4), out.put(1, 1), out.text("zR", 3), out.put(1, 1), out.put(0x78, 1),
      out.put(16, 1);
  out.put(1, 1), out.put(0x1b, 1), out.put(0, 3);
  out.put(16, 4), out.put(24, 4), out.put(0x1000U - (0x2000U + 28U), 4), out.put(0x20, 4), out.put(0, 4);
  out.put(0, 4);
  return out.bytes();
}

TEST(EhFrame, ReadsASmallOneAndNoneOfItsCuts) {
  const Bytes bytes = small_eh_frame();
  const auto ranges = eh_frame_ranges(bytes, 0x2000, 64, std::endian::little);
  ASSERT_TRUE(ranges) << to_string(ranges.error());
  EXPECT_EQ(*ranges, (std::vector<FunctionRange>{{0x1000, 0x20, {}}}));
  for (std::size_t size = 0; size < 40; ++size) {
    const auto cut = eh_frame_ranges(ByteView(bytes).first(size), 0x2000, 64, std::endian::little);
    const bool at_border = size < 4 || (size >= 20 && size < 24);
    EXPECT_EQ(cut.has_value(), at_border) << size;
    EXPECT_TRUE(!cut || cut->empty());
  }
}

TEST(EhFrame, RefusesEachWrongField) {
  for (const auto& [offset, value] : {std::pair<std::size_t, std::uint8_t>{0, 0xf0},
                                      {0, 2},
                                      {19, 0x00},
                                      {20, 0xf0},
                                      {24, 28},
                                      {24, 0xff},
                                      {24, 8}}) {
    Bytes bytes = small_eh_frame();
    bytes[offset] = value;
    const auto ranges = eh_frame_ranges(bytes, 0x2000, 64, std::endian::little);
    if (offset == 19) {
      EXPECT_TRUE(ranges);  // padding
    } else {
      EXPECT_FALSE(ranges) << offset << " " << int{value};
    }
  }
}

Bytes small_pclntab(std::uint32_t magic) {
  Builder out(std::endian::little);
  out.put(magic, 4), out.put(0, 2), out.put(1, 1), out.put(8, 1);
  const bool narrow = magic == 0xfffffff0 || magic == 0xfffffff1;
  const std::size_t width = narrow ? 4 : 8;
  const std::uint64_t base = narrow ? 0 : 0x401000;
  const auto names = [&] { out.text("main.a", 7), out.text("main.b", 7); };
  const auto tables = [&](std::uint64_t records, std::uint64_t name) {  // records: offset of the first one
    for (std::uint64_t i = 0; i < 2; ++i)
      out.put(base + 0x20 * i, width), out.put(records + i * (width + 4), width);
    out.put(base + 0x50, width);
    for (std::uint64_t i = 0; i < 2; ++i) out.put(base + 0x20 * i, width), out.put(name + 7 * i, 4);
  };
  out.put(2, 8);
  const std::uint64_t table_size = 5 * width;
  if (magic == 0xfffffffb) {
    tables(16 + table_size, 16 + table_size + 24);
    names();
  } else {
    const std::uint64_t header = narrow ? 72 : 64;
    out.put(0, 8);
    if (narrow) out.put(0x401000, 8);
    out.put(header, 8), out.put(0, 8), out.put(0, 8), out.put(0, 8), out.put(header + 14, 8);
    names();
    tables(table_size, 0);
  }
  return out.bytes();
}

TEST(Pclntab, ReadsAllFourLayoutsAndNoneOfTheirCuts) {
  for (const std::uint32_t magic : {0xfffffffbU, 0xfffffffaU, 0xfffffff0U, 0xfffffff1U}) {
    const Bytes bytes = small_pclntab(magic);
    const auto ranges = parse_pclntab(bytes, std::endian::little, 0);
    ASSERT_TRUE(ranges) << magic << " " << to_string(ranges.error());
    EXPECT_EQ(*ranges, (std::vector<FunctionRange>{{0x401000, 0x20, "main.a"}, {0x401020, 0x30, "main.b"}}));
    for (std::size_t size = 0; size + 14 < bytes.size(); ++size) {
      EXPECT_FALSE(parse_pclntab(ByteView(bytes).first(size), std::endian::little, 0))
          << magic << " " << size;
    }
  }
  EXPECT_EQ(parse_pclntab(small_pclntab(0xfffffff2), std::endian::little, 0).error().code,
            ErrorCode::kUnsupported);
}

TEST(Pclntab, RefusesACountThatOverflowsAndFunctionsOutOfOrder) {
  Bytes bytes = small_pclntab(0xfffffff1);
  bytes[15] = 0x7f;
  EXPECT_FALSE(parse_pclntab(bytes, std::endian::little, 0));
  bytes = small_pclntab(0xfffffff1);
  bytes[72 + 14] = 0x30;  // the first entry begins after the second
  EXPECT_FALSE(parse_pclntab(bytes, std::endian::little, 0));
}

// A PE image whose only section holds an exception directory and what it points to.
struct PdataBench {
  Image image;
  Memory memory;
  PdataBench(Machine machine, const Bytes& section, std::uint64_t table_size) {
    image.format = Format::kPe;
    image.machine = machine;
    image.image_base = 0x140000000;
    image.sections.push_back({.name = ".pdata",
                              .address = 0x140002000,
                              .memory_size = section.size(),
                              .file_size = section.size(),
                              .allocated = true});
    image.directories.resize(4);
    image.directories[3] = {0x2000, table_size};
    memory = *Memory::load(*memory_source(section), image, 1 << 20);
  }
};

TEST(Pdata, JoinsChainedRangesOfX64) {
  Builder out(std::endian::little);
  const auto entry = [&](std::uint32_t begin, std::uint32_t end, std::uint32_t info) {
    out.put(begin, 4), out.put(end, 4), out.put(info, 4);
  };
  entry(0x1000, 0x1040, 0x2030), entry(0x1040, 0x1060, 0x2034), entry(0x1100, 0x1110, 0x2030),
      entry(0x1300, 0x1310, 0x2034);
  out.put(0x01, 4);  // unwind information at 0x2030: version 1, no flags
  out.put(0x21, 4);  // at 0x2034: chained
  const PdataBench bench(Machine::kX64, out.bytes(), 48);
  const auto ranges = pdata_ranges(bench.image, bench.memory);
  ASSERT_TRUE(ranges);
  EXPECT_EQ(*ranges, (std::vector<FunctionRange>{{0x140001000, 0x60, {}}, {0x140001100, 0x10, {}}}));
}

TEST(Pdata, ReadsPackedAndUnpackedEntriesOfArm64) {
  Builder out(std::endian::little);
  out.put(0x1000, 4), out.put(1 | (0x10 << 2), 4);  // packed: 16 words
  out.put(0x1100, 4), out.put(0x2010, 4);           // the record below
  out.put(0x25, 4);
  const PdataBench bench(Machine::kArm64, out.bytes(), 16);
  const auto ranges = pdata_ranges(bench.image, bench.memory);
  ASSERT_TRUE(ranges);
  EXPECT_EQ(*ranges, (std::vector<FunctionRange>{{0x140001000, 0x40, {}}, {0x140001100, 0x94, {}}}));
}

TEST(Pdata, RefusesADirectoryOutsideOfTheSections) {
  const PdataBench bench(Machine::kX64, Bytes(24), 4096);
  EXPECT_EQ(pdata_ranges(bench.image, bench.memory).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace stella::object
