// Decoders for several threads: to make one costs as much as decoding thousands of instructions.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "analysis.h"
#include "decoder.h"

namespace stella::executable {

// Hands out decoders, so that each is used by one thread at a time.
class DecoderPool {
 public:
  explicit DecoderPool(const Analysis& analysis) : analysis_(analysis) {}

  Result<std::unique_ptr<Decoder>> take() {
    {
      const std::scoped_lock lock(mutex_);
      if (!free_.empty()) {
        auto decoder = std::move(free_.back());
        free_.pop_back();
        return decoder;
      }
    }
    return Decoder::create(analysis_.image, *analysis_.space);
  }
  void give_back(std::unique_ptr<Decoder> decoder) {
    const std::scoped_lock lock(mutex_);
    free_.push_back(std::move(decoder));
  }

 private:
  const Analysis& analysis_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Decoder>> free_;
};

}  // namespace stella::executable
