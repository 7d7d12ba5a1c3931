// Generated content for tests, as docs/format/chunking.md ("Test vectors") defines it, and random content
// with a seed.
#pragma once

#include <cstdint>
#include <string_view>

#include "stella/base/bytes.h"

namespace stella::chunk::testing {

class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t end) { return next() % end; }

 private:
  std::uint64_t state_;
};

inline Bytes random_bytes(std::uint64_t seed, std::size_t size) {
  SplitMix64 random(seed);
  Bytes bytes(size);
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (i % 8 == 0) word = random.next();
    bytes[i] = static_cast<std::uint8_t>(word >> (i % 8 * 8));
  }
  return bytes;
}

// `kind`: random, constant, islands or records.
inline Bytes generate(std::string_view kind, std::uint64_t seed, std::size_t size) {
  if (kind == "constant") return Bytes(size, static_cast<std::uint8_t>(seed));
  Bytes bytes = random_bytes(seed, size);
  if (kind == "islands") {
    for (std::size_t i = 0; i < size; ++i) {
      if ((i >> 12) % 4 != 0) bytes[i] = 0;
    }
  } else if (kind == "records") {
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t column = i % 64;
      std::size_t number = i / 64;
      for (std::size_t place = column; place < 7; ++place) number /= 10;
      bytes[i] = static_cast<std::uint8_t>(column < 8     ? '0' + number % 10
                                           : column == 8  ? ' '
                                           : column == 63 ? '\n'
                                                          : 'a' + bytes[i] % 4);
    }
  }
  return bytes;
}

}  // namespace stella::chunk::testing
