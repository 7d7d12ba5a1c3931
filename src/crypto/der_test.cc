#include "der.h"

#include <gtest/gtest.h>

#include "stella/base/digest.h"

namespace stella::crypto::der {
namespace {

Bytes hex(std::string_view text) { return parse_hex(text).value(); }

std::string error_of(std::string_view text) {
  const Bytes bytes = hex(text);
  Reader reader(bytes, "value");
  const auto element = reader.any("field");
  return element ? "" : element.error().message;
}

TEST(Der, KnowsOneFormOfALength) {
  EXPECT_EQ(error_of("040100"), "");
  EXPECT_NE(error_of("04810100").find("shortest form"), std::string::npos);
  EXPECT_NE(error_of("0482000100").find("shortest form"), std::string::npos);
  EXPECT_NE(error_of("04800000").find("indefinite"), std::string::npos);
  EXPECT_NE(error_of("04850000000001").find("four bytes"), std::string::npos);
  EXPECT_NE(error_of("0484ffffffff00").find("too early"), std::string::npos);
  EXPECT_NE(error_of("1f8101").find("more than one byte"), std::string::npos);
  EXPECT_NE(error_of("04").find("too early"), std::string::npos);
}

TEST(Der, WritesWhatItReads) {
  for (const std::size_t size : {0U, 1U, 127U, 128U, 255U, 256U, 70'000U}) {
    const Bytes content(size, 7);
    const Bytes whole = encode(kOctetString, {content});
    Reader reader(whole, "value");
    EXPECT_TRUE(std::ranges::equal(reader.take(kOctetString, "field")->content, content));
    EXPECT_TRUE(reader.end());
  }
  for (const char* dotted :
       {"1.2.840.113549.1.9.16.1.4", "2.5.4.3", "2.999.1", "0.9", "1.3.6.1.4.1.57264.1.23"}) {
    const Bytes whole = encode_object_id(dotted);
    EXPECT_EQ(Reader(whole, "value").object_id("field").value(), dotted);
  }
}

TEST(Der, RefusesObjectIdsAndIntegersOfOtherForms) {
  for (const char* text : {"0600", "060180", "06022b80",
                           "0603"
                           "80"
                           "2b01",
                           "060bffffffffffffffffffff7f"}) {
    const Bytes bytes = hex(text);
    EXPECT_FALSE(Reader(bytes, "value").object_id("field")) << text;
  }
  for (const char* text : {"0200", "02020001", "0202ff80",
                           "02018"
                           "0",
                           "020900ffffffffffffffff"}) {
    const Bytes bytes = hex(text);
    EXPECT_FALSE(Reader(bytes, "value").small_integer("field")) << text;
  }
  const Bytes good = hex("02020080");
  EXPECT_EQ(Reader(good, "value").small_integer("field").value(), 128U);
  for (const char* text : {"010101", "0100", "01020000"}) {
    const Bytes bytes = hex(text);
    EXPECT_FALSE(Reader(bytes, "value").boolean("field")) << text;
  }
}

Result<Time> time_of(std::uint8_t tag, std::string_view text) {
  const Bytes bytes = encode(tag, {as_bytes(text)});
  return Reader(bytes, "value").generalized_time("field");
}

TEST(Der, ReadsTimesWithAnyNumberOfFractionDigits) {
  EXPECT_EQ(to_string(time_of(kGeneralizedTime, "20261127023800Z").value()), "2026-11-27T02:38:00Z");
  EXPECT_EQ(to_string(time_of(kGeneralizedTime, "20261127023800.5Z").value()), "2026-11-27T02:38:00.5Z");
  EXPECT_EQ(to_string(time_of(kGeneralizedTime, "20261127023800.123456789012Z").value()),
            "2026-11-27T02:38:00.123456789Z");
  for (const char* text : {"20261127023800", "20261127023800.Z", "20261127023800.50Z", "20261327023800Z",
                           "202611270238Z", "20261127023800.5xZ", "20261127023800+0000", "2026112702380xZ"}) {
    EXPECT_FALSE(time_of(kGeneralizedTime, text)) << text;
  }
  const auto two_digits = [](std::string_view text) {
    const Bytes bytes = encode(kUtcTime, {as_bytes(text)});
    return Reader(bytes, "value").time("field");
  };
  EXPECT_EQ(to_string(two_digits("491231235959Z").value()), "2049-12-31T23:59:59Z");
  EXPECT_EQ(to_string(two_digits("500101000000Z").value()), "1950-01-01T00:00:00Z");
  EXPECT_FALSE(two_digits("4912312359Z"));
  EXPECT_FALSE(two_digits("491231235959+0000"));
}

}  // namespace
}  // namespace stella::crypto::der
