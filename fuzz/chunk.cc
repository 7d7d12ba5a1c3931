// Cutting: whatever the content, the parameters and the blocks it comes in, the chunks cover it, keep to
// their sizes, and are the same on every kernel. Input: algorithm, min, avg, max, block size (little-endian),
// then a pattern that is repeated to 100 KB, each time with one byte changed, because short content has no
// cut points.
#include <algorithm>
#include <cstdlib>

#include "cutter.h"
#include "stella/base/reader.h"
#include "stella/chunk/cut.h"

namespace {

using namespace stella;

constexpr std::size_t kContentBytes = 100'000;

Bytes repeat(ByteView pattern) {
  Bytes content;
  content.reserve(kContentBytes + pattern.size());
  for (std::size_t round = 0; !pattern.empty() && content.size() < kContentBytes; ++round) {
    append(content, pattern);
    content[content.size() - 1 - round % pattern.size()] ^= static_cast<std::uint8_t>(round);
  }
  return content;
}

std::vector<std::uint32_t> cut(const Bytes& content, const chunk::Params& params, chunk::Kernel kernel,
                               std::size_t block_bytes) {
  std::vector<std::uint32_t> sizes;
  chunk::Cutter cutter(params, kernel);
  for (ByteView rest = content; !rest.empty();) {
    const std::size_t count = std::min(block_bytes, rest.size());
    cutter.feed(rest.first(count), sizes);
    rest = rest.subspan(count);
  }
  cutter.finish(sizes);
  return sizes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader({data, size});
  const auto algorithm = reader.le<std::uint8_t>();
  const auto size_min = reader.le<std::uint32_t>();
  const auto size_avg = reader.le<std::uint32_t>();
  const auto size_max = reader.le<std::uint32_t>();
  const auto block_bytes = reader.le<std::uint32_t>();
  if (!block_bytes) return 0;
  const chunk::Params params{.algorithm = static_cast<chunk::Algorithm>(*algorithm),
                             .size_min_bytes = *size_min,
                             .size_avg_bytes = *size_avg,
                             .size_max_bytes = *size_max};
  const Bytes content = repeat(ByteView(data, size).subspan(reader.offset()));
  const auto spans = chunk::chunk_spans(content, params);
  if (spans.has_value() != chunk::validate(params).has_value()) std::abort();
  if (!spans) return 0;

  std::vector<std::uint32_t> sizes;
  std::uint64_t end = 0;
  for (const chunk::ChunkSpan& span : *spans) {
    if (span.offset_bytes != end || span.size_bytes == 0 || span.size_bytes > params.size_max_bytes)
      std::abort();
    end += span.size_bytes;
    if (end != content.size() && span.size_bytes < params.size_min_bytes) std::abort();
    sizes.push_back(span.size_bytes);
  }
  if (end != content.size()) std::abort();

  const std::size_t block = 1 + *block_bytes % (2 * kContentBytes);
  if (cut(content, params, chunk::Kernel::kScalar, block) != sizes) std::abort();
  if (chunk::has_avx512() && cut(content, params, chunk::Kernel::kAvx512, block) != sizes) std::abort();
  return 0;
}
