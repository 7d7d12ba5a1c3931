#include "name.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "der.h"

namespace stella::crypto {
namespace {

constexpr std::size_t kNamePartsMax = 64;

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kShortNames = {
    {{"2.5.4.3", "CN"},
     {"2.5.4.5", "SERIALNUMBER"},
     {"2.5.4.6", "C"},
     {"2.5.4.7", "L"},
     {"2.5.4.8", "ST"},
     {"2.5.4.10", "O"},
     {"2.5.4.11", "OU"},
     {"1.2.840.113549.1.9.1", "emailAddress"}}};

std::string_view short_name(const std::string& oid) {
  for (const auto& [known, name] : kShortNames) {
    if (known == oid) return name;
  }
  return oid;
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || c == ',' || c == '\\') {
      result += fmt::format("\\{:02x}", byte);
    } else {
      result += c;
    }
  }
  return result;
}

// Length of the UTF-8 character at the beginning of `text`; 0 when it is none (RFC 3629).
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0U; };
  const std::uint32_t first = byte(0);
  const std::size_t size = first < 0x80   ? 1
                           : first < 0xc2 ? 0
                           : first < 0xe0 ? 2
                           : first < 0xf0 ? 3
                           : first < 0xf5 ? 4
                                          : 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool no_character = (first == 0xed && byte(1) >= 0xa0) || (first == 0xf4 && byte(1) >= 0x90);
  return overlong || no_character ? 0 : size;
}

}  // namespace

bool is_printable(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    const auto first = static_cast<unsigned char>(text.front());
    const bool c1_control = first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    if (size == 0 || first < 0x20 || first == 0x7f || (size == 2 && c1_control)) return false;
    text.remove_prefix(size);
  }
  return true;
}

Result<std::string> name_text(ByteView name_der) {
  der::Reader outer(name_der, "name");
  STELLA_TRY(der::Reader sequence, outer.enter(der::kSequence, "Name"));
  STELLA_CHECK(outer.end());
  std::string text;
  std::size_t parts = 0;
  while (!sequence.at_end()) {
    STELLA_TRY(der::Reader set, sequence.enter(der::kSet, "RelativeDistinguishedName"));
    if (set.at_end()) return der::malformed("name", "RelativeDistinguishedName", "a set is empty");
    while (!set.at_end()) {
      if (++parts > kNamePartsMax) {
        return fail(ErrorCode::kLimitExceeded, fmt::format("a name has more than {} parts", kNamePartsMax));
      }
      STELLA_TRY(der::Reader attribute, set.enter(der::kSequence, "AttributeTypeAndValue"));
      STELLA_TRY(const std::string oid, attribute.object_id("type"));
      STELLA_TRY(const der::Element value, attribute.any("value"));
      STELLA_CHECK(attribute.end());
      if (!text.empty()) text += ", ";
      text += fmt::format("{}={}", short_name(oid), escaped(as_text(value.content)));
    }
  }
  return text;
}

}  // namespace stella::crypto
