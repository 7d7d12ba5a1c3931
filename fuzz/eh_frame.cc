// Unwind tables. Input: class and byte order, then the section.
#include <cstdlib>

#include "stella/object/function_ranges.h"

using namespace stella;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned bits = (data[0] & 1) != 0 ? 64 : 32;
  const std::endian order = (data[0] & 2) != 0 ? std::endian::big : std::endian::little;
  const auto ranges = object::eh_frame_ranges(ByteView(data + 1, size - 1), 0x1000, bits, order);
  if (!ranges) return 0;
  // An entry takes at least 12 bytes.
  if (ranges->size() > size / 12) std::abort();
  for (const object::FunctionRange& range : *ranges) {
    if (range.size == 0) std::abort();
  }
  return 0;
}
