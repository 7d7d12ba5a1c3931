#include "plan_chunks.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <tuple>

namespace stella::delta {
namespace {

// The chunks of a map ordered by id, then by place.
class ChunkIndex {
 public:
  explicit ChunkIndex(std::span<const chunk::Chunk> chunks) : chunks_(chunks), order_(chunks.size()) {
    std::iota(order_.begin(), order_.end(), std::uint32_t{0});
    std::sort(order_.begin(), order_.end(), [this](std::uint32_t a, std::uint32_t b) {
      return std::tie(chunks_[a].id, a) < std::tie(chunks_[b].id, b);
    });
  }

  // Indexes of the chunks with this id, ascending.
  [[nodiscard]] std::span<const std::uint32_t> find(const Digest& id) const {
    const auto begin =
        std::lower_bound(order_.begin(), order_.end(), id,
                         [this](std::uint32_t i, const Digest& key) { return chunks_[i].id < key; });
    const auto end = std::upper_bound(
        begin, order_.end(), id, [this](const Digest& key, std::uint32_t i) { return key < chunks_[i].id; });
    return {begin, end};
  }

 private:
  std::span<const chunk::Chunk> chunks_;
  std::vector<std::uint32_t> order_;
};

}  // namespace

Result<std::vector<ChunkRun>> chunk_runs(const chunk::ChunkMap& base, const chunk::ChunkMap& target,
                                         std::uint64_t run_max_bytes) {
  const ChunkIndex index(base.chunks);
  std::vector<ChunkRun> runs;
  std::uint32_t next = 0;  // the chunk of the base after the one copied last
  for (const chunk::Chunk& chunk : target.chunks) {
    std::optional<std::uint64_t> from;
    if (const auto places = index.find(chunk.id); !places.empty()) {
      const auto above = std::lower_bound(places.begin(), places.end(), next);
      std::uint32_t place = above == places.end() ? places.back() : *above;
      if (above != places.begin() && above != places.end() && next - *std::prev(above) < *above - next) {
        place = *std::prev(above);
      }
      const chunk::Chunk& source = base.chunks[place];
      if (source.size_bytes != chunk.size_bytes) {
        return fail({.code = ErrorCode::kInvalidArgument,
                     .message = "a chunk id stands for two sizes",
                     .where = sha256_text(chunk.id),
                     .expected = std::to_string(source.size_bytes) + " bytes, as in the base",
                     .found = std::to_string(chunk.size_bytes) + " bytes in the target",
                     .next = "make the chunk maps again from the files"});
      }
      next = place + 1;
      from = source.offset_bytes;
    }
    if (!runs.empty()) {
      ChunkRun& last = runs.back();
      const bool goes_on = from ? last.base_offset_bytes && *last.base_offset_bytes + last.size_bytes == *from
                                : !last.base_offset_bytes;
      if (goes_on && last.size_bytes + chunk.size_bytes <= run_max_bytes) {
        last.size_bytes += chunk.size_bytes;
        continue;
      }
    }
    runs.push_back({chunk.offset_bytes, chunk.size_bytes, from});
  }
  return runs;
}

}  // namespace stella::delta
