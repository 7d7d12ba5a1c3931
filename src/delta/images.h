// Finds the executables of base and target that a window's matches lie in, by themselves or as members of a
// tar, and says what addresses stand where in them. Only the writer needs this; what it found stands in the
// delta.
#pragma once

#include <span>

#include "address_map.h"
#include "stella/base/error.h"
#include "stella/base/source.h"

namespace stella::delta {

struct FoundImage {
  std::uint64_t file_offset_bytes = 0;
  std::uint64_t file_size_bytes = 0;
  std::vector<Load> loads;
  std::vector<Area> areas;  // image is 0 in all; anchors have only base addresses
  std::uint64_t image_base = 0;
};

// In order and disjoint. What looks like an executable and cannot be read as one is left out. Errors: kIo.
[[nodiscard]] Result<std::vector<FoundImage>> find_images(const ByteSource& source);

// Pairs the images by the bytes that the matches of `segments` share between them; only pairs that share
// some.
[[nodiscard]] Images pair_images(std::span<const FoundImage> base, std::span<const FoundImage> target,
                                 std::span<const Segment> segments, std::uint64_t target_offset_bytes);

}  // namespace stella::delta
