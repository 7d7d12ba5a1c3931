// Go's function table: what is read is in order, and no longer than the table can be.
#include <cstdlib>

#include "stella/object/function_ranges.h"

using namespace stella;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    const auto ranges = object::parse_pclntab(ByteView(data, size), order, 0x401000);
    if (!ranges) continue;
    if (ranges->size() > size / 8) std::abort();
    std::uint64_t end = 0;
    for (const object::FunctionRange& range : *ranges) {
      if (range.size == 0) std::abort();
      const bool wraps = range.address < end && end - range.address < (std::uint64_t{1} << 32);
      if (wraps) std::abort();
      end = range.address + range.size;
    }
  }
  return 0;
}
