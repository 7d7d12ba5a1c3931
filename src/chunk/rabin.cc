#include "rabin.h"

namespace stella::chunk {
namespace {

constexpr std::uint64_t kTop = std::uint64_t{1} << kRabinDegree;

constexpr std::uint64_t times_x(std::uint64_t value) {
  value <<= 1;
  return (value & kTop) != 0 ? value ^ kRabinPolynomial : value;
}

// table[b] = b(x) · x^power modulo the polynomial, for each byte b.
constexpr std::array<std::uint64_t, 256> byte_times_x_to(int power) {
  std::array<std::uint64_t, 8> bits{};
  std::uint64_t value = 1;
  for (int i = 0; i < power; ++i) value = times_x(value);
  for (auto& bit : bits) {
    bit = value;
    value = times_x(value);
  }
  std::array<std::uint64_t, 256> table{};
  for (std::size_t b = 0; b < table.size(); ++b) {
    for (std::size_t i = 0; i < bits.size(); ++i) {
      if ((b >> i & 1) != 0) table[b] ^= bits[i];
    }
  }
  return table;
}

// What the byte that leaves the window contributed.
constexpr auto kLeaving = byte_times_x_to(8 * (static_cast<int>(RabinHash::kWindowBytes) - 1));
// What the eight bits shifted beyond x^52 become.
constexpr auto kOverflow = byte_times_x_to(kRabinDegree);

}  // namespace

inline void RabinHash::step(std::uint8_t byte) {
  const std::uint64_t kept = value_ ^ kLeaving[window_[oldest_]];
  window_[oldest_] = byte;
  oldest_ = oldest_ + 1 == kWindowBytes ? 0 : oldest_ + 1;
  value_ = (((kept << 8) & (kTop - 1)) | byte) ^ kOverflow[kept >> (kRabinDegree - 8)];
}

void RabinHash::roll(const std::uint8_t* bytes, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) step(bytes[i]);
}

Hit RabinHash::find(const std::uint8_t* bytes, std::size_t count, bool strict) {
  const std::uint64_t mask = strict ? mask_strict_ : mask_loose_;
  for (std::size_t i = 0; i < count; ++i) {
    step(bytes[i]);
    if ((value_ & mask) == mask) return {.consumed = i + 1, .found = true};
  }
  return {.consumed = count, .found = false};
}

}  // namespace stella::chunk
