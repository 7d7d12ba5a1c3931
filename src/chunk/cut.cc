#include "stella/chunk/cut.h"

#include "cutter.h"

namespace stella::chunk {

Result<std::vector<ChunkSpan>> chunk_spans(ByteView data, const Params& params) {
  STELLA_CHECK(validate(params));
  std::vector<std::uint32_t> sizes;
  sizes.reserve(data.size() / params.size_avg_bytes + 1);
  Cutter cutter(params);
  cutter.feed(data, sizes);
  cutter.finish(sizes);

  std::vector<ChunkSpan> spans;
  spans.reserve(sizes.size());
  std::uint64_t offset_bytes = 0;
  for (const std::uint32_t size_bytes : sizes) {
    spans.push_back({.offset_bytes = offset_bytes, .size_bytes = size_bytes});
    offset_bytes += size_bytes;
  }
  return spans;
}

}  // namespace stella::chunk
