// Rabin's fingerprint of the last 48 bytes: the bytes as a polynomial over GF(2), first bit first, modulo an
// irreducible polynomial of degree 53. Source: M. O. Rabin, Fingerprinting by Random Polynomials, 1981; the
// window of 48 bytes is that of LBFS (SOSP 2001).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "hit.h"

namespace stella::chunk {

// The first of (SHA-256("stella rabin " n) as a little-endian integer, its low 53 bits, with x^53 and 1
// added), for n = 0, 1, …, that is irreducible and under which no run of one byte value is a candidate: n
// = 34.
inline constexpr std::uint64_t kRabinPolynomial = 0x23e43b9e17031b;
inline constexpr int kRabinDegree = 53;

class RabinHash {
 public:
  static constexpr std::uint32_t kWindowBytes = 48;
  // One position in so many is a candidate; powers of two. A candidate's hash ends in one bits: zeros would
  // make each run of zero bytes a candidate.
  RabinHash(std::uint32_t period_strict, std::uint32_t period_loose)
      : mask_strict_(period_strict - 1), mask_loose_(period_loose - 1) {}

  void roll(const std::uint8_t* bytes, std::size_t count);
  [[nodiscard]] Hit find(const std::uint8_t* bytes, std::size_t count, bool strict);
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  void step(std::uint8_t byte);

  std::uint64_t mask_strict_;
  std::uint64_t mask_loose_;
  std::uint64_t value_ = 0;
  std::array<std::uint8_t, kWindowBytes> window_{};  // a ring
  std::size_t oldest_ = 0;
};

}  // namespace stella::chunk
