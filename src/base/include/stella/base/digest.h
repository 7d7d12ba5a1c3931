// SHA-256 (FIPS 180-4) and BLAKE3, at once and as streams.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "stella/base/bytes.h"
#include "stella/base/error.h"

namespace stella {

// 32 bytes of SHA-256 or BLAKE3; which of the two, the name of the variable says.
struct Digest {
  std::array<std::uint8_t, 32> bytes{};

  auto operator<=>(const Digest&) const = default;
  [[nodiscard]] ByteView view() const { return bytes; }
};

// For hash tables keyed by digests that an attacker cannot choose freely (64 bits of SHA-256).
struct DigestHash {
  std::size_t operator()(const Digest& digest) const { return load_le<std::uint64_t>(digest.bytes.data()); }
};

[[nodiscard]] std::string to_hex(ByteView bytes);              // lower case
[[nodiscard]] Result<Bytes> parse_hex(std::string_view text);  // either case, even length
[[nodiscard]] std::string sha256_text(const Digest& digest);   // "sha256:<64 hex>", as OCI has it
[[nodiscard]] Result<Digest> parse_sha256_text(std::string_view text);

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(ByteView bytes);
  [[nodiscard]] Digest finish();  // the digest of all since construction or the last finish()

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class Blake3 {
 public:
  Blake3();
  ~Blake3();
  Blake3(Blake3&&) noexcept;
  Blake3& operator=(Blake3&&) noexcept;

  void update(ByteView bytes);
  [[nodiscard]] Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] Digest sha256(ByteView bytes);
[[nodiscard]] Digest blake3(ByteView bytes);

}  // namespace stella
