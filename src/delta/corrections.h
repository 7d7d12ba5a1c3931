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
        flag_tables_(kFlagInputs << kFlagBits),
        value_tables_(kValueInputs << kValueBits),
        learned_(std::size_t{1} << kLearnedBits) {}

  void walk(const MatchPart& part) {
    if (Coder::kDecodes) std::memcpy(part.target, part.base, part.size_bytes);
    OperandScanner scanner(images_, map_, part.area, {part.base, part.size_bytes}, part.base_offset_bytes,
                           part.target_offset_bytes);
    // Which bytes belong to no operand.
    for (std::size_t start = 0; start < part.size_bytes; start += kBlockBytes) {
      const std::size_t end = std::min(start + kBlockBytes, part.size_bytes);
      const std::size_t from = std::max(start, scanner.free_from());
      if (from >= end) continue;
      const std::span<const Operand> operands = scanner.scan(from, end);
      code_block(part, from, end, operands);
    }
  }

 private:
  static constexpr std::size_t kBlockBytes = 32;
  static constexpr std::size_t kFlagInputs = 6;
  static constexpr std::size_t kValueInputs = 6;
  static constexpr unsigned kFlagBits = 18;
  static constexpr unsigned kValueBits = 20;
  static constexpr unsigned kLearnedBits = 17;
  static constexpr unsigned kPageBits = 12;
  static constexpr std::uint32_t kFlagLimit = 255;
  static constexpr std::uint32_t kValueLimit = 255;

  static std::size_t hash(std::uint64_t a, std::uint64_t b, unsigned bits) {
    const std::uint64_t mixed = (a + b * 0x9e3779b97f4a7c15U + 0x632be59bd9b4e019U) * 0xd6e8feb86659fd93U;
    return static_cast<std::size_t>((mixed ^ mixed >> 32) * 0xd6e8feb86659fd93U >> (64 - bits));
  }
  Counter* flag(std::size_t table, std::uint64_t context) {
    return &flag_tables_[(table << kFlagBits) + hash(context, table, kFlagBits)];
  }
  Counter* value(std::size_t table, std::uint64_t context) {
    return &value_tables_[(table << kValueBits) + hash(context, table, kValueBits)];
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
    const std::uint8_t* const b = part.base;
    std::uint8_t* const t = part.target;
    const auto byte_at = [&](std::size_t i, int step) -> std::uint64_t {
      const std::size_t at = i + static_cast<std::size_t>(step);
      return at < part.size_bytes ? b[at] : 0;
    };
    const auto changed = [&](std::size_t i, std::size_t back) -> unsigned {
      return i >= back && b[i - back] != t[i - back] ? 1 : 0;
    };
    const auto diff = [&](std::size_t i, std::size_t back) -> unsigned {
      return i >= back ? static_cast<std::uint8_t>(t[i - back] - b[i - back]) : 0;
    };
    for (std::size_t i = from; i < end; ++i) {
      const unsigned recent = changed(i, 1) | changed(i, 2) << 1 | changed(i, 3) << 2 | changed(i, 4) << 3;
      const unsigned columns =
          recent | changed(i, 8) << 4 | changed(i, 12) << 5 | changed(i, 16) << 6 | changed(i, 24) << 7;
      const std::uint64_t next4 =
          byte_at(i, 0) | byte_at(i, 1) << 8 | byte_at(i, 2) << 16 | byte_at(i, 3) << 24;
      const std::uint64_t back4 =
          byte_at(i, 0) | byte_at(i, -1) << 8 | byte_at(i, -2) << 16 | byte_at(i, -3) << 24;
      const unsigned before = diff(i, 1);
      const unsigned carry = i > 0 && t[i - 1] < b[i - 1] ? 1 : 0;
      const std::uint64_t phase = (part.base_offset_bytes + i) & 3;
      const std::uint64_t gap = std::min<std::uint64_t>(since_change_, 15);
      const std::array<Counter*, kFlagInputs> counters = {
          flag(0, kind | std::uint64_t{columns} << 3 | phase << 11),
          flag(1, (back4 & 0xffff) | std::uint64_t{recent & 3} << 16 | std::uint64_t{kind} << 18),
          flag(2, next4 | std::uint64_t{recent & 1} << 32),
          flag(3, back4 | std::uint64_t{recent & 1} << 32),
          flag(4, std::uint64_t{before} | std::uint64_t{carry} << 8 | (back4 & 0xff) << 9 |
                      std::uint64_t{recent & 7} << 17),
          flag(5, gap | std::uint64_t{kind} << 4 | std::uint64_t{last_diff_} << 7 | phase << 15),
      };
      const unsigned mismatch =
          flag_mixer_.code(coder_, b[i] != t[i] ? 1 : 0, counters, (recent & 3) << 3 | kind, kFlagLimit);
      ++since_change_;
      if (mismatch == 0) continue;
      code_value(part, i, kind, next4, back4, before, carry, diff(i, 4), diff(i, 8));
      since_change_ = 0;
    }
  }

  // The difference of a byte that changed.
  void code_value(const MatchPart& part, std::size_t i, unsigned kind, std::uint64_t next4,
                  std::uint64_t back4, unsigned before, unsigned carry, unsigned back_4, unsigned back_8) {
    const unsigned difference = static_cast<std::uint8_t>(part.target[i] - part.base[i]);
    const std::array<std::uint64_t, kValueInputs> contexts = {
        back4 & 0xff,
        std::uint64_t{before} | std::uint64_t{carry} << 8 | std::uint64_t{kind} << 9,
        std::uint64_t{last_diff_} | std::uint64_t{since_change_ < 4 ? since_change_ : 4} << 8,
        next4,
        std::uint64_t{back_4} | std::uint64_t{back_8} << 8,
        (back4 & 0xffff) | std::uint64_t{before} << 16,
    };
    unsigned node = 1;
    for (unsigned bit = 8; bit-- > 0;) {
      std::array<Counter*, kValueInputs> counters;
      for (std::size_t k = 0; k < kValueInputs; ++k) counters[k] = value(k, contexts[k] << 8 | node);
      node = node << 1 | value_mixer_.code(coder_, difference >> bit & 1, counters, node, kValueLimit);
    }
    part.target[i] = static_cast<std::uint8_t>(part.base[i] + node);
    if (since_change_ > 3) last_diff_ = node & 0xff;
  }

  struct Learned {
    std::uint64_t key = ~std::uint64_t{0};
    std::uint64_t target = 0;
  };

  void code_operand(const MatchPart& part, const Operand& operand) {
    const std::uint64_t key = operand.referent ^ std::uint64_t{part.area->image} << 48;
    Learned& learned = learned_[hash(key, 1, kLearnedBits)];
    Learned& page = pages_[hash(key >> 8, 2, kPageBits)];
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
    learned = {key, target};
    page = {key >> 8, target - operand.predicted};
  }

  Coder& coder_;
  const Images& images_;
  const AddressMap& map_;
  std::vector<Counter> flag_tables_;
  std::vector<Counter> value_tables_;
  Mixer<kFlagInputs> flag_mixer_{32, 6};
  Mixer<kValueInputs> value_mixer_{256, 6};
  std::array<Counter, 512> dirty_;
  std::array<Counter, 8 << 10> hits_;
  std::array<NumberModel, 8> distances_;
  std::array<std::uint32_t, 8> hit_history_{};
  std::vector<Learned> learned_;
  std::array<Learned, 1 << kPageBits> pages_;
  std::uint32_t dirty_history_ = 0;
  std::uint32_t since_change_ = 0;
  unsigned last_diff_ = 0;
};

}  // namespace stella::delta
