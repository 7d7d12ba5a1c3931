#include "der.h"

#include <charconv>

#include <fmt/format.h>

namespace stella::crypto::der {
namespace {

constexpr std::size_t kObjectIdSizeMaxBytes = 64;

int digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// "YYYYMMDDHHMMSS" from `at` on, with a year of its own.
Result<Time> civil(std::string_view text, std::size_t at, int year) {
  return time_from_civil(year, digits(text, at, 2), digits(text, at + 2, 2), digits(text, at + 4, 2),
                         digits(text, at + 6, 2), digits(text, at + 8, 2));
}

}  // namespace

std::unexpected<Error> malformed(std::string_view what, std::string_view field, std::string why) {
  return fail({.code = ErrorCode::kCorrupt,
               .message = fmt::format("{} is malformed: {}", what, why),
               .where = std::string(field)});
}

Result<Element> Reader::any(std::string_view field) {
  if (rest_.size() < 2) return malformed(what_, field, "it ends too early");
  if ((rest_[0] & 0x1f) == 0x1f) return malformed(what_, field, "a tag has more than one byte");
  std::size_t length = rest_[1];
  std::size_t header = 2;
  if (length >= 0x80) {
    const std::size_t count = length & 0x7f;
    if (count == 0) return malformed(what_, field, "a length is indefinite, which DER forbids");
    if (count > 4) return malformed(what_, field, "a length has more than four bytes");
    if (rest_.size() < 2 + count) return malformed(what_, field, "it ends too early");
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = (length << 8) | rest_[2 + i];
    if (length < 0x80 || rest_[2] == 0)
      return malformed(what_, field, "a length is not in its shortest form");
    header += count;
  }
  if (length > rest_.size() - header) return malformed(what_, field, "it ends too early");
  const Element element{
      .tag = rest_[0], .content = rest_.subspan(header, length), .whole = rest_.first(header + length)};
  rest_ = rest_.subspan(header + length);
  return element;
}

Result<Element> Reader::take(std::uint8_t tag, std::string_view field) {
  if (!rest_.empty() && rest_[0] != tag) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = fmt::format("{} is malformed: another type of value", what_),
                 .where = std::string(field),
                 .expected = fmt::format("tag 0x{:02x}", tag),
                 .found = fmt::format("tag 0x{:02x}", rest_[0])});
  }
  return any(field);
}

Result<Reader> Reader::enter(std::uint8_t tag, std::string_view field) {
  STELLA_TRY(const Element element, take(tag, field));
  return Reader(element.content, what_);
}

Status Reader::end() const {
  if (!rest_.empty()) {
    return malformed(what_, "end", fmt::format("{} bytes follow where it should end", rest_.size()));
  }
  return {};
}

Result<std::string> Reader::object_id(std::string_view field) {
  STELLA_TRY(const Element element, take(kObjectId, field));
  const ByteView bytes = element.content;
  if (bytes.empty() || bytes.size() > kObjectIdSizeMaxBytes || (bytes.back() & 0x80) != 0) {
    return malformed(what_, field, "not an object identifier");
  }
  std::string text;
  std::uint64_t arc = 0;
  bool first_byte_of_arc = true;
  for (const std::uint8_t byte : bytes) {
    if (first_byte_of_arc && byte == 0x80)
      return malformed(what_, field, "an arc is not in its shortest form");
    if (arc >> 56 != 0) return malformed(what_, field, "an arc is too large");
    arc = (arc << 7) | (byte & 0x7fU);
    first_byte_of_arc = (byte & 0x80) == 0;
    if (!first_byte_of_arc) continue;
    if (text.empty()) {
      const std::uint64_t root = std::min<std::uint64_t>(arc / 40, 2);
      text = fmt::format("{}.{}", root, arc - root * 40);
    } else {
      text += fmt::format(".{}", arc);
    }
    arc = 0;
  }
  return text;
}

Result<Bytes> Reader::integer(std::string_view field) {
  STELLA_TRY(const Element element, take(kInteger, field));
  const ByteView bytes = element.content;
  if (bytes.empty()) return malformed(what_, field, "an integer has no bytes");
  if (bytes.size() > 1 && ((bytes[0] == 0 && bytes[1] < 0x80) || (bytes[0] == 0xff && bytes[1] >= 0x80))) {
    return malformed(what_, field, "an integer is not in its shortest form");
  }
  return Bytes(bytes.begin(), bytes.end());
}

Result<std::uint64_t> Reader::small_integer(std::string_view field) {
  STELLA_TRY(const Bytes bytes, integer(field));
  if (bytes[0] >= 0x80 || bytes.size() > 8)
    return malformed(what_, field, "an integer is negative or too large");
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = (value << 8) | byte;
  return value;
}

Result<bool> Reader::boolean(std::string_view field) {
  STELLA_TRY(const Element element, take(kBoolean, field));
  if (element.content.size() != 1 || (element.content[0] != 0 && element.content[0] != 0xff)) {
    return malformed(what_, field, "not a boolean of DER");
  }
  return element.content[0] != 0;
}

Result<ByteView> Reader::bit_string(std::string_view field) {
  STELLA_TRY(const Element element, take(kBitString, field));
  if (element.content.empty() || element.content[0] != 0) {
    return malformed(what_, field, "not a bit string of whole bytes");
  }
  return element.content.subspan(1);
}

Result<Time> Reader::time(std::string_view field) {
  if (!next_is(kUtcTime)) {
    STELLA_TRY(const Time time, generalized_time(field));
    if (time.nanoseconds != 0) return malformed(what_, field, "a time has a fraction");
    return time;
  }
  STELLA_TRY(const Element element, take(kUtcTime, field));
  const std::string_view text = as_text(element.content);
  const int year = digits(text, 0, 2);
  // RFC 5280, 4.1.2.5.1: seconds and Z are there; two digits mean 1950 to 2049.
  if (text.size() != 13 || text.back() != 'Z' || year < 0) return malformed(what_, field, "not a UTCTime");
  const auto time = civil(text, 2, year < 50 ? 2000 + year : 1900 + year);
  if (!time) return malformed(what_, field, "no such time");
  return *time;
}

Result<Time> Reader::generalized_time(std::string_view field) {
  STELLA_TRY(const Element element, take(kGeneralizedTime, field));
  std::string_view text = as_text(element.content);
  if (!text.ends_with('Z')) return malformed(what_, field, "a time does not end in Z");
  text.remove_suffix(1);
  const int year = digits(text, 0, 4);
  if (text.size() < 14 || year < 0) return malformed(what_, field, "not a GeneralizedTime");
  auto time = civil(text, 4, year);
  if (!time) return malformed(what_, field, "no such time");
  if (text.size() == 14) return *time;
  // DER: a point, and digits of which the last is not zero.
  if (text[14] != '.' || text.size() == 15 || text.back() == '0') {
    return malformed(what_, field, "the fraction of a time is not in DER's form");
  }
  std::int32_t unit = 100'000'000;
  for (const char c : text.substr(15)) {
    if (c < '0' || c > '9') return malformed(what_, field, "the fraction of a time holds no digit");
    time->nanoseconds += (c - '0') * unit;
    unit /= 10;
  }
  return *time;
}

Bytes encode(std::uint8_t tag, std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  Bytes bytes{tag};
  if (size < 0x80) {
    bytes.push_back(static_cast<std::uint8_t>(size));
  } else {
    int count = 1;
    while ((size >> (8 * count)) != 0) ++count;
    bytes.push_back(static_cast<std::uint8_t>(0x80 | count));
    for (int i = count - 1; i >= 0; --i) bytes.push_back(static_cast<std::uint8_t>(size >> (8 * i)));
  }
  for (const ByteView part : parts) append(bytes, part);
  return bytes;
}

Bytes encode_object_id(std::string_view dotted) {
  Bytes content;
  std::uint64_t first = 0;
  for (std::size_t index = 0; !dotted.empty(); ++index) {
    std::uint64_t arc = 0;
    const auto end = std::from_chars(dotted.data(), dotted.data() + dotted.size(), arc).ptr;
    dotted.remove_prefix(static_cast<std::size_t>(end - dotted.data()));
    if (dotted.starts_with('.')) dotted.remove_prefix(1);
    if (index == 0) {
      first = arc * 40;
      continue;
    }
    if (index == 1) arc += first;
    Bytes groups{static_cast<std::uint8_t>(arc & 0x7f)};
    while ((arc >>= 7) != 0) groups.push_back(static_cast<std::uint8_t>(0x80 | (arc & 0x7f)));
    content.insert(content.end(), groups.rbegin(), groups.rend());
  }
  return encode(kObjectId, {content});
}

}  // namespace stella::crypto::der
