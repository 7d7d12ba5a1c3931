#include "stella/base/merkle.h"

#include <bit>

#include <fmt/format.h>

namespace stella::merkle {
namespace {

// The largest power of two below `size` (size > 1): where RFC 6962 splits a tree.
std::uint64_t split(std::uint64_t size) { return std::bit_floor(size - 1); }

// RFC 6962, 2.1.1: PATH(index, leaves), lowest node first.
void append_path(std::span<const Digest> leaves, std::uint64_t index, std::vector<Digest>& proof) {
  if (leaves.size() <= 1) return;
  const std::uint64_t k = split(leaves.size());
  if (index < k) {
    append_path(leaves.first(k), index, proof);
    proof.push_back(root(leaves.subspan(k)));
  } else {
    append_path(leaves.subspan(k), index - k, proof);
    proof.push_back(root(leaves.first(k)));
  }
}

// RFC 6962, 2.1.2: SUBPROOF(size, leaves, whole).
void append_subproof(std::span<const Digest> leaves, std::uint64_t size, bool whole,
                     std::vector<Digest>& proof) {
  if (size == leaves.size()) {
    if (!whole) proof.push_back(root(leaves));
    return;
  }
  const std::uint64_t k = split(leaves.size());
  if (size <= k) {
    append_subproof(leaves.first(k), size, whole, proof);
    proof.push_back(root(leaves.subspan(k)));
  } else {
    append_subproof(leaves.subspan(k), size - k, false, proof);
    proof.push_back(root(leaves.first(k)));
  }
}

std::unexpected<Error> wrong_length(std::uint64_t tree_size, std::size_t found) {
  return fail({.code = ErrorCode::kCorrupt,
               .message = fmt::format("proof has the wrong length for a tree of {} leaves", tree_size),
               .found = fmt::format("{} hashes", found)});
}

std::unexpected<Error> wrong_root(std::string message, const Digest& expected, const Digest& found) {
  return fail({.code = ErrorCode::kUntrusted,
               .message = std::move(message),
               .expected = to_hex(expected.view()),
               .found = to_hex(found.view())});
}

}  // namespace

Digest leaf_hash(ByteView data) {
  thread_local Sha256 hasher;
  const std::uint8_t prefix = 0;
  hasher.update({&prefix, 1});
  hasher.update(data);
  return hasher.finish();
}

Digest node_hash(const Digest& left, const Digest& right) {
  std::array<std::uint8_t, 65> node{1};
  std::copy(left.bytes.begin(), left.bytes.end(), node.begin() + 1);
  std::copy(right.bytes.begin(), right.bytes.end(), node.begin() + 33);
  return sha256(node);
}

void RootBuilder::add(const Digest& leaf) {
  Digest node = leaf;
  for (std::uint64_t bit = 1; (size_ & bit) != 0; bit <<= 1) {
    node = node_hash(peaks_.back(), node);
    peaks_.pop_back();
  }
  peaks_.push_back(node);
  ++size_;
}

Digest RootBuilder::root() const {
  if (peaks_.empty()) return sha256({});
  Digest node = peaks_.back();
  for (auto peak = peaks_.rbegin() + 1; peak != peaks_.rend(); ++peak) node = node_hash(*peak, node);
  return node;
}

Digest root(std::span<const Digest> leaves) {
  RootBuilder builder;
  for (const Digest& leaf : leaves) builder.add(leaf);
  return builder.root();
}

Result<std::vector<Digest>> inclusion_proof(std::span<const Digest> leaves, std::uint64_t index) {
  if (index >= leaves.size()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("no leaf {} in a tree of {} leaves", index, leaves.size()));
  }
  std::vector<Digest> proof;
  append_path(leaves, index, proof);
  return proof;
}

Result<std::vector<Digest>> consistency_proof(std::span<const Digest> leaves, std::uint64_t size) {
  if (size > leaves.size()) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("no tree of {} leaves in one of {}", size, leaves.size()));
  }
  std::vector<Digest> proof;
  if (size != 0) append_subproof(leaves, size, true, proof);
  return proof;
}

Result<Digest> root_from_inclusion_proof(const Digest& leaf, std::uint64_t index, std::uint64_t tree_size,
                                         std::span<const Digest> proof) {
  if (index >= tree_size) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("no leaf {} in a tree of {} leaves", index, tree_size));
  }
  std::uint64_t node = index;
  std::uint64_t last = tree_size - 1;
  Digest hash = leaf;
  for (const Digest& sibling : proof) {
    if (last == 0) return wrong_length(tree_size, proof.size());
    if ((node & 1) != 0 || node == last) {
      hash = node_hash(sibling, hash);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return wrong_length(tree_size, proof.size());
  return hash;
}

Status verify_inclusion(const Digest& leaf, std::uint64_t index, std::uint64_t tree_size,
                        std::span<const Digest> proof, const Digest& root) {
  STELLA_TRY(const Digest found, root_from_inclusion_proof(leaf, index, tree_size, proof));
  if (found != root) return wrong_root("inclusion proof leads to another root", root, found);
  return {};
}

Status verify_consistency(std::uint64_t first_size, const Digest& first_root, std::uint64_t second_size,
                          const Digest& second_root, std::span<const Digest> proof) {
  if (first_size > second_size) {
    return fail(ErrorCode::kUntrusted,
                fmt::format("tree went back from {} to {} leaves", first_size, second_size));
  }
  if (first_size == second_size || first_size == 0) {
    if (!proof.empty()) return wrong_length(second_size, proof.size());
    if (first_size == second_size && first_root != second_root) {
      return wrong_root("two trees of one size have different roots", first_root, second_root);
    }
    if (first_size == 0 && first_root != sha256({})) {
      return wrong_root("the root of an empty tree is wrong", sha256({}), first_root);
    }
    return {};
  }
  if (proof.empty()) return wrong_length(second_size, 0);

  std::uint64_t node = first_size - 1;
  std::uint64_t last = second_size - 1;
  while ((node & 1) != 0) {
    node >>= 1;
    last >>= 1;
  }
  // A first tree that is a complete subtree starts from its own root, which the proof then leaves out.
  const bool complete = std::has_single_bit(first_size);
  Digest first = complete ? first_root : proof.front();
  Digest second = first;
  for (const Digest& hash : proof.subspan(complete ? 0 : 1)) {
    if (last == 0) return wrong_length(second_size, proof.size());
    if ((node & 1) != 0 || node == last) {
      first = node_hash(hash, first);
      second = node_hash(hash, second);
      while ((node & 1) == 0 && node != 0) {
        node >>= 1;
        last >>= 1;
      }
    } else {
      second = node_hash(second, hash);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0) return wrong_length(second_size, proof.size());
  if (first != first_root)
    return wrong_root("consistency proof leads to another first root", first_root, first);
  if (second != second_root)
    return wrong_root("consistency proof leads to another second root", second_root, second);
  return {};
}

}  // namespace stella::merkle
