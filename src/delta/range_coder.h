// Binary range coding with 16-bit probabilities, after the coder of LZMA (Pavlov; Martin, "Range encoding",
// 1979). RangeEncoder and RangeDecoder have one face, so that a model is written once for both directions:
// bit(value, p) codes `value`, or ignores it and returns the one that was coded.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stella/base/bytes.h"
#include "stella/base/error.h"
#include "stella/base/source.h"

namespace stella::delta {

// Probabilities are those of a 1, in 65536ths, kept away from certainty by this much.
inline constexpr std::uint32_t kProbabilityMin = 24;

class RangeEncoder {
 public:
  static constexpr bool kDecodes = false;

  unsigned bit(unsigned value, std::uint32_t probability_of_one) {
    const std::uint32_t p = std::clamp(probability_of_one, kProbabilityMin, 65536 - kProbabilityMin);
    const std::uint32_t bound = (range_ >> 16) * p;
    if (value != 0) {
      range_ = bound;
    } else {
      low_ += bound;
      range_ -= bound;
    }
    while (range_ < (1U << 24)) {
      range_ <<= 8;
      shift_low();
    }
    return value;
  }

  // Coding ends here; the bytes are the stream.
  [[nodiscard]] Bytes finish() {
    for (int i = 0; i < 5; ++i) shift_low();
    // A reader takes zeros for what is missing, so that trailing ones need not be stored.
    while (!bytes_.empty() && bytes_.back() == 0) bytes_.pop_back();
    return std::move(bytes_);
  }

 private:
  void shift_low() {
    if (low_ < 0xff000000U || low_ > 0xffffffffU) {
      const auto carry = static_cast<std::uint8_t>(low_ >> 32);
      // The very first byte would always be zero.
      if (!first_) bytes_.push_back(static_cast<std::uint8_t>(cache_ + carry));
      first_ = false;
      for (; pending_ != 0; --pending_) bytes_.push_back(static_cast<std::uint8_t>(0xff + carry));
      cache_ = static_cast<std::uint8_t>(low_ >> 24);
    } else {
      ++pending_;
    }
    low_ = (low_ & 0x00ffffffU) << 8;
  }

  Bytes bytes_;
  std::uint64_t low_ = 0;
  std::uint32_t range_ = 0xffffffffU;
  std::uint64_t pending_ = 0;
  std::uint8_t cache_ = 0;
  bool first_ = true;
};

// Bytes of a stream inside a larger source, in order, through a small buffer.
class StreamReader {
 public:
  StreamReader(const ByteSource& source, std::uint64_t offset, std::uint64_t size)
      : source_(&source), offset_(offset), left_(size) {}

  // Zeros behind the end and after a read error.
  std::uint8_t next() {
    if (at_ == buffer_.size()) fill();
    return at_ < buffer_.size() ? buffer_[at_++] : std::uint8_t{0};
  }
  // Up to `count_max` bytes; none at the end.
  [[nodiscard]] ByteView take(std::size_t count_max) {
    if (at_ == buffer_.size()) fill();
    const ByteView view = ByteView(buffer_).subspan(at_, std::min(count_max, buffer_.size() - at_));
    at_ += view.size();
    return view;
  }
  [[nodiscard]] bool at_end() const { return at_ == buffer_.size() && left_ == 0; }
  [[nodiscard]] const Status& status() const { return status_; }

 private:
  static constexpr std::uint64_t kBufferBytes = 65536;

  void fill() {
    buffer_.resize(static_cast<std::size_t>(std::min(left_, kBufferBytes)));
    at_ = 0;
    if (buffer_.empty()) return;
    status_ = source_->read_at(offset_, buffer_);
    offset_ += buffer_.size();
    left_ = status_ ? left_ - buffer_.size() : 0;
    if (!status_) buffer_.clear();
  }

  const ByteSource* source_;
  std::uint64_t offset_;
  std::uint64_t left_;
  Bytes buffer_;
  std::size_t at_ = 0;
  Status status_;
};

class RangeDecoder {
 public:
  static constexpr bool kDecodes = true;

  explicit RangeDecoder(StreamReader& input) : input_(&input) {
    for (int i = 0; i < 4; ++i) code_ = code_ << 8 | input_->next();
  }

  [[gnu::always_inline]] unsigned bit(unsigned /*value*/, std::uint32_t probability_of_one) {
    const std::uint32_t p = std::clamp(probability_of_one, kProbabilityMin, 65536 - kProbabilityMin);
    const std::uint32_t bound = (range_ >> 16) * p;
    unsigned value = 0;
    if (code_ < bound) {
      range_ = bound;
      value = 1;
    } else {
      code_ -= bound;
      range_ -= bound;
    }
    while (range_ < (1U << 24)) {
      range_ <<= 8;
      code_ = code_ << 8 | input_->next();
    }
    return value;
  }

 private:
  StreamReader* input_;
  std::uint32_t range_ = 0xffffffffU;
  std::uint32_t code_ = 0;
};

}  // namespace stella::delta
