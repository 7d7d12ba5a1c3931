#include "stella/base/reader.h"

#include <gtest/gtest.h>

#include <limits>

namespace stella {
namespace {

TEST(ByteReader, SaysWhereTheBytesRanOut) {
  const Bytes bytes = {1, 2, 3};
  ByteReader reader(bytes, "table");
  ASSERT_TRUE(reader.le<std::uint16_t>());
  const auto failed = reader.be<std::uint32_t>();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(to_string(failed.error()), "table ends too early (at offset 2, expected 4 more bytes, found 1)");
  EXPECT_EQ(reader.offset(), 2U);
}

TEST(ByteReader, RefusesCountsThatWouldOverflow) {
  const Bytes bytes = {1, 2, 3};
  ByteReader reader(bytes);
  ASSERT_TRUE(reader.skip(2));
  EXPECT_FALSE(reader.bytes(std::numeric_limits<std::uint64_t>::max()));
  EXPECT_FALSE(reader.seek(4));
  EXPECT_TRUE(reader.seek(3));
  EXPECT_TRUE(reader.at_end());
}

TEST(ByteReader, ReadsBackEveryVarint) {
  for (unsigned shift = 0; shift < 64; ++shift) {
    for (const std::uint64_t around : {0, 1, 2}) {
      const std::uint64_t value = (std::uint64_t{1} << shift) + around - 1;
      Bytes bytes;
      append_varint(bytes, value);
      ByteReader reader(bytes);
      EXPECT_EQ(reader.varint().value(), value);
      EXPECT_TRUE(reader.at_end());
    }
  }
  Bytes bytes;
  append_varint(bytes, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(bytes.size(), 10U);
  EXPECT_EQ(ByteReader(bytes).varint().value(), std::numeric_limits<std::uint64_t>::max());
}

TEST(ByteReader, RefusesVarintsThatAreNotInShortestForm) {
  for (const Bytes& bytes :
       {Bytes{0x80, 0x00}, Bytes{0xff, 0x80, 0x00}, Bytes{0x80}, Bytes(10, 0xff), Bytes(11, 0x80)}) {
    EXPECT_FALSE(ByteReader(bytes).varint()) << "length " << bytes.size();
  }
}

}  // namespace
}  // namespace stella
