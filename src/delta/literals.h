// The bytes that the base does not have: one stream a window, packed by liblzma or libzstd.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "range_coder.h"
#include "stella/base/bytes.h"
#include "stella/base/error.h"
#include "stella/delta/plan.h"

namespace stella::delta {

enum class LiteralCoding : std::uint8_t { kStored = 0, kLzma2 = 1, kZstd = 2 };

// Both decoders keep as much of the past as this and no more.
inline constexpr unsigned kDictionaryBitsMin = 12;
inline constexpr unsigned kDictionaryBitsMax = 24;

struct PackedLiterals {
  LiteralCoding coding = LiteralCoding::kStored;
  unsigned dictionary_bits = kDictionaryBitsMin;
  Bytes bytes{};
};

// Hands all literals, in order and in blocks, to its argument; it can be called again.
using LiteralFeed = std::function<Status(const std::function<Status(ByteView)>&)>;

// The smallest packing among those that the level tries. Errors: those of `feed`; kInternal.
[[nodiscard]] Result<PackedLiterals> pack_literals(std::uint64_t size_bytes, const LiteralFeed& feed,
                                                   Level level);

class LiteralReader {
 public:
  // `input` is borrowed. Errors: kUnsupported for an unknown coding, kLimitExceeded for a dictionary beyond
  // kDictionaryBitsMax.
  [[nodiscard]] static Result<LiteralReader> open(LiteralCoding coding, unsigned dictionary_bits,
                                                  StreamReader& input);
  LiteralReader(LiteralReader&&) noexcept;
  LiteralReader& operator=(LiteralReader&&) noexcept;
  ~LiteralReader();

  // Fills `to`. Errors: kCorrupt when the stream is malformed or ends before.
  [[nodiscard]] Status read(MutableByteView to);
  // Errors: kCorrupt when more literals or more packed bytes follow.
  [[nodiscard]] Status finish();

 private:
  struct State;
  explicit LiteralReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace stella::delta
