// Cuts a stream that comes in blocks of any size. Cut points do not depend on how the stream is divided into
// blocks, nor on the kernel.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "gear.h"
#include "rabin.h"
#include "stella/base/bytes.h"
#include "stella/chunk/params.h"

namespace stella::chunk {

enum class Kernel { kScalar, kAvx512 };

// The fastest one that this processor has.
[[nodiscard]] Kernel best_kernel();

class Cutter {
 public:
  // `params` must be valid.
  explicit Cutter(const Params& params, Kernel kernel = best_kernel());

  // Goes on with the region by `block`, and appends the size of each chunk that ends in it.
  void feed(ByteView block, std::vector<std::uint32_t>& sizes);
  // Ends the region: what is left of it is its last chunk. The next byte begins a new region.
  void finish(std::vector<std::uint32_t>& sizes);

 private:
  template <typename Hash>
  void scan(Hash& hash, ByteView block, std::vector<std::uint32_t>& sizes);
  void scan_lanes(GearHash& hash, const std::uint8_t* bytes, std::size_t segment_bytes,
                  std::vector<std::uint32_t>& sizes);

  Params params_;
  Kernel kernel_;
  std::variant<GearHash, RabinHash> hash_;
  std::uint32_t length_ = 0;  // bytes of the current chunk so far, below the maximum
  LaneCandidates candidates_;
};

}  // namespace stella::chunk
