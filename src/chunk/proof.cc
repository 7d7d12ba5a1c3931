#include "stella/chunk/proof.h"

#include <fmt/format.h>

#include "stella/base/merkle.h"

namespace stella::chunk {

Digest merkle_leaf(const Digest& chunk_id) { return merkle::leaf_hash(chunk_id.view()); }

Result<InclusionProof> prove_chunk(const ChunkMap& map, std::uint64_t index) {
  if (index >= map.chunks.size()) {
    return fail({.code = ErrorCode::kInvalidArgument,
                 .message = "there is no such chunk",
                 .expected = fmt::format("an index below {}", map.chunks.size()),
                 .found = fmt::format("{}", index)});
  }
  std::vector<Digest> leaves;
  leaves.reserve(map.chunks.size());
  for (const Chunk& chunk : map.chunks) leaves.push_back(merkle_leaf(chunk.id));
  STELLA_TRY(std::vector<Digest> hashes, merkle::inclusion_proof(leaves, index));
  return InclusionProof{.chunk_id = map.chunks[index].id,
                        .index = index,
                        .tree_size = map.chunks.size(),
                        .hashes = std::move(hashes)};
}

Status verify_chunk(ByteView bytes, const InclusionProof& proof, const Digest& merkle_root) {
  const Digest id = sha256(bytes);
  if (id != proof.chunk_id) {
    return fail({.code = ErrorCode::kUntrusted,
                 .message = "the bytes are not the chunk that the proof speaks of",
                 .where = fmt::format("chunk {}", proof.index),
                 .expected = sha256_text(proof.chunk_id),
                 .found = sha256_text(id)});
  }
  return merkle::verify_inclusion(merkle_leaf(proof.chunk_id), proof.index, proof.tree_size, proof.hashes,
                                  merkle_root);
}

}  // namespace stella::chunk
