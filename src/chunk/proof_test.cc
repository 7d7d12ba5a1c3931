#include "stella/chunk/proof.h"

#include <gtest/gtest.h>

#include "stella/base/merkle.h"
#include "test_inputs.h"

namespace stella::chunk {
namespace {

class ChunkProof : public ::testing::Test {
 protected:
  Bytes data_ = testing::random_bytes(7, 150000);
  ChunkMap map_ = map_chunks(*memory_source(data_), {}, {}, 1, {}).value();

  ByteView bytes_of(std::size_t index) const {
    return ByteView(data_).subspan(map_.chunks[index].offset_bytes, map_.chunks[index].size_bytes);
  }
};

TEST_F(ChunkProof, ShowsEachChunkToBePartOfTheArtifact) {
  ASSERT_GT(map_.chunks.size(), 5U);
  for (std::size_t i = 0; i < map_.chunks.size(); ++i) {
    const auto proof = prove_chunk(map_, i);
    ASSERT_TRUE(proof);
    EXPECT_EQ(proof->chunk_id, map_.chunks[i].id);
    EXPECT_EQ(proof->tree_size, map_.chunks.size());
    EXPECT_TRUE(verify_chunk(bytes_of(i), *proof, map_.merkle_root));
  }
}

TEST_F(ChunkProof, OfTheOnlyChunkHasNoHashes) {
  const Bytes small(100, 1);
  const ChunkMap map = map_chunks(*memory_source(small), {}, {}, 1, {}).value();
  const auto proof = prove_chunk(map, 0).value();
  EXPECT_TRUE(proof.hashes.empty());
  EXPECT_EQ(merkle_leaf(map.chunks[0].id), map.merkle_root);
  EXPECT_TRUE(verify_chunk(small, proof, map.merkle_root));
}

TEST_F(ChunkProof, RefusesAnythingChanged) {
  const InclusionProof proof = prove_chunk(map_, 3).value();
  const auto refused = [&](ByteView bytes, const InclusionProof& changed, const Digest& root) {
    return !verify_chunk(bytes, changed, root).has_value();
  };
  Bytes other(bytes_of(3).begin(), bytes_of(3).end());
  other[17] ^= 1;
  EXPECT_EQ(verify_chunk(other, proof, map_.merkle_root).error().code, ErrorCode::kUntrusted);
  EXPECT_TRUE(refused(bytes_of(2), proof, map_.merkle_root));

  InclusionProof changed = proof;
  changed.chunk_id = sha256(other);
  EXPECT_EQ(verify_chunk(other, changed, map_.merkle_root).error().code, ErrorCode::kUntrusted);
  changed = proof;
  changed.index = 2;
  EXPECT_TRUE(refused(bytes_of(3), changed, map_.merkle_root));
  changed = proof;
  changed.tree_size *= 2;
  EXPECT_TRUE(refused(bytes_of(3), changed, map_.merkle_root));
  changed = proof;
  changed.hashes.pop_back();
  EXPECT_TRUE(refused(bytes_of(3), changed, map_.merkle_root));
  for (std::size_t i = 0; i < proof.hashes.size(); ++i) {
    changed = proof;
    changed.hashes[i].bytes[0] ^= 0x80;
    EXPECT_TRUE(refused(bytes_of(3), changed, map_.merkle_root));
  }
  Digest root = map_.merkle_root;
  root.bytes[31] ^= 1;
  EXPECT_TRUE(refused(bytes_of(3), proof, root));
}

// Without the prefix of RFC 6962 an inner node could pass as a chunk of 64 bytes whose id is the node.
TEST_F(ChunkProof, DoesNotTakeANodeForAChunk) {
  const Digest left = merkle_leaf(map_.chunks[0].id);
  const Digest right = merkle_leaf(map_.chunks[1].id);
  Bytes forged(left.bytes.begin(), left.bytes.end());
  append(forged, right.view());
  InclusionProof proof = prove_chunk(map_, 0).value();
  proof.chunk_id = sha256(forged);
  proof.hashes.erase(proof.hashes.begin());
  proof.tree_size = (proof.tree_size + 1) / 2;
  EXPECT_FALSE(verify_chunk(forged, proof, map_.merkle_root));
}

TEST_F(ChunkProof, RefusesAnIndexBeyondTheLastChunk) {
  const auto proof = prove_chunk(map_, map_.chunks.size());
  ASSERT_FALSE(proof);
  EXPECT_EQ(proof.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace stella::chunk
