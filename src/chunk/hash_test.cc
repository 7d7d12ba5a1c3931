// The tables and the polynomial come from where the comments say, and the hashes are what their definitions
// say.
#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "gear.h"
#include "rabin.h"
#include "stella/base/digest.h"
#include "test_inputs.h"

namespace stella::chunk {
namespace {

constexpr int kLoosestBits = 10;  // average 4096

TEST(GearTables, AreSha256OfTheirLabel) {
  for (std::size_t i = 0; i < 32; ++i) {
    const Digest digest = sha256(as_bytes("stella gear 1 " + std::to_string(i / 8)));
    const std::uint32_t word = load_le<std::uint32_t>(&digest.bytes[i % 8 * 4]);
    EXPECT_EQ(i < 16 ? kGearLow[i] : kGearHigh[i - 16], word) << i;
  }
}

TEST(GearHash, IsASumOverTheLast32BytesWhateverCameBefore) {
  const Bytes bytes = testing::random_bytes(1, 1000);
  GearHash hash(1 << 15, 1 << 11);
  for (std::size_t end = 1; end <= bytes.size(); ++end) {
    hash.roll(&bytes[end - 1], 1);
    if (end < GearHash::kWindowBytes) continue;
    std::uint32_t sum = 0;
    for (std::size_t age = 0; age < 32; ++age) sum += kGearTable[bytes[end - 1 - age]] << age;
    ASSERT_EQ(hash.value(), sum) << end;
  }
}

TEST(GearHash, NoRunOfOneByteIsACandidate) {
  for (unsigned value = 0; value < 256; ++value) {
    const Bytes run(200, static_cast<std::uint8_t>(value));
    GearHash hash(1 << (kLoosestBits + 4), 1 << kLoosestBits);
    hash.roll(run.data(), GearHash::kWindowBytes);
    EXPECT_FALSE(hash.find(run.data(), run.size(), false).found) << value;
  }
}

TEST(GearHash, FindsACandidateAtWhicheverPlaceOfATurnItStands) {
  const Bytes bytes = testing::random_bytes(2, 1 << 16);
  GearHash slow(64, 32);
  for (std::size_t start = 0; start + 600 < bytes.size(); start += 7) {
    GearHash fast = slow;
    const Hit hit = fast.find(&bytes[start], 600, true);
    GearHash rolled = slow;
    std::size_t steps = 0;
    bool found = false;
    while (steps < 600 && !found) {
      rolled.roll(&bytes[start + steps++], 1);
      found = rolled.value() < rolled.below_strict();
    }
    ASSERT_EQ(hit.found, found);
    ASSERT_EQ(hit.consumed, steps);
    ASSERT_EQ(fast.value(), rolled.value());
    slow.roll(&bytes[start], 7);
  }
}

// Bits down to 1 make half of all positions candidates, as an attacker could.
TEST(GearLanes, FindWhatOnePassFinds) {
  if (!has_avx512()) return;  // this processor has but the one pass
  const Bytes bytes = testing::random_bytes(4, 16 * 16320 + 100);
  LaneCandidates candidates;
  for (const auto& [bits_strict, bits_loose] : {std::pair{1, 1}, {3, 1}, {12, 8}, {15, 11}, {16, 12}}) {
    for (const std::size_t segment_bytes : {64U, 128U, 256U, 4032U, 16320U}) {
      GearHash lanes(1U << bits_strict, 1U << bits_loose);
      lanes.roll(bytes.data(), 77);
      GearHash one = lanes;
      gear_candidates_avx512(&bytes[77], segment_bytes, lanes, candidates);

      for (std::size_t lane = 0; lane < LaneCandidates::kLanes; ++lane) {
        std::vector<std::uint32_t> expected;
        for (std::uint32_t i = 0; i < segment_bytes; ++i) {
          one.roll(&bytes[77 + lane * segment_bytes + i], 1);
          if (one.value() >= one.below_loose()) continue;
          expected.push_back((i + 1) | (one.value() < one.below_strict() ? LaneCandidates::kStrict : 0));
        }
        ASSERT_EQ(candidates.ends[lane], expected) << bits_strict << " " << segment_bytes << " " << lane;
      }
      ASSERT_EQ(lanes.value(), one.value());
    }
  }
}

std::uint64_t reduce(std::uint64_t value, std::uint64_t by) {
  const int degree = 63 - std::countl_zero(by);
  for (int bit = 63; bit >= degree; --bit) {
    if ((value >> bit & 1) != 0) value ^= by << (bit - degree);
  }
  return value;
}

std::uint64_t multiply(std::uint64_t a, std::uint64_t b, std::uint64_t by) {
  std::uint64_t product = 0;
  for (; b != 0; b >>= 1) {
    if ((b & 1) != 0) product ^= a;
    a = reduce(a << 1, by);
  }
  return product;
}

// Rabin's test; the degree 53 is prime, so that x^(2^53) = x and having no root are enough.
bool irreducible(std::uint64_t polynomial) {
  std::uint64_t power = 2;
  for (int i = 0; i < kRabinDegree; ++i) power = multiply(power, power, polynomial);
  return power == 2 && (polynomial & 1) == 1 && std::popcount(polynomial) % 2 == 1;
}

std::uint64_t fingerprint(ByteView window, std::uint64_t polynomial) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : window) value = reduce(value << 8 | byte, polynomial);
  return value;
}

bool some_run_is_a_candidate(std::uint64_t polynomial) {
  constexpr std::uint64_t kMask = (std::uint64_t{1} << kLoosestBits) - 1;
  for (unsigned value = 0; value < 256; ++value) {
    const Bytes run(RabinHash::kWindowBytes, static_cast<std::uint8_t>(value));
    if ((fingerprint(run, polynomial) & kMask) == kMask) return true;
  }
  return false;
}

TEST(RabinPolynomial, IsTheFirstIrreducibleOneOfItsLabel) {
  for (int n = 0; n <= 34; ++n) {
    const Digest digest = sha256(as_bytes("stella rabin " + std::to_string(n)));
    constexpr std::uint64_t kTop = std::uint64_t{1} << kRabinDegree;
    const std::uint64_t candidate = (load_le<std::uint64_t>(digest.bytes.data()) & (kTop - 1)) | kTop | 1;
    const bool good = irreducible(candidate) && !some_run_is_a_candidate(candidate);
    EXPECT_EQ(good, n == 34) << n;
    EXPECT_EQ(candidate == kRabinPolynomial, n == 34) << n;
  }
}

TEST(RabinHash, IsTheRemainderOfTheLast48BytesWhateverCameBefore) {
  const Bytes bytes = testing::random_bytes(3, 1000);
  RabinHash hash(1 << 15, 1 << 11);
  for (std::size_t end = 1; end <= bytes.size(); ++end) {
    hash.roll(&bytes[end - 1], 1);
    if (end < RabinHash::kWindowBytes) continue;
    const ByteView window = ByteView(bytes).subspan(end - RabinHash::kWindowBytes, RabinHash::kWindowBytes);
    ASSERT_EQ(hash.value(), fingerprint(window, kRabinPolynomial)) << end;
  }
}

}  // namespace
}  // namespace stella::chunk
