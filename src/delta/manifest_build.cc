#include "stella/delta/manifest_build.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "stella/delta/inspect.h"

namespace stella::delta {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

struct Stretch {
  bool copied = false;
  std::uint64_t offset_bytes = 0;  // in the target
  std::uint64_t length_bytes = 0;
  std::uint64_t base_offset_bytes = 0;
  [[nodiscard]] std::uint64_t end_bytes() const { return offset_bytes + length_bytes; }
};

// Matches and literals are how an ADD is packed; neighbours that say the same are one stretch, across windows
// too.
Result<std::vector<Stretch>> stretches_of(const ByteSource& delta_bin) {
  std::vector<Stretch> all;
  STELLA_CHECK(for_each_segment(delta_bin, [&](std::uint64_t offset_bytes, const Segment& segment) -> Status {
    const bool copied = segment.kind == SegmentKind::kCopy;
    if (!all.empty() && all.back().copied == copied &&
        (!copied || all.back().base_offset_bytes + all.back().length_bytes == segment.base_offset_bytes)) {
      all.back().length_bytes += segment.length_bytes;
    } else {
      all.push_back({.copied = copied,
                     .offset_bytes = offset_bytes,
                     .length_bytes = segment.length_bytes,
                     .base_offset_bytes = copied ? segment.base_offset_bytes : 0});
    }
    return {};
  }));
  return all;
}

// The chunks of `map` from `offset_bytes` on that cover exactly `length_bytes`.
Result<std::span<const chunk::Chunk>> whole_chunks(const chunk::ChunkMap& map, std::uint64_t offset_bytes,
                                                   std::uint64_t length_bytes) {
  const auto at = [&](std::uint64_t offset) {
    return std::ranges::lower_bound(map.chunks, offset, {}, &chunk::Chunk::offset_bytes);
  };
  const auto begin = at(offset_bytes);
  const auto end = at(offset_bytes + length_bytes);
  const auto starts = [&](auto chunk, std::uint64_t offset) {
    return chunk == map.chunks.end() ? offset == map.size_bytes : chunk->offset_bytes == offset;
  };
  if (begin == end || !starts(begin, offset_bytes) || !starts(end, offset_bytes + length_bytes)) {
    return fail({.code = ErrorCode::kInternal,
                 .message = "a stretch of the delta is not whole chunks",
                 .found = fmt::format("{} bytes at {}", length_bytes, offset_bytes)});
  }
  return std::span(begin, end);
}

// Hashes a stretch of the target and counts its bytes.
Result<Digest> read_added(const ByteSource& target, const Stretch& stretch, std::span<std::uint64_t> counts) {
  Sha256 sha256;
  Bytes block(std::min<std::uint64_t>(kBlockBytes, stretch.length_bytes));
  for (std::uint64_t done = 0; done < stretch.length_bytes;) {
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), stretch.length_bytes - done));
    const MutableByteView view(block.data(), size);
    STELLA_CHECK(target.read_at(stretch.offset_bytes + done, view));
    sha256.update(view);
    for (const std::uint8_t byte : view) ++counts[byte];
    done += size;
  }
  return sha256.finish();
}

// Parts with added bytes: most added first.
void add_parts(std::span<const chunk::Region> parts, std::span<const Stretch> stretches, Composition& to) {
  std::size_t next = 0;
  for (const chunk::Region& part : parts) {
    const std::uint64_t part_end = part.offset_bytes + part.size_bytes;
    std::uint64_t add_bytes = 0;
    while (next < stretches.size() && stretches[next].end_bytes() <= part.offset_bytes) ++next;
    for (std::size_t i = next; i < stretches.size() && stretches[i].offset_bytes < part_end; ++i) {
      if (stretches[i].copied) continue;
      add_bytes += std::min(part_end, stretches[i].end_bytes()) -
                   std::max(part.offset_bytes, stretches[i].offset_bytes);
    }
    if (add_bytes > 0) to.parts.push_back({part.name, part.offset_bytes, part.size_bytes, add_bytes});
  }
  std::ranges::sort(to.parts, {}, [](const Part& p) { return std::pair(~p.add_bytes, p.offset_bytes); });
  if (to.parts.size() > kManifestPartsMax) {
    to.parts_omitted = to.parts.size() - kManifestPartsMax;
    to.parts.resize(kManifestPartsMax);
  }
}

__extension__ typedef unsigned __int128 Wide;
constexpr unsigned kFractionBits = 24;

// log2 of `value` (at least 1) in units of 2^-kFractionBits, rounded down: the square of a mantissa in [1, 2)
// says the next bit of its logarithm.
std::uint64_t log2_fixed(std::uint64_t value) {
  const auto whole = static_cast<unsigned>(std::bit_width(value)) - 1;
  std::uint64_t mantissa = value << (63 - whole);
  std::uint64_t result = whole;
  for (unsigned bit = 0; bit < kFractionBits; ++bit) {
    const Wide square = Wide{mantissa} * mantissa;
    const bool two_or_more = (square >> 127) != 0;
    result = result << 1 | (two_or_more ? 1 : 0);
    mantissa = static_cast<std::uint64_t>(square >> (two_or_more ? 64 : 63));
  }
  return result;
}

}  // namespace

std::uint64_t entropy_millibits(std::span<const std::uint64_t> counts) {
  const std::uint64_t total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (total == 0) return 0;
  Wide sum = 0;
  for (const std::uint64_t count : counts) {
    if (count > 0) sum += Wide{count} * (log2_fixed(total) - log2_fixed(count));
  }
  return std::min<std::uint64_t>(8000, static_cast<std::uint64_t>((sum * 1000 / total) >> kFractionBits));
}

Result<Composed> compose(const ByteSource& delta_bin, const chunk::ChunkMap& base_map,
                         const ByteSource& target, const chunk::ChunkMap& target_map,
                         std::span<const chunk::Region> parts) {
  STELLA_TRY(const std::vector<Stretch> stretches, stretches_of(delta_bin));
  Composed composed;
  std::array<std::uint64_t, 256> counts{};
  for (const Stretch& stretch : stretches) {
    Operation operation;
    operation.length_bytes = stretch.length_bytes;
    if (stretch.copied) {
      STELLA_TRY(const auto chunks, whole_chunks(base_map, stretch.base_offset_bytes, stretch.length_bytes));
      operation.kind = Operation::Kind::kCopy;
      operation.digest = chunks.front().id;
      operation.chunk_count = chunks.size();
      operation.base_offset_bytes = stretch.base_offset_bytes;
    } else {
      STELLA_TRY(const auto chunks, whole_chunks(target_map, stretch.offset_bytes, stretch.length_bytes));
      composed.changed_chunks.insert(composed.changed_chunks.end(), chunks.begin(), chunks.end());
      STELLA_TRY(operation.digest, read_added(target, stretch, counts));
    }
    composed.operations.push_back(operation);
  }
  composed.composition.add_entropy_millibits = entropy_millibits(counts);
  add_parts(parts, stretches, composed.composition);
  return composed;
}

}  // namespace stella::delta
