// The gear hash of 16 segments at once. Each lane is warmed up on the 32 bytes before its segment; from there
// on its hashes are those of one long pass, because no older byte has any part in them. Only the functions
// marked with STELLA_AVX512 use instructions beyond the baseline.
#include "gear.h"

#if defined(__x86_64__)

#include <immintrin.h>

// GCC 12 takes the undefined operand inside its own intrinsics for ours (GCC bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <bit>

#define STELLA_AVX512 __attribute__((target("avx512f")))
#define STELLA_AVX512_INLINE __attribute__((target("avx512f"), always_inline)) inline

namespace stella::chunk {
namespace {

constexpr std::size_t kLanes = LaneCandidates::kLanes;
constexpr std::size_t kVectorBytes = 64;

// Turns rows[lane] = 16 words of that lane into rows[i] = word i of every lane.
STELLA_AVX512_INLINE void transpose(__m512i (&rows)[kLanes]) {
  __m512i pairs[kLanes];
  for (std::size_t i = 0; i < kLanes; i += 2) {
    pairs[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  // quads[4g + j]: word j of each 128-bit block, of the lanes 4g to 4g + 3
  __m512i quads[kLanes];
  for (std::size_t i = 0; i < kLanes; i += 4) {
    quads[i] = _mm512_unpacklo_epi64(pairs[i], pairs[i + 2]);
    quads[i + 1] = _mm512_unpackhi_epi64(pairs[i], pairs[i + 2]);
    quads[i + 2] = _mm512_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
    quads[i + 3] = _mm512_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
  }
  for (std::size_t j = 0; j < 4; ++j) {
    const __m512i even01 = _mm512_shuffle_i32x4(quads[j], quads[4 + j], 0x88);
    const __m512i odd01 = _mm512_shuffle_i32x4(quads[j], quads[4 + j], 0xdd);
    const __m512i even23 = _mm512_shuffle_i32x4(quads[8 + j], quads[12 + j], 0x88);
    const __m512i odd23 = _mm512_shuffle_i32x4(quads[8 + j], quads[12 + j], 0xdd);
    rows[j] = _mm512_shuffle_i32x4(even01, even23, 0x88);
    rows[4 + j] = _mm512_shuffle_i32x4(odd01, odd23, 0x88);
    rows[8 + j] = _mm512_shuffle_i32x4(even01, even23, 0xdd);
    rows[12 + j] = _mm512_shuffle_i32x4(odd01, odd23, 0xdd);
  }
}

struct Tables {
  __m512i low;
  __m512i high;
};

// One step with the lowest byte of each lane; the permutation looks at the four lowest bits of an index only.
STELLA_AVX512_INLINE __m512i step(__m512i hash, __m512i bytes, const Tables& tables) {
  const __m512i low = _mm512_permutexvar_epi32(bytes, tables.low);
  const __m512i high = _mm512_permutexvar_epi32(_mm512_srli_epi32(bytes, 4), tables.high);
  return _mm512_add_epi32(_mm512_slli_epi32(hash, 1), _mm512_add_epi32(low, high));
}

void note(const std::uint32_t (&hashes)[4][kLanes], std::uint32_t lanes, std::size_t offset,
          const GearHash& hash, LaneCandidates& candidates) {
  for (; lanes != 0; lanes &= lanes - 1) {
    const auto lane = static_cast<std::size_t>(std::countr_zero(lanes));
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint32_t value = hashes[i][lane];
      if (value >= hash.below_loose()) continue;
      const auto end = static_cast<std::uint32_t>(offset + i + 1);
      candidates.ends[lane].push_back(value < hash.below_strict() ? end | LaneCandidates::kStrict : end);
    }
  }
}

}  // namespace

bool has_avx512() { return __builtin_cpu_supports("avx512f"); }

STELLA_AVX512 void gear_candidates_avx512(const std::uint8_t* bytes, std::size_t segment_bytes,
                                          GearHash& hash, LaneCandidates& candidates) {
  for (auto& ends : candidates.ends) ends.clear();

  alignas(kVectorBytes) std::uint32_t start[kLanes];
  start[0] = hash.value();
  for (std::size_t lane = 1; lane < kLanes; ++lane) {
    GearHash warm = hash;
    warm.roll(bytes + lane * segment_bytes - GearHash::kWindowBytes, GearHash::kWindowBytes);
    start[lane] = warm.value();
  }

  const Tables tables{.low = _mm512_loadu_si512(kGearLow.data()),
                      .high = _mm512_loadu_si512(kGearHigh.data())};
  const __m512i below = _mm512_set1_epi32(static_cast<int>(hash.below_loose()));
  alignas(kVectorBytes) std::uint32_t hashes[4][kLanes];
  __m512i h = _mm512_load_si512(start);
  for (std::size_t offset = 0; offset < segment_bytes; offset += kVectorBytes) {
    __m512i rows[kLanes];
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      rows[lane] = _mm512_loadu_si512(bytes + lane * segment_bytes + offset);
    }
    transpose(rows);
    for (std::size_t i = 0; i < kLanes; ++i) {
      const __m512i h1 = step(h, rows[i], tables);
      const __m512i h2 = step(h1, _mm512_srli_epi32(rows[i], 8), tables);
      const __m512i h3 = step(h2, _mm512_srli_epi32(rows[i], 16), tables);
      h = step(h3, _mm512_srli_epi32(rows[i], 24), tables);
      const __m512i least = _mm512_min_epu32(_mm512_min_epu32(h1, h2), _mm512_min_epu32(h3, h));
      const std::uint32_t lanes = _mm512_cmplt_epu32_mask(least, below);
      if (lanes != 0) [[unlikely]] {
        _mm512_store_si512(hashes[0], h1);
        _mm512_store_si512(hashes[1], h2);
        _mm512_store_si512(hashes[2], h3);
        _mm512_store_si512(hashes[3], h);
        note(hashes, lanes, offset + 4 * i, hash, candidates);
      }
    }
  }
  alignas(kVectorBytes) std::uint32_t last[kLanes];
  _mm512_store_si512(last, h);
  hash.set_value(last[kLanes - 1]);
}

}  // namespace stella::chunk

#else

namespace stella::chunk {

bool has_avx512() { return false; }

void gear_candidates_avx512(const std::uint8_t*, std::size_t, GearHash&, LaneCandidates&) {}

}  // namespace stella::chunk

#endif
