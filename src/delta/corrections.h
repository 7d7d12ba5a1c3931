// What differs inside approximate matches. Reader and writer walk over base and target together; address
// operands are predicted through the address map, everything else by contexts of the base's bytes.
// docs/format/delta.md, section 7, describes every step; changing any of them needs a new coding number.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "address_map.h"
#include "byte_coder.h"
#include "delta_file.h"
#include "model.h"
#include "operands.h"
#include "range_coder.h"

namespace stella::delta {

// The parts of one match are walked in order; each part lies in one area, or in none.
struct MatchPart {
  const std::uint8_t* base = nullptr;
  std::uint8_t* target = nullptr;  // read by the writer, filled by the reader
  std::size_t size_bytes = 0;
  std::uint64_t base_offset_bytes = 0;
  std::uint64_t target_offset_bytes = 0;
  const Area* area = nullptr;
};

template <typename Coder>
class CorrectionCoder {
 public:
  // All are borrowed.
  CorrectionCoder(Coder& coder, CorrectionCoding coding, const Images& images, const AddressMap& map)
      : coder_(coder),
        bytes_(coder, coding == CorrectionCoding::kMixed),
        scanner_(images, map, &tracks_),
        learned_(std::size_t{1} << kLearnedBits) {}

  void walk(const MatchPart& part) {
    if (Coder::kDecodes) std::memcpy(part.target, part.base, part.size_bytes);
    scanner_.start(part.area, {part.base, part.size_bytes}, part.base_offset_bytes, part.target_offset_bytes);
    const ByteRun run{part.base, part.target, part.size_bytes, part.base_offset_bytes,
                      part.area == nullptr ? 7 : static_cast<unsigned>(part.area->kind)};
    const std::uint32_t image = part.area == nullptr ? 0 : part.area->image;
    for (std::size_t start = 0; start < part.size_bytes; start += kBlockBytes) {
      const std::size_t end = std::min(start + kBlockBytes, part.size_bytes);
      const std::size_t from = std::max(start, scanner_.free_from());
      if (from >= end) continue;
      const std::span<const Operand> operands = scanner_.scan(from, end);
      code_block(run, from, end, operands, image);
    }
  }

 private:
  static constexpr std::size_t kBlockBytes = 32;
  static constexpr std::size_t kOperandsMax = kBlockBytes / 4;
  static constexpr unsigned kLearnedBits = 14;
  static constexpr unsigned kPageBits = 12;

  // How far from its prediction the address with this key was when it was last seen.
  struct Learned {
    std::uint32_t tag = 0;
    std::int32_t distance = 0;
  };

  // What is expected of one operand, before anything of its block is known.
  struct Expected {
    Learned* learned;
    Learned* page;
    Counter* trust;
    std::uint64_t word;  // the likeliest
    std::uint32_t tag;
    std::uint32_t page_tag;
    std::int32_t page_distance;
    std::uint32_t context;
    bool known;
    bool page_known;
  };

  void expect(const Operand& operand, std::uint32_t image, Expected& expected) {
    const std::uint64_t key = operand.referent ^ std::uint64_t{image} << 48 ^
                              (operand.cls == OperandClass::kOffset32 ? std::uint64_t{1} << 63 : 0);
    const std::uint64_t hash = (key + 1) * kHashFactor;
    const std::uint64_t page_hash = ((key >> 8) + 1) * kHashFactor;
    expected.learned = &learned_[hash >> (64 - kLearnedBits)];
    expected.page = &pages_[page_hash >> (64 - kPageBits)];
    expected.tag = static_cast<std::uint32_t>(hash) | 1;
    expected.page_tag = static_cast<std::uint32_t>(page_hash) | 1;
    expected.known = expected.learned->tag == expected.tag;
    expected.page_known = expected.page->tag == expected.page_tag;
    expected.page_distance = expected.page->distance;
    const std::int64_t distance = expected.known        ? expected.learned->distance
                                  : expected.page_known ? expected.page_distance
                                                        : 0;
    expected.word = operand.word_for(operand.predicted + static_cast<std::uint64_t>(distance));
    const auto cls = static_cast<std::uint32_t>(operand.cls);
    expected.context = cls << 6 | (hit_history_[cls] & 7U) << 3 | (expected.known ? 4U : 0U) |
                       (operand.covered ? 2U : 0U) | (expected.word == operand.base_word ? 1U : 0U);
    expected.trust = &trust_[expected.context << 1 | (expected.page_known ? 1U : 0U)];
  }

  void code_block(const ByteRun& run, std::size_t from, std::size_t end, std::span<const Operand> operands,
                  std::uint32_t image) {
    std::array<Expected, kOperandsMax> expected;
    std::uint32_t doubt = 0;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      expect(operands[i], image, expected[i]);
      doubt += 65536 - expected[i].trust->p();
    }
    bool bytes_differ = false;
    bool as_expected = true;
    if (!Coder::kDecodes) {
      std::size_t at = from;
      for (std::size_t i = 0; i < operands.size(); ++i) {
        const Operand& operand = operands[i];
        bytes_differ = bytes_differ || std::memcmp(run.base + at, run.target + at, operand.at - at) != 0;
        as_expected = as_expected && operand.load(run.target + operand.at) == expected[i].word;
        at = operand.at + operand.size;
      }
      if (at < end) bytes_differ = bytes_differ || std::memcmp(run.base + at, run.target + at, end - at) != 0;
    }
    const std::size_t level = std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(doubt >> 5)), 15);
    Counter& counter = surprises_[(std::size_t{run.kind} << 4 | level) << 4 | (surprise_history_ & 15)];
    const unsigned surprise = code_bit(coder_, bytes_differ || !as_expected ? 1 : 0, counter);
    surprise_history_ = surprise_history_ << 1 | surprise;
    if (surprise == 0) {
      for (std::size_t i = 0; i < operands.size(); ++i) settle_expected(run, operands[i], expected[i]);
      dirty_history_ <<= 1;
      return;
    }
    unsigned dirty = 1;
    if (!operands.empty()) {
      dirty = code_bit(coder_, bytes_differ ? 1 : 0, dirty_[(run.kind << 6) + (dirty_history_ & 63)]);
    }
    dirty_history_ = dirty_history_ << 1 | dirty;
    std::size_t at = from;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      if (dirty != 0) code_bytes(run, at, operands[i].at);
      code_operand(run, operands[i], expected[i]);
      at = operands[i].at + operands[i].size;
    }
    if (dirty != 0 && at < end) code_bytes(run, at, end);
  }

  void code_bytes(const ByteRun& run, std::size_t from, std::size_t end) {
    bytes_.code(run, from, end);
    if (run.kind != static_cast<unsigned>(AreaKind::kWords64)) return;
    // Whole aligned words teach what their neighbours' values become.
    std::size_t i = from + static_cast<std::size_t>((4 - (run.base_offset_bytes + from) % 4) % 4);
    for (; i + 4 <= end; i += 4) {
      const auto base = load_le<std::uint32_t>(run.base + i);
      const auto target = load_le<std::uint32_t>(run.target + i);
      if (base != target) tracks_.learn(base, target - base);
    }
  }

  void settle_expected(const ByteRun& run, const Operand& operand, const Expected& expected) {
    expected.trust->update(1);
    settle(run, operand, expected, expected.word, 1);
  }

  // The word is settled: writes it and learns from it.
  void settle(const ByteRun& run, const Operand& operand, const Expected& expected, std::uint64_t word,
              unsigned hit) {
    const auto cls = static_cast<std::size_t>(operand.cls);
    hit_history_[cls] = hit_history_[cls] << 1 | hit;
    if (Coder::kDecodes) operand.store(run.target + operand.at, word);
    if (operand.cls == OperandClass::kOffset32) {
      tracks_.learn(static_cast<std::uint32_t>(operand.base_word),
                    static_cast<std::uint32_t>(word - operand.base_word));
    }
    const auto distance = static_cast<std::int32_t>(operand.target_of(word) - operand.predicted);
    if (distance != 0 || expected.known) *expected.learned = {expected.tag, distance};
    if (distance != 0 || expected.page_known) *expected.page = {expected.page_tag, distance};
  }

  void code_operand(const ByteRun& run, const Operand& operand, const Expected& expected) {
    // The words that are tried, likeliest first; none twice.
    struct Guess {
      std::uint64_t word;
      unsigned source;
    };
    std::array<Guess, 4> guesses;
    std::size_t count = 0;
    const auto guess = [&](std::uint64_t word, unsigned source) {
      for (std::size_t i = 0; i < count; ++i) {
        if (guesses[i].word == word) return;
      }
      guesses[count++] = {word, source};
    };
    if (expected.known) guess(expected.word, 0);
    if (expected.page_known)
      guess(operand.word_for(operand.predicted +
                             static_cast<std::uint64_t>(std::int64_t{expected.page_distance})),
            1);
    guess(operand.word_for(operand.predicted), 2);
    guess(operand.base_word, 3);

    const std::uint64_t actual = operand.load(run.target + operand.at);
    const auto cls = static_cast<std::size_t>(operand.cls);
    std::size_t hit = 0;
    for (; hit < count; ++hit) {
      Counter& counter = hits_[std::size_t{expected.context} << 4 | hit << 2 | guesses[hit].source];
      if (code_bit(coder_, guesses[hit].word == actual ? 1 : 0, counter) != 0) break;
    }
    expected.trust->update(hit == 0 ? 1 : 0);
    std::uint64_t word;
    if (hit < count) {
      word = guesses[hit].word;
    } else {
      const std::uint64_t target = operand.target_of(actual);
      const auto distance = static_cast<std::int64_t>(target - operand.predicted);
      const std::uint64_t coded = distances_[cls].code(coder_, zigzag(distance));
      word = operand.word_for(operand.predicted + static_cast<std::uint64_t>(unzigzag(coded)));
    }
    settle(run, operand, expected, word, hit == 0 ? 1 : 0);
  }

  Coder& coder_;
  ByteCoder<Coder> bytes_;
  Tracks tracks_;
  OperandScanner scanner_;
  std::array<Counter, 8 << 8> surprises_;
  std::array<Counter, 512> dirty_;
  std::array<Counter, 9 << 7> trust_;
  std::array<Counter, 9 << 10> hits_;
  std::array<NumberModel, 9> distances_;
  std::array<std::uint32_t, 9> hit_history_{};
  std::vector<Learned> learned_;
  std::array<Learned, 1 << kPageBits> pages_;
  std::uint32_t surprise_history_ = 0;
  std::uint32_t dirty_history_ = 0;
};

}  // namespace stella::delta
