#include "images.h"

#include <gtest/gtest.h>

#include "delta_test_support.h"

namespace stella::delta {
namespace {

using testing::program;

// A tar's header block, as far as images are found by it.
Bytes tar_header(std::size_t size_bytes) {
  Bytes block(512);
  for (std::size_t i = 0; i < 11; ++i) {
    block[124 + 10 - i] = static_cast<std::uint8_t>('0' + (size_bytes >> (3 * i) & 7));
  }
  const std::string_view magic = "ustar";
  std::copy(magic.begin(), magic.end(), block.begin() + 257);
  return block;
}

void append_member(Bytes& tar, ByteView content) {
  append(tar, tar_header(content.size()));
  append(tar, content);
  tar.resize((tar.size() + 511) / 512 * 512);
}

// A program that carries a tar with another program, all of it loaded as code.
Bytes program_with_a_tar_inside(unsigned functions) {
  Bytes outer = program(functions, 0, 0);
  outer.resize((outer.size() + 511) / 512 * 512);
  append_member(outer, program(30, 0, 0));
  append(outer, testing::noise(1, 4000));
  store_le<std::uint64_t>(&outer[96], outer.size());  // the segment's sizes, in the file and in memory
  store_le<std::uint64_t>(&outer[104], outer.size());
  return outer;
}

TEST(Images, AreTheMembersOfATarAndLieApart) {
  Bytes tar;
  append_member(tar, program_with_a_tar_inside(40));
  append_member(tar, program(20, 0, 0));
  tar.resize(tar.size() + 1024);
  const auto found = find_images(*memory_source(tar));
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ(found->front().file_offset_bytes, 512U);
  std::uint64_t end = 0;
  for (const FoundImage& image : *found) {
    for (const Area& area : image.areas) {
      EXPECT_GE(area.base_offset_bytes, end);
      end = area.base_offset_bytes + area.size_bytes;
    }
  }
}

TEST(Images, OfAProgramInsideOfAnotherDoNotSpoilTheDelta) {
  testing::Pair pair;
  append_member(pair.base, program_with_a_tar_inside(40));
  append_member(pair.target, program_with_a_tar_inside(41));
  const Bytes delta = testing::delta_of(pair.base, pair.target);
  const auto target = testing::applied(pair.base, delta);
  ASSERT_TRUE(target.has_value()) << to_string(target.error());
  EXPECT_EQ(*target, pair.target);
}

}  // namespace
}  // namespace stella::delta
