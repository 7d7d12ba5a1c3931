// Proof that one chunk is part of an artifact of which only the Merkle root is known (RFC 6962; the data of a
// leaf are the 32 bytes of the chunk's id).
#pragma once

#include <cstdint>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/chunk/chunk_map.h"

namespace stella::chunk {

struct InclusionProof {
  Digest chunk_id;
  std::uint64_t index = 0;      // of the chunk, from 0
  std::uint64_t tree_size = 0;  // number of chunks
  std::vector<Digest> hashes;   // siblings on the way to the root, lowest first

  friend bool operator==(const InclusionProof&, const InclusionProof&) = default;
};

// RFC 6962 leaf hash of a chunk: SHA-256(0x00 ‖ id).
[[nodiscard]] Digest merkle_leaf(const Digest& chunk_id);

// Errors: kInvalidArgument when the map has no chunk of that index.
[[nodiscard]] Result<InclusionProof> prove_chunk(const ChunkMap& map, std::uint64_t index);

// Whether `bytes` are the chunk that the proof speaks of, in the artifact with `merkle_root`.
// Errors: kUntrusted when the bytes have another id or the proof leads to another root; kInvalidArgument,
// kCorrupt as merkle::verify_inclusion.
[[nodiscard]] Status verify_chunk(ByteView bytes, const InclusionProof& proof, const Digest& merkle_root);

}  // namespace stella::chunk
