// Merkle trees as in RFC 6962, section 2.1, over SHA-256: leaf = SHA-256(0x00 ‖ data), node = SHA-256(0x01 ‖
// left ‖ right), the root of no leaves = SHA-256(""). The leaf hashes are given; proofs are lists of node
// hashes, lowest first.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stella/base/digest.h"

namespace stella::merkle {

[[nodiscard]] Digest leaf_hash(ByteView data);
[[nodiscard]] Digest node_hash(const Digest& left, const Digest& right);

// Root of leaves added one by one, in O(log n) memory.
class RootBuilder {
 public:
  void add(const Digest& leaf);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Digest root() const;

 private:
  std::vector<Digest> peaks_;  // roots of the complete subtrees, largest first
  std::uint64_t size_ = 0;
};

[[nodiscard]] Digest root(std::span<const Digest> leaves);

// Proof that leaf `index` is in the tree of `leaves`. Errors: kInvalidArgument when there is no such leaf.
[[nodiscard]] Result<std::vector<Digest>> inclusion_proof(std::span<const Digest> leaves,
                                                          std::uint64_t index);

// Proof that the tree of the first `size` leaves is a prefix of the tree of `leaves` (empty for 0 and for
// all).
[[nodiscard]] Result<std::vector<Digest>> consistency_proof(std::span<const Digest> leaves,
                                                            std::uint64_t size);

// The root that `proof` leads to (RFC 9162, section 2.1.3.2). Errors: kInvalidArgument for an index outside
// of the tree, kCorrupt when the proof has the wrong length.
[[nodiscard]] Result<Digest> root_from_inclusion_proof(const Digest& leaf, std::uint64_t index,
                                                       std::uint64_t tree_size,
                                                       std::span<const Digest> proof);

// Errors: kUntrusted when `root` is not what the proof leads to, and those of root_from_inclusion_proof.
[[nodiscard]] Status verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t tree_size,
                                      std::span<const Digest> proof, const Digest& root);

// RFC 9162, section 2.1.4.2. Errors: kUntrusted when either root is not what the proof leads to.
[[nodiscard]] Status verify_consistency(std::uint64_t first_size, const Digest& first_root,
                                        std::uint64_t second_size, const Digest& second_root,
                                        std::span<const Digest> proof);

}  // namespace stella::merkle
