#include "stella/object/image.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <sstream>

#include "testing.h"

namespace stella::object {
namespace {

TEST(Image, AgreesWithReadelfOnProgramsOfThisMachine) {
  for (const std::string& path : programs_of_this_machine()) {
    SCOPED_TRACE(path);
    const auto file = open_file(path);
    ASSERT_TRUE(file);
    const auto image = read_image(**file);
    ASSERT_TRUE(image) << to_string(image.error());
    // [Nr] Name Type Address Off Size ES Flg Lk Inf Al
    std::istringstream lines(output_of("readelf -SW '" + path + "' 2>/dev/null"));
    std::size_t index = 0;
    for (std::string line; std::getline(lines, line);) {
      const auto open = line.find('['), close = line.find(']');
      if (line.rfind("  [", 0) != 0 || line[open + 1] == 'N') continue;
      if (index > 0) {
        std::istringstream words(line.substr(close + 1));
        std::string name, type, address, offset, size;
        words >> name >> type >> address >> offset >> size;
        ASSERT_LT(index, image->sections.size());
        const Section& section = image->sections[index];
        EXPECT_EQ(section.name, name);
        EXPECT_EQ(section.address, std::stoull(address, nullptr, 16)) << name;
        EXPECT_EQ(section.file_offset, std::stoull(offset, nullptr, 16)) << name;
        EXPECT_EQ(section.memory_size, std::stoull(size, nullptr, 16)) << name;
        EXPECT_EQ(section.type == SectionType::kNoBits, type == "NOBITS") << name;
      }
      ++index;
    }
    EXPECT_EQ(index, image->sections.size());
  }
}

void expect_cover(const std::vector<FileRegion>& regions, std::uint64_t file_size) {
  std::uint64_t at = 0;
  for (const FileRegion& region : regions) {
    EXPECT_EQ(region.offset_bytes, at) << region.name;
    EXPECT_GT(region.size_bytes, 0U) << region.name;
    at = region.offset_bytes + region.size_bytes;
  }
  EXPECT_EQ(at, file_size);
}

TEST(Regions, CoverProgramsOfThisMachineExactly) {
  for (const std::string& path : programs_of_this_machine()) {
    const auto file = open_file(path);
    ASSERT_TRUE(file);
    const auto image = read_image(**file);
    ASSERT_TRUE(image);
    const auto regions = file_regions(*image, (*file)->size());
    expect_cover(regions, (*file)->size());
    EXPECT_EQ(std::ranges::count(regions, ".text", &FileRegion::name), 1) << path;
  }
}

TEST(Regions, GiveOverlappingBytesToTheEarlierSectionAndNameWhatLiesOutside) {
  Image image;
  image.headers = {0, 10};
  const auto section = [](std::string name, std::uint64_t offset, std::uint64_t size) {
    return Section{.name = std::move(name), .file_offset = offset, .file_size = size};
  };
  image.sections = {section("b", 30, 20), section("a", 20, 20), section("nobits", 25, 0),
                    section("outside", 90, 20), section("inside", 32, 4)};
  image.signatures = {60, 10};
  const std::vector<FileRegion> expected{{"(headers)", 0, 10}, {"(gap)", 10, 10}, {"a", 20, 20},
                                         {"b", 40, 10},        {"(gap)", 50, 10}, {"(signature)", 60, 10},
                                         {"(overlay)", 70, 30}};
  EXPECT_EQ(file_regions(image, 100), expected);
  EXPECT_TRUE(file_regions(image, 0).empty());
}

TEST(Regions, AreCapped) {
  Image image;
  for (std::uint64_t i = 0; i < 2 * kFileRegionsMax; ++i)
    image.sections.push_back({.file_offset = 2 * i, .file_size = 1});
  const auto regions = file_regions(image, 4 * kFileRegionsMax + 100);
  EXPECT_LE(regions.size(), kFileRegionsMax);
  EXPECT_EQ(regions.back().name, "(rest)");
  expect_cover(regions, 4 * kFileRegionsMax + 100);
}

TEST(Image, ReadsBothClassesAndByteOrders) {
  for (const unsigned bits : {32U, 64U}) {
    for (const std::endian order : {std::endian::little, std::endian::big}) {
      const Bytes bytes = small_elf(bits, order);
      const auto image = read_image(*memory_source(bytes));
      ASSERT_TRUE(image) << to_string(image.error());
      EXPECT_EQ(image->bits, bits);
      EXPECT_EQ(image->byte_order, order);
      EXPECT_EQ(image->kind, Kind::kExecutable);
      EXPECT_EQ(image->entry, 0x401000U);
      EXPECT_EQ(image->image_base, 0x400000U);
      ASSERT_EQ(image->sections.size(), 3U);
      EXPECT_EQ(image->sections[1].name, ".text");
      EXPECT_TRUE(image->sections[1].executable);
      EXPECT_EQ(image->segments.size(), 1U);
      expect_cover(file_regions(*image, bytes.size()), bytes.size());
    }
  }
}

TEST(Image, RefusesElfCutOffAtAnyByteOfItsTables) {
  const Bytes bytes = small_elf(64, std::endian::little);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto image = read_image(*memory_source(ByteView(bytes).first(size)));
    EXPECT_FALSE(image) << size;  // the section header table is at the end
  }
}

TEST(Image, RefusesEachWrongField) {
  struct Case {
    std::size_t offset;
    std::uint8_t value;
    ErrorCode code;
  };
  for (const Case& wrong : {Case{4, 3, ErrorCode::kUnsupported}, Case{5, 0, ErrorCode::kUnsupported},
                            Case{0, 0x7e, ErrorCode::kUnsupported}, Case{16, 9, ErrorCode::kUnsupported},
                            Case{39, 0x7f, ErrorCode::kCorrupt}, Case{47, 0x7f, ErrorCode::kCorrupt},
                            Case{54, 1, ErrorCode::kCorrupt}, Case{57, 0x7f, ErrorCode::kLimitExceeded},
                            Case{58, 1, ErrorCode::kCorrupt}, Case{61, 0x7f, ErrorCode::kCorrupt}}) {
    Bytes bytes = small_elf(64, std::endian::little);
    bytes[wrong.offset] = wrong.value;
    const auto image = read_image(*memory_source(bytes));
    ASSERT_FALSE(image) << wrong.offset;
    EXPECT_EQ(image.error().code, wrong.code) << wrong.offset << " " << to_string(image.error());
  }
}

TEST(Image, MarksASectionWhoseSizeOverflowsAsOutsideOfTheFile) {
  Bytes bytes = small_elf(64, std::endian::little);
  const std::size_t text_size_field = bytes.size() - 2 * 64 + 32;
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(text_size_field), 8, std::uint8_t{0xff});
  const auto image = read_image(*memory_source(bytes));
  ASSERT_TRUE(image);
  EXPECT_TRUE(image->sections[1].outside_file);
  EXPECT_EQ(image->sections[1].file_size, 0U);
  expect_cover(file_regions(*image, bytes.size()), bytes.size());
}

TEST(Image, ReadsPeAndRefusesItCutOffInItsHeaders) {
  const Bytes bytes = small_pe();
  const auto image = read_image(*memory_source(bytes));
  ASSERT_TRUE(image) << to_string(image.error());
  EXPECT_EQ(image->format, Format::kPe);
  EXPECT_EQ(image->machine, Machine::kX64);
  EXPECT_EQ(image->image_base, 0x140000000U);
  ASSERT_EQ(image->sections.size(), 1U);
  EXPECT_EQ(image->sections[0].name, ".text");
  EXPECT_EQ(image->sections[0].address, 0x140001000U);
  EXPECT_EQ(file_regions(*image, bytes.size()).back().name, "(signature)");
  for (std::size_t size = 0; size < image->headers.size_bytes; ++size) {
    EXPECT_FALSE(read_image(*memory_source(ByteView(bytes).first(size)))) << size;
  }
}

TEST(Image, SurvivesRandomDamage) {
  std::mt19937 random(20261127);
  for (const Bytes& original :
       {small_elf(64, std::endian::little), small_elf(32, std::endian::big), small_pe()}) {
    for (int round = 0; round < 2000; ++round) {
      Bytes bytes = original;
      for (int i = 0; i < 4; ++i) bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
      const auto image = read_image(*memory_source(bytes));
      if (image) expect_cover(file_regions(*image, bytes.size()), bytes.size());
    }
  }
}

}  // namespace
}  // namespace stella::object
