// A cursor over DER (X.690): definite lengths in their shortest form, tags below 31. Every error names the
// field that was expected. Also the few writers that signatures over rebuilt structures need.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "stella/base/bytes.h"
#include "stella/base/error.h"
#include "stella/base/time.h"

namespace stella::crypto::der {

inline constexpr std::uint8_t kBoolean = 0x01;
inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kNull = 0x05;
inline constexpr std::uint8_t kObjectId = 0x06;
inline constexpr std::uint8_t kEnumerated = 0x0a;
inline constexpr std::uint8_t kUtf8String = 0x0c;
inline constexpr std::uint8_t kUtcTime = 0x17;
inline constexpr std::uint8_t kGeneralizedTime = 0x18;
inline constexpr std::uint8_t kSequence = 0x30;
inline constexpr std::uint8_t kSet = 0x31;

// Context-specific tags: [n] IMPLICIT of a primitive, and [n] of something constructed.
constexpr std::uint8_t context(unsigned n) { return static_cast<std::uint8_t>(0x80 | n); }
constexpr std::uint8_t context_constructed(unsigned n) { return static_cast<std::uint8_t>(0xa0 | n); }

struct Element {
  std::uint8_t tag = 0;
  ByteView content{};
  ByteView whole{};  // with tag and length
};

class Reader {
 public:
  // `what` names the structure in errors. Both are borrowed.
  Reader(ByteView bytes, std::string_view what) : rest_(bytes), what_(what) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool next_is(std::uint8_t tag) const { return !rest_.empty() && rest_[0] == tag; }
  [[nodiscard]] std::string_view what() const { return what_; }

  [[nodiscard]] Result<Element> any(std::string_view field);
  [[nodiscard]] Result<Element> take(std::uint8_t tag, std::string_view field);
  [[nodiscard]] Result<Reader> enter(std::uint8_t tag, std::string_view field);  // a reader of its content
  [[nodiscard]] Status end() const;  // an error when something is left

  [[nodiscard]] Result<std::string> object_id(std::string_view field);  // dotted
  [[nodiscard]] Result<Bytes> integer(std::string_view field);          // two's complement, shortest form
  [[nodiscard]] Result<std::uint64_t> small_integer(std::string_view field);  // 0 to 2^63 - 1
  [[nodiscard]] Result<bool> boolean(std::string_view field);
  [[nodiscard]] Result<ByteView> bit_string(std::string_view field);  // a whole number of bytes
  [[nodiscard]] Result<Time> time(std::string_view field);  // UTCTime or GeneralizedTime as RFC 5280 has them
  // GeneralizedTime with a fraction of any length (RFC 3161).
  [[nodiscard]] Result<Time> generalized_time(std::string_view field);

 private:
  ByteView rest_;
  std::string_view what_;
};

[[nodiscard]] std::unexpected<Error> malformed(std::string_view what, std::string_view field,
                                               std::string why);

// Tag, shortest length, and the parts one after the other.
[[nodiscard]] Bytes encode(std::uint8_t tag, std::initializer_list<ByteView> parts);
[[nodiscard]] Bytes encode_object_id(std::string_view dotted);

}  // namespace stella::crypto::der
