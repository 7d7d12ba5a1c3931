// A pipeline over windows of the source. While one window is hashed, as a whole and chunk by chunk, the next
// one is read and cut. What is in order (whole digests, cutting) is one job a window; chunk ids are as many
// jobs as there are.
#include "stella/chunk/chunk_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cutter.h"
#include "stella/base/merkle.h"
#include "stella/base/parallel.h"
#include "stella/chunk/proof.h"

namespace stella::chunk {
namespace {

constexpr std::size_t kWindowBytes = std::size_t{4} << 20;
constexpr std::size_t kBatchBytes = std::size_t{256} << 10;  // of chunks identified in one job

Status check_regions(const ByteSource& source, std::span<const Region> regions) {
  std::uint64_t end = 0;
  for (const Region& region : regions) {
    if (region.offset_bytes != end || region.size_bytes > source.size() - end) {
      return fail(
          {.code = ErrorCode::kInvalidArgument,
           .message =
               fmt::format("region \"{}\" does not follow the one before it, or is too long", region.name),
           .where = source.name(),
           .expected = fmt::format("an offset of {} and at most {} bytes", end, source.size() - end),
           .found = fmt::format("an offset of {} and {} bytes", region.offset_bytes, region.size_bytes)});
    }
    end += region.size_bytes;
  }
  if (end == source.size()) return {};
  return fail({.code = ErrorCode::kInvalidArgument,
               .message = "the regions do not cover the whole",
               .where = source.name(),
               .expected = fmt::format("{} bytes", source.size()),
               .found = fmt::format("{} bytes", end)});
}

// A stretch of the source, with the beginning of a chunk that the window before it could not complete in
// front.
struct Window {
  Bytes buffer;
  std::size_t carried_bytes = 0;
  std::size_t size_bytes = 0;  // of buffer, in use
  std::vector<std::uint32_t>
      chunk_sizes;                 // of the chunks that end in this window, from the buffer's beginning
  std::size_t complete_bytes = 0;  // their sum

  [[nodiscard]] ByteView bytes() const { return ByteView(buffer).first(size_bytes); }
};

// Reads the source window by window and cuts it.
class WindowReader {
 public:
  WindowReader(const ByteSource& source, std::span<const Region> regions, const Params& params)
      : source_(source), regions_(regions), cutter_(params) {}

  [[nodiscard]] bool at_end() const { return offset_ == source_.size(); }

  // Fills `next`; `before` is the window that came last.
  [[nodiscard]] Status read(const Window& before, Window& next) {
    const ByteView tail = before.bytes().subspan(before.complete_bytes);
    const std::size_t fresh = std::min<std::uint64_t>(kWindowBytes, source_.size() - offset_);
    next.carried_bytes = tail.size();
    next.size_bytes = tail.size() + fresh;
    // Grows at most to a window and the largest chunk.
    if (next.buffer.size() < next.size_bytes) next.buffer.resize(next.size_bytes);
    std::ranges::copy(tail, next.buffer.begin());
    const MutableByteView to = MutableByteView(next.buffer).subspan(tail.size(), fresh);
    STELLA_CHECK(source_.read_at(offset_, to));
    cut(to, next.chunk_sizes);
    next.complete_bytes = 0;
    for (const std::uint32_t size : next.chunk_sizes) next.complete_bytes += size;
    return {};
  }

 private:
  void cut(ByteView fresh, std::vector<std::uint32_t>& sizes) {
    sizes.clear();
    while (!fresh.empty()) {
      const std::uint64_t left_in_region = region_end() - offset_;
      const ByteView part = fresh.first(std::min<std::uint64_t>(left_in_region, fresh.size()));
      cutter_.feed(part, sizes);
      fresh = fresh.subspan(part.size());
      offset_ += part.size();
      if (part.size() == left_in_region) cutter_.finish(sizes);
    }
  }

  // Of the region that the next byte belongs to.
  std::uint64_t region_end() {
    if (regions_.empty()) return source_.size();
    while (regions_.front().offset_bytes + regions_.front().size_bytes <= offset_)
      regions_ = regions_.subspan(1);
    return regions_.front().offset_bytes + regions_.front().size_bytes;
  }

  const ByteSource& source_;
  std::span<const Region> regions_;
  Cutter cutter_;
  std::uint64_t offset_ = 0;
};

// Chunks of one window, to be identified by one job.
struct Batch {
  std::size_t first = 0;  // in the map
  std::size_t count = 0;
  std::size_t offset_bytes = 0;  // in the window's buffer
};

// Enters the chunks of `window`, still without ids, and divides them into batches.
std::vector<Batch> enter(const Window& window, std::uint64_t offset_bytes, std::vector<Chunk>& chunks) {
  std::vector<Batch> batches;
  std::size_t at = 0;
  for (const std::uint32_t size : window.chunk_sizes) {
    if (batches.empty() || at - batches.back().offset_bytes >= kBatchBytes) {
      batches.push_back({.first = chunks.size(), .count = 0, .offset_bytes = at});
    }
    ++batches.back().count;
    chunks.push_back({.id = {}, .offset_bytes = offset_bytes + at, .size_bytes = size});
    at += size;
  }
  return batches;
}

void identify(const Batch& batch, const Window& window, std::span<Chunk> chunks) {
  std::size_t at = batch.offset_bytes;
  for (Chunk& chunk : chunks.subspan(batch.first, batch.count)) {
    chunk.id = sha256(window.bytes().subspan(at, chunk.size_bytes));
    at += chunk.size_bytes;
  }
}

}  // namespace

Result<ChunkMap> map_chunks(const ByteSource& source, std::span<const Region> regions, const Params& params,
                            unsigned threads, const Progress& progress) {
  STELLA_CHECK(validate(params));
  if (!regions.empty()) STELLA_CHECK(check_regions(source, regions));

  ChunkMap map;
  map.params = params;
  map.size_bytes = source.size();
  Sha256 whole_sha256;
  Blake3 whole_blake3;
  WindowReader reader(source, regions, params);
  std::array<Window, 2> windows;
  Window* window = &windows[0];
  Window* next = &windows[1];
  std::uint64_t done_bytes = 0;

  if (!reader.at_end()) STELLA_CHECK(reader.read(*next, *window));
  while (window->size_bytes > window->carried_bytes) {
    const ByteView fresh = window->bytes().subspan(window->carried_bytes);
    const std::vector<Batch> batches = enter(*window, done_bytes - window->carried_bytes, map.chunks);
    const bool last = reader.at_end();
    // The longest job first, so that no thread waits for it at the end.
    STELLA_CHECK(parallel_for(3 + batches.size(), threads, [&](std::size_t job) -> Status {
      if (job == 0) {
        whole_sha256.update(fresh);
      } else if (job == 1) {
        if (!last) return reader.read(*window, *next);
      } else if (job == 2) {
        whole_blake3.update(fresh);
      } else {
        identify(batches[job - 3], *window, map.chunks);
      }
      return {};
    }));
    done_bytes += fresh.size();
    report_progress(progress, "chunking", done_bytes, source.size());
    if (last) break;
    std::swap(window, next);
  }

  map.sha256 = whole_sha256.finish();
  map.blake3 = whole_blake3.finish();
  merkle::RootBuilder tree;
  for (const Chunk& chunk : map.chunks) tree.add(merkle_leaf(chunk.id));
  map.merkle_root = tree.root();
  return map;
}

}  // namespace stella::chunk
