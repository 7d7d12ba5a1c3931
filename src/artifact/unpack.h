// Turns stored bytes into unpacked ones, within the limits, hashing on the way.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "decode.h"
#include "stella/artifact/limits.h"
#include "stella/artifact/type.h"
#include "stella/base/digest.h"

namespace stella::artifact {

// What may still be unpacked from one artifact.
class Budget {
 public:
  Budget(std::uint64_t artifact_size_bytes, const Limits& limits);
  // Errors: kLimitExceeded.
  [[nodiscard]] Status charge(std::uint64_t bytes);

 private:
  std::uint64_t left_bytes_;
  std::uint64_t all_bytes_;
};

struct Unpacked {
  std::unique_ptr<ByteSource> bytes;  // null when nobody needed them
  Type type = Type::kPlain;
  std::uint64_t size_bytes = 0;
  Digest sha256;
};

struct UnpackRequest {
  const ByteSource& packed;
  Coding coding = Coding::kStored;
  std::optional<std::uint64_t> size_bytes{};  // as stated; must be right
  std::optional<std::uint32_t> crc32{};       // as stated; must be right
  std::string name{};                         // for messages
  // Whether the bytes are wanted, by what they begin like. Containers, packed streams and programs always
  // are.
  std::function<bool(Type)> wants_bytes{};
};

// Errors: kCorrupt, kLimitExceeded, kIo.
[[nodiscard]] Result<Unpacked> unpack(const UnpackRequest& request, const Limits& limits, Budget& budget);

struct Sums {
  Digest sha256;
  std::uint32_t crc32 = 0;  // 0 unless asked for
};
[[nodiscard]] Result<Sums> sums_of(const ByteSource& source, bool with_crc32);
[[nodiscard]] Result<Digest> hash_source(const ByteSource& source);
[[nodiscard]] Error wrong_crc32(std::uint32_t expected, std::uint32_t found);

}  // namespace stella::artifact
