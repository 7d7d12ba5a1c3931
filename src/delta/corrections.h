// What differs inside approximate matches. Reader and writer walk over base and target together; address
// operands are predicted through the address map, everything else by contexts of the base's bytes.
// docs/format/delta.md, section 7, describes every step; changing any of them needs a new coding number.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "address_map.h"
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
  // Both are borrowed.
  CorrectionCoder(Coder& coder, const Images& images, const AddressMap& map)
      : coder_(coder),
        images_(images),
        map_(map),
        flag_tables_(kInputs << kFlagBits),
        value_tables_(kInputs << kLineBits << 4),
        learned_(std::size_t{1} << kLearnedBits) {}

  void walk(const MatchPart& part) {
    if (Coder::kDecodes) std::memcpy(part.target, part.base, part.size_bytes);
    OperandScanner scanner(images_, map_, part.area, {part.base, part.size_bytes}, part.base_offset_bytes,
                           part.target_offset_bytes, &tracks_);
    for (std::size_t start = 0; start < part.size_bytes; start += kBlockBytes) {
      const std::size_t end = std::min(start + kBlockBytes, part.size_bytes);
      const std::size_t from = std::max(start, scanner.free_from());
      if (from >= end) continue;
      const std::span<const Operand> operands = scanner.scan(from, end);
      code_block(part, from, end, operands);
    }
  }

 private:
  static constexpr std::size_t kBlockBytes = 16;
  static constexpr std::size_t kInputs = 4;
  static constexpr unsigned kFlagBits = 16;
  static constexpr unsigned kLineBits = 13;
  static constexpr unsigned kLearnedBits = 17;
  static constexpr unsigned kPageBits = 12;

  static std::size_t hash(std::uint64_t context, unsigned bits) {
    return static_cast<std::size_t>((context + 1) * 0x9e3779b97f4a7c15U >> (64 - bits));
  }
  Counter* flag(std::size_t table, std::uint64_t context) {
    return &flag_tables_[(table << kFlagBits) + hash(context, kFlagBits)];
  }
  // Sixteen counters side by side, for the nodes of half a byte.
  Counter* line(std::size_t table, std::uint64_t context) {
    return &value_tables_[((table << kLineBits) + hash(context, kLineBits)) << 4];
  }

  void code_block(const MatchPart& part, std::size_t from, std::size_t end,
                  std::span<const Operand> operands) {
    const unsigned kind = part.area == nullptr ? 7 : static_cast<unsigned>(part.area->kind);
    unsigned dirty = 0;
    if (!Coder::kDecodes) {
      std::size_t at = from;
      for (const Operand& operand : operands) {
        dirty |= std::memcmp(part.base + at, part.target + at, operand.at - at) != 0 ? 1U : 0U;
        at = operand.at + operand.size;
      }
      if (at < end) dirty |= std::memcmp(part.base + at, part.target + at, end - at) != 0 ? 1U : 0U;
    }
    Counter& counter = dirty_[(kind << 6) + (dirty_history_ & 63)];
    dirty = code_bit(coder_, dirty, counter);
    dirty_history_ = dirty_history_ << 1 | dirty;
    std::size_t at = from;
    for (const Operand& operand : operands) {
      if (dirty != 0) code_bytes(part, at, operand.at, kind);
      code_operand(part, operand);
      at = operand.at + operand.size;
    }
    if (dirty != 0 && at < end) code_bytes(part, at, end, kind);
  }

  void code_bytes(const MatchPart& part, std::size_t from, std::size_t end, unsigned kind) {
    code_each_byte(part, from, end, kind);
    if (kind != static_cast<unsigned>(AreaKind::kWords64)) return;
    // Whole aligned words teach what their neighbours' values become.
    std::size_t i = from + static_cast<std::size_t>((4 - (part.base_offset_bytes + from) % 4) % 4);
    for (; i + 4 <= end; i += 4) {
      const auto base = load_le<std::uint32_t>(part.base + i);
      const auto target = load_le<std::uint32_t>(part.target + i);
      if (base != target) tracks_.learn(base, target - base);
    }
  }

  void code_each_byte(const MatchPart& part, std::size_t from, std::size_t end, unsigned kind) {
    const std::uint8_t* const b = part.base;
    const std::uint8_t* const t = part.target;
    const auto base_at = [&](std::size_t i) -> std::uint64_t { return i < part.size_bytes ? b[i] : 0; };
    const auto changed = [&](std::size_t i, std::size_t back) -> unsigned {
      return i >= back && b[i - back] != t[i - back] ? 1 : 0;
    };
    const auto difference = [&](std::size_t i, std::size_t back) -> unsigned {
      return i >= back ? static_cast<std::uint8_t>(t[i - back] - b[i - back]) : 0;
    };
    for (std::size_t i = from; i < end; ++i) {
      const unsigned recent = changed(i, 1) | changed(i, 2) << 1 | changed(i, 3) << 2 | changed(i, 4) << 3;
      const unsigned columns =
          recent | changed(i, 8) << 4 | changed(i, 12) << 5 | changed(i, 16) << 6 | changed(i, 24) << 7;
      const std::uint64_t next4 =
          base_at(i) | base_at(i + 1) << 8 | base_at(i + 2) << 16 | base_at(i + 3) << 24;
      const std::uint64_t here2 = base_at(i) | (i > 0 ? base_at(i - 1) << 8 : 0);
      const unsigned before = difference(i, 1);
      // Whether adding that difference to the byte before overflowed.
      const unsigned carry = i > 0 && t[i - 1] < b[i - 1] ? 1 : 0;
      const std::uint64_t phase = (part.base_offset_bytes + i) & 3;
      const std::array<Counter*, kInputs> counters = {
          flag(0, kind | std::uint64_t{columns} << 3 | phase << 11),
          flag(1, here2 | std::uint64_t{recent & 3} << 16 | std::uint64_t{kind} << 18),
          flag(2, next4 | std::uint64_t{recent & 1} << 32),
          flag(3, std::uint64_t{before} | std::uint64_t{carry} << 8 | (here2 & 0xff) << 9 |
                      std::uint64_t{recent & 7} << 17)};
      const unsigned differs =
          flag_mixer_.code(coder_, b[i] != t[i] ? 1 : 0, counters, (recent & 3) << 3 | kind);
      ++since_change_;
      if (differs == 0) continue;
      const std::uint64_t since = std::min<std::uint64_t>(since_change_, 4);
      code_value(part, i,
                 {std::uint64_t{before} | std::uint64_t{carry} << 8 | std::uint64_t{kind} << 9,
                  std::uint64_t{last_difference_} | since << 8, next4,
                  std::uint64_t{difference(i, 4)} | std::uint64_t{difference(i, 8)} << 8});
    }
  }

  // By how much a byte differs, modulo 256: two halves, the upper one first.
  void code_value(const MatchPart& part, std::size_t i, const std::array<std::uint64_t, kInputs>& contexts) {
    const unsigned difference = static_cast<std::uint8_t>(part.target[i] - part.base[i]);
    unsigned node = 1;
    std::array<Counter*, kInputs> lines{};
    for (unsigned bit = 8; bit-- > 0;) {
      if (bit % 4 == 3) {
        for (std::size_t k = 0; k < kInputs; ++k) lines[k] = line(k, contexts[k] << 9 | node);
      }
      // 1 to 15: a one, and the bits of this half so far.
      const unsigned place = bit >= 4 ? node : (node & ((1U << (3 - bit)) - 1)) | 1U << (3 - bit);
      std::array<Counter*, kInputs> counters{};
      for (std::size_t k = 0; k < kInputs; ++k) counters[k] = lines[k] + place;
      node = node << 1 | value_mixer_.code(coder_, difference >> bit & 1, counters, node);
    }
    part.target[i] = static_cast<std::uint8_t>(part.base[i] + node);
    if (since_change_ > 3) last_difference_ = node & 0xff;
    since_change_ = 0;
  }

  struct Learned {
    std::uint64_t key = ~std::uint64_t{0};
    std::uint64_t target = 0;
  };

  void code_operand(const MatchPart& part, const Operand& operand) {
    const std::uint64_t key = operand.referent ^ std::uint64_t{part.area->image} << 48 ^
                              (operand.cls == OperandClass::kOffset32 ? std::uint64_t{1} << 63 : 0);
    Learned& learned = learned_[hash(key, kLearnedBits)];
    Learned& page = pages_[hash(key >> 8, kPageBits)];
    const bool known = learned.key == key;
    const bool page_known = page.key == key >> 8;

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
    if (known) guess(operand.word_for(learned.target), 0);
    if (page_known) guess(operand.word_for(operand.predicted + page.target), 1);
    guess(operand.word_for(operand.predicted), 2);
    const bool still = guesses[0].word == operand.base_word;
    guess(operand.base_word, 3);

    const std::uint64_t actual = operand.load(part.target + operand.at);
    const auto cls = static_cast<std::size_t>(operand.cls);
    const std::size_t context = (cls << 6 | (hit_history_[cls] & 7U) << 3 | (known ? 4U : 0U) |
                                 (operand.covered ? 2U : 0U) | (still ? 1U : 0U))
                                << 4;
    std::size_t hit = 0;
    for (; hit < count; ++hit) {
      Counter& counter = hits_[context | hit << 2 | guesses[hit].source];
      if (code_bit(coder_, guesses[hit].word == actual ? 1 : 0, counter) != 0) break;
    }
    hit_history_[cls] = hit_history_[cls] << 1 | (hit == 0 ? 1U : 0U);
    std::uint64_t word;
    if (hit < count) {
      word = guesses[hit].word;
    } else {
      const std::uint64_t target = operand.target_of(actual);
      const auto distance = static_cast<std::int64_t>(target - operand.predicted);
      const std::uint64_t coded = distances_[cls].code(coder_, zigzag(distance));
      word = operand.word_for(operand.predicted + static_cast<std::uint64_t>(unzigzag(coded)));
    }
    operand.store(part.target + operand.at, word);
    const std::uint64_t target = operand.target_of(word);
    if (operand.cls == OperandClass::kOffset32) {
      tracks_.learn(static_cast<std::uint32_t>(operand.base_word),
                    static_cast<std::uint32_t>(word - operand.base_word));
    }
    learned = {key, target};
    page = {key >> 8, target - operand.predicted};
  }

  Coder& coder_;
  const Images& images_;
  const AddressMap& map_;
  std::vector<Counter> flag_tables_;
  std::vector<Counter> value_tables_;
  Mixer<kInputs> flag_mixer_{32};
  Mixer<kInputs> value_mixer_{256};
  std::array<Counter, 512> dirty_;
  std::array<Counter, 9 << 10> hits_;
  std::array<NumberModel, 9> distances_;
  std::array<std::uint32_t, 9> hit_history_{};
  Tracks tracks_;
  std::vector<Learned> learned_;
  std::array<Learned, 1 << kPageBits> pages_;
  std::uint32_t dirty_history_ = 0;
  std::uint32_t since_change_ = 0;
  unsigned last_difference_ = 0;
};

}  // namespace stella::delta
