// PE: regions cover the file exactly; directories, symbols and unwind tables stay within it.
#include <cstdlib>

#include "stella/object/function_ranges.h"
#include "stella/object/linkage.h"
#include "stella/object/symbols.h"

using namespace stella;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = memory_source(ByteView(data, size));
  const auto image = object::read_image(*file);
  if (!image || image->format != object::Format::kPe) return 0;
  std::uint64_t at = 0;
  for (const object::FileRegion& region : object::file_regions(*image, size)) {
    if (region.offset_bytes != at || region.size_bytes == 0) std::abort();
    at += region.size_bytes;
  }
  if (at != size) std::abort();
  const auto memory = object::Memory::load(*file, *image, 16 << 20);
  if (!memory) return 0;
  const auto ranges = object::pdata_ranges(*image, *memory);
  if (ranges) {
    for (const object::FunctionRange& range : *ranges) {
      if (range.size == 0) std::abort();
    }
  }
  const auto symbols = object::read_pe_symbols(*file, *image, *memory);
  if (symbols) (void)object::read_linkage(*file, *image, *memory, *symbols);
  return 0;
}
