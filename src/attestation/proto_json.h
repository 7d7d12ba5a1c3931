// Fields as Protobuf's JSON has them: 64-bit integers are strings (or numbers), bytes are base64, a field of
// the default value may be absent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stella/base/bytes.h"
#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/base/json_view.h"

namespace stella::attestation {

inline constexpr std::int64_t kTimeMax = 253'402'300'799;  // 9999-12-31T23:59:59Z

// 0 to 2^63 - 1; 0 when absent.
[[nodiscard]] Result<std::uint64_t> unsigned_at(const json::View& object, std::string_view key);
[[nodiscard]] Result<Bytes> bytes_at(const json::View& object,
                                     std::string_view key);  // must be there, not empty
[[nodiscard]] Result<Digest> digest_at(const json::View& object, std::string_view key);  // 32 bytes in base64
[[nodiscard]] Result<Digest> digest_of(const json::View& value);
[[nodiscard]] Result<std::string> optional_string(const json::View& object,
                                                  std::string_view key);  // "" when absent

}  // namespace stella::attestation
