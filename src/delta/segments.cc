#include "segments.h"

#include <array>

#include <fmt/format.h>

#include "model.h"

namespace stella::delta {
namespace {

constexpr std::size_t kRecent = 8;

// Codes one segment after another; both directions share the code, and with it the contexts.
// An alignment is base offset minus target offset, modulo 2^64.
template <typename Coder>
class SegmentCoder {
 public:
  SegmentCoder(Coder& coder, std::uint64_t target_offset) : coder_(coder), target_offset_(target_offset) {}

  void code(Segment& segment) {
    code_kind(segment);
    const auto kind = static_cast<std::size_t>(segment.kind);
    segment.length_bytes = lengths_[kind * 3 + previous_].code(coder_, segment.length_bytes - 1) + 1;
    if (segment.kind != SegmentKind::kLiteral) code_offset(segment);
    target_offset_ += segment.length_bytes;
    previous_ = kind;
  }

 private:
  void code_kind(Segment& segment) {
    const auto kind = static_cast<unsigned>(segment.kind);
    const std::size_t context = previous_ * 3 + before_;
    const unsigned literal = code_bit(coder_, kind == 2 ? 1 : 0, kinds_[context * 2]);
    const unsigned match = literal != 0 ? 0 : code_bit(coder_, kind == 1 ? 1 : 0, kinds_[context * 2 + 1]);
    segment.kind = static_cast<SegmentKind>(literal != 0 ? 2 : match);
    before_ = previous_;
  }

  // The alignment: one of the recent ones, by its place in their list, or else a distance from where the base
  // was left.
  void code_offset(Segment& segment) {
    const std::uint64_t alignment = segment.base_offset_bytes - target_offset_;
    std::size_t place = 0;
    while (place < kRecent && recent_[place] != alignment) ++place;
    std::size_t node = 0;
    while (node < kRecent &&
           code_bit(coder_, place == node ? 1 : 0, places_[previous_ * kRecent + node]) == 0) {
      ++node;
    }
    if (node < kRecent) {
      segment.base_offset_bytes = target_offset_ + recent_[node];
    } else {
      const auto distance = static_cast<std::int64_t>(segment.base_offset_bytes - base_end_);
      const unsigned back = code_bit(coder_, distance < 0 ? 1 : 0, backwards_);
      const std::uint64_t size =
          distances_[back].code(coder_, distance < 0 ? 0 - static_cast<std::uint64_t>(distance) - 1
                                                     : static_cast<std::uint64_t>(distance));
      segment.base_offset_bytes = back != 0 ? base_end_ - size - 1 : base_end_ + size;
    }
    const std::uint64_t used = segment.base_offset_bytes - target_offset_;
    for (std::size_t i = std::min(node, kRecent - 1); i > 0; --i) recent_[i] = recent_[i - 1];
    recent_[0] = used;
    base_end_ = segment.base_offset_bytes + segment.length_bytes;
  }

  Coder& coder_;
  std::array<Counter, 18> kinds_;
  std::array<NumberModel, 9> lengths_;
  std::array<Counter, 3 * kRecent> places_;
  Counter backwards_;
  std::array<NumberModel, 2> distances_;
  std::array<std::uint64_t, kRecent> recent_{};
  std::uint64_t target_offset_;
  std::uint64_t base_end_ = 0;
  std::size_t previous_ = 0;
  std::size_t before_ = 0;
};

}  // namespace

Bytes encode_segments(std::span<const Segment> segments, std::uint64_t target_offset_bytes) {
  RangeEncoder coder;
  SegmentCoder<RangeEncoder> model(coder, target_offset_bytes);
  for (Segment segment : segments) model.code(segment);
  return coder.finish();
}

Result<std::vector<Segment>> decode_segments(StreamReader& input, std::uint64_t count,
                                             std::uint64_t target_offset_bytes,
                                             std::uint64_t target_size_bytes, std::uint64_t base_size_bytes) {
  RangeDecoder coder(input);
  SegmentCoder<RangeDecoder> model(coder, target_offset_bytes);
  std::vector<Segment> segments;
  std::uint64_t left = target_size_bytes;
  for (std::uint64_t i = 0; i < count; ++i) {
    Segment segment{};
    model.code(segment);
    if (segment.length_bytes == 0 || segment.length_bytes > left) {
      return fail({.code = ErrorCode::kCorrupt,
                   .message = "a segment reaches beyond its window",
                   .where = fmt::format("segment {}", i),
                   .expected = fmt::format("at most {} bytes", left),
                   .found = fmt::format("{}", segment.length_bytes)});
    }
    left -= segment.length_bytes;
    if (segment.kind != SegmentKind::kLiteral &&
        (segment.base_offset_bytes > base_size_bytes ||
         segment.length_bytes > base_size_bytes - segment.base_offset_bytes)) {
      return fail({.code = ErrorCode::kCorrupt,
                   .message = "a segment lies outside of the base",
                   .where = fmt::format("segment {}", i),
                   .expected = fmt::format("a range within {} bytes", base_size_bytes),
                   .found = fmt::format("{}+{}", segment.base_offset_bytes, segment.length_bytes)});
    }
    segments.push_back(segment);
  }
  if (left != 0) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "the segments do not cover their window",
                 .expected = fmt::format("{} bytes", target_size_bytes),
                 .found = fmt::format("{}", target_size_bytes - left)});
  }
  return segments;
}

}  // namespace stella::delta
