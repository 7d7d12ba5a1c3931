// The chunk map of a whole artifact: where it is cut, the id of each chunk, the artifact's digests, and the
// Merkle root over the chunk ids.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/base/progress.h"
#include "stella/base/source.h"
#include "stella/chunk/params.h"

namespace stella::chunk {

// A part of an artifact that is chunked by itself, such as a section of an executable: no chunk crosses its
// end.
struct Region {
  std::string name;  // for messages
  std::uint64_t offset_bytes = 0;
  std::uint64_t size_bytes = 0;
};

struct Chunk {
  Digest id;  // SHA-256 of the chunk's bytes
  std::uint64_t offset_bytes = 0;
  std::uint32_t size_bytes = 0;

  friend bool operator==(const Chunk&, const Chunk&) = default;
};

struct ChunkMap {
  Params params;
  std::uint64_t size_bytes = 0;
  Digest sha256;              // of the whole artifact
  Digest blake3;              // of the whole artifact
  Digest merkle_root;         // RFC 6962 over the chunk ids in order; SHA-256("") when there are none
  std::vector<Chunk> chunks;  // in order, covering the artifact exactly

  friend bool operator==(const ChunkMap&, const ChunkMap&) = default;
};

// Reads `source` once, from beginning to end, in bounded memory (besides the map itself), on up to `threads`
// threads; the result does not depend on their number. `regions` are in order, each begins where the one
// before it ends, and together they cover the source; empty ones give no chunk; no regions at all means one
// for the whole source. Errors: kInvalidArgument for parameters or regions; those of ByteSource::read_at.
[[nodiscard]] Result<ChunkMap> map_chunks(const ByteSource& source, std::span<const Region> regions,
                                          const Params& params, unsigned threads, const Progress& progress);

}  // namespace stella::chunk
