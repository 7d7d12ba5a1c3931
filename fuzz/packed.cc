// The decoders of compressed streams. The first byte chooses the coding. Reading with another block size
// gives the same bytes or fails the same way.
#include <algorithm>
#include <cstdlib>

#include "../src/artifact/decode.h"

namespace {

using namespace stella;

constexpr std::size_t kOutputMaxBytes = std::size_t{4} << 20;

bool decode(ByteView packed, artifact::Coding coding, std::size_t block_bytes, Bytes& output) {
  const auto source = memory_source(packed, "fuzz");
  const auto decoder = artifact::open_decoder(*source, coding);
  if (!decoder) std::abort();
  Bytes block(block_bytes);
  while (output.size() < kOutputMaxBytes) {
    const auto count = (*decoder)->read(block);
    if (!count) return false;
    if (*count > block.size()) std::abort();
    append(output, ByteView(block).first(*count));
    if (*count < block.size()) return true;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto coding = static_cast<artifact::Coding>(data[0] % 7);
  const ByteView packed(data + 1, size - 1);
  Bytes large;
  Bytes small;
  const bool large_whole = decode(packed, coding, 1 << 16, large);
  const bool small_whole = decode(packed, coding, 61, small);
  if (large.size() >= kOutputMaxBytes || small.size() >= kOutputMaxBytes) return 0;
  if (large_whole != small_whole || (large_whole && large != small)) std::abort();
  return 0;
}
