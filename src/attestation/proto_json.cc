#include "proto_json.h"

#include <charconv>

#include <fmt/format.h>

namespace stella::attestation {

Result<std::uint64_t> unsigned_at(const json::View& object, std::string_view key) {
  STELLA_TRY(const auto member, object.find(key));
  if (!member) return 0;
  const std::string* text = member->value().string();
  if (text == nullptr) {
    STELLA_TRY(const std::int64_t value, member->integer());
    return static_cast<std::uint64_t>(value);
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  // One spelling for each number: no sign, no leading zero.
  if (error != std::errc() || end != text->data() + text->size() || std::to_string(value) != *text ||
      value < 0) {
    return member->fail("not a whole number", "0 to 9223372036854775807", text->substr(0, 32));
  }
  return static_cast<std::uint64_t>(value);
}

Result<Bytes> bytes_at(const json::View& object, std::string_view key) {
  STELLA_TRY(const json::View member, object.at(key));
  STELLA_TRY(Bytes bytes, member.base64());
  if (bytes.empty()) return member.fail("a field is empty");
  return bytes;
}

Result<Digest> digest_of(const json::View& value) {
  STELLA_TRY(const Bytes bytes, value.base64());
  Digest digest;
  if (bytes.size() != digest.bytes.size()) {
    return value.fail("a hash has the wrong length", "32 bytes", fmt::format("{} bytes", bytes.size()));
  }
  std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
  return digest;
}

Result<Digest> digest_at(const json::View& object, std::string_view key) {
  STELLA_TRY(const json::View member, object.at(key));
  return digest_of(member);
}

Result<std::string> optional_string(const json::View& object, std::string_view key) {
  STELLA_TRY(const auto member, object.find(key));
  if (!member) return std::string();
  return member->string();
}

}  // namespace stella::attestation
