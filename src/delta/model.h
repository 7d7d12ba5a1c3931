// Adaptive probabilities: counters, their mixing, and numbers coded with them. Integers only, so that every
// machine computes the same. Source: logistic mixing as in lpaq (Mahoney, "Adaptive weighing of context
// models for lossless data compression", 2005), written anew; docs/format/delta.md, section 6.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace stella::delta {

// The probability of a 1: 22 bits of it above 10 bits that count how often it was used, up to 255. Each
// use moves it towards the bit seen by 1/(count + 1.5).
class Counter {
 public:
  [[nodiscard]] std::uint32_t p() const { return state_ >> 16; }  // in 65536ths

  void update(unsigned bit) {
    const std::uint32_t count = state_ & 1023;
    const auto p22 = static_cast<std::int64_t>(state_ >> 10);
    const std::int64_t goal = bit != 0 ? (1 << 22) - 1 : 0;
    const std::int64_t moved = p22 + ((goal - p22) * kRate[count] >> 16);
    state_ = static_cast<std::uint32_t>(moved) << 10 | (count < kCountMax ? count + 1 : kCountMax);
  }

 private:
  static constexpr std::uint32_t kCountMax = 255;
  static constexpr std::array<std::int64_t, 256> kRate = [] {
    std::array<std::int64_t, 256> rate{};
    for (std::int64_t i = 0; i < 256; ++i) rate[static_cast<std::size_t>(i)] = 131072 / (2 * i + 3);
    return rate;
  }();
  std::uint32_t state_ = 1U << 31;
};

// ln(p / (1 - p)) in 256ths, for p in 4096ths; and back to 65536ths.
struct Logistic {
  std::array<std::int16_t, 4096> stretch_of{};
  std::array<std::uint16_t, 4096> squash_of{};  // index: x + 2048

  constexpr Logistic() {
    // 65536 / (1 + e^-x) at x = -8, -7.5 … 8, rounded; a straight line between them.
    constexpr std::array<int, 33> kSquashAt = {22,    36,    60,    98,    162,   267,   439,   720,   1179,
                                               1921,  3108,  4971,  7812,  11955, 17625, 24743, 32768, 40793,
                                               47911, 53581, 57724, 60565, 62428, 63615, 64357, 64816, 65097,
                                               65269, 65374, 65438, 65476, 65500, 65514};
    for (std::size_t i = 0; i < 4096; ++i) {
      const std::size_t at = i >> 7;
      const int part = static_cast<int>(i & 127);
      squash_of[i] =
          static_cast<std::uint16_t>((kSquashAt[at] * (128 - part) + kSquashAt[at + 1] * part + 64) >> 7);
    }
    // The smallest x that squashes to p or more; squash is monotonic, so that one sweep finds all.
    int x = -2047;
    for (int p = 0; p < 4096; ++p) {
      while (x < 2047 && squash_of[static_cast<std::size_t>(x + 2048)] < p * 16 + 8) ++x;
      stretch_of[static_cast<std::size_t>(p)] = static_cast<std::int16_t>(x);
    }
  }
};
inline constexpr Logistic kLogistic;

[[nodiscard]] inline int stretch(std::uint32_t p65536) { return kLogistic.stretch_of[p65536 >> 4]; }
[[nodiscard]] inline std::uint32_t squash(int x) {
  const int clamped = x < -2047 ? -2047 : (x > 2047 ? 2047 : x);
  return kLogistic.squash_of[static_cast<std::size_t>(clamped + 2048)];
}

// Weighs the opinions of N counters; one set of weights for each value of a small context.
template <std::size_t N>
class Mixer {
 public:
  explicit Mixer(std::size_t sets) : weights_(sets * N, kWeightOne * 2 / (static_cast<int>(N) + 2)) {}

  // Codes one bit with the counters' probabilities and teaches both them and the weights.
  template <typename Coder>
  unsigned code(Coder& coder, unsigned bit, const std::array<Counter*, N>& counters, std::size_t set) {
    std::array<int, N> opinion;
    std::int64_t sum = 0;
    std::int32_t* const weights = &weights_[set * N];
    for (std::size_t i = 0; i < N; ++i) {
      opinion[i] = stretch(counters[i]->p());
      sum += static_cast<std::int64_t>(opinion[i]) * weights[i];
    }
    const std::uint32_t p = squash(static_cast<int>(sum >> 16));
    bit = coder.bit(bit, p);
    const int error = (static_cast<int>(bit << 16) - static_cast<int>(p)) * kRate >> 4;
    for (std::size_t i = 0; i < N; ++i) {
      const std::int64_t step = (static_cast<std::int64_t>(opinion[i]) * error + 32768) >> 16;
      weights[i] = std::clamp(weights[i] + static_cast<int>(step), -kWeightMax, kWeightMax);
      counters[i]->update(bit);
    }
    return bit;
  }

 private:
  static constexpr int kWeightOne = 65536;
  static constexpr int kWeightMax = 128 * kWeightOne;
  static constexpr int kRate = 6;

  std::vector<std::int32_t> weights_;
};

template <typename Coder>
unsigned code_bit(Coder& coder, unsigned bit, Counter& counter) {
  bit = coder.bit(bit, counter.p());
  counter.update(bit);
  return bit;
}

// Bits that nothing predicts, most significant first.
template <typename Coder>
std::uint64_t code_direct(Coder& coder, std::uint64_t value, unsigned bits) {
  std::uint64_t result = 0;
  for (unsigned i = bits; i-- > 0;) {
    result = result << 1 | coder.bit(static_cast<unsigned>(value >> i & 1), 32768);
  }
  return result;
}

// Unsigned numbers of up to 64 bits: how many bits there are, then those below the first, of which three are
// modelled.
class NumberModel {
 public:
  template <typename Coder>
  std::uint64_t code(Coder& coder, std::uint64_t value) {
    const auto length = static_cast<unsigned>(std::bit_width(value));
    unsigned node = 1;
    for (unsigned i = 7; i-- > 0;) node = node << 1 | code_bit(coder, length >> i & 1, lengths_[node]);
    const unsigned bits = std::min(node - 128, 64U);  // only a damaged stream says more
    if (bits == 0) return 0;
    std::uint64_t result = 1;
    unsigned i = bits - 1;
    for (unsigned depth = 0; i > 0 && depth < 3; ++depth) {
      --i;
      Counter& counter = tops_[bits * 8 + static_cast<unsigned>(result)];
      result = result << 1 | code_bit(coder, static_cast<unsigned>(value >> i & 1), counter);
    }
    if (i > 0) result = result << i | code_direct(coder, value & ((std::uint64_t{1} << i) - 1), i);
    return result;
  }

 private:
  std::array<Counter, 128> lengths_;
  std::array<Counter, 65 * 8> tops_;
};

// Signed numbers as unsigned ones: 0, -1, 1, -2, 2 …
[[nodiscard]] inline std::uint64_t zigzag(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}
[[nodiscard]] inline std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

}  // namespace stella::delta
