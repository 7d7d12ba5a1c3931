#include "stella/base/bytes.h"

#include <gtest/gtest.h>

namespace stella {
namespace {

TEST(Bytes, LoadsBothByteOrders) {
  const std::uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x88};
  EXPECT_EQ(load_le<std::uint32_t>(bytes), 0x04030201U);
  EXPECT_EQ(load_be<std::uint32_t>(bytes), 0x01020304U);
  EXPECT_EQ(load_be<std::uint64_t>(bytes), 0x0102030405060788ULL);
  EXPECT_LT(load_le<std::int64_t>(bytes), 0);
}

TEST(Bytes, StoredIntegersAreTheLayoutTheyName) {
  struct Header {
    ub16 a;
    ul32 b;
  };
  static_assert(sizeof(Header) == 6 && alignof(Header) == 1);
  const std::uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06};
  Header header;
  std::memcpy(&header, bytes, sizeof header);
  EXPECT_EQ(header.a, 0x0102);
  EXPECT_EQ(header.b, 0x06050403U);
}

}  // namespace
}  // namespace stella
