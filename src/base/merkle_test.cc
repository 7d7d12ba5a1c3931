#include "stella/base/merkle.h"

#include <gtest/gtest.h>

namespace stella::merkle {
namespace {

std::vector<Digest> leaves_of(std::size_t count) {
  std::vector<Digest> leaves;
  for (std::size_t i = 0; i < count; ++i) leaves.push_back(leaf_hash(as_bytes(std::to_string(i))));
  return leaves;
}

// RFC 6962's definition, written as it stands there.
Digest root_by_definition(std::span<const Digest> leaves) {
  if (leaves.empty()) return sha256({});
  if (leaves.size() == 1) return leaves[0];
  std::size_t k = 1;
  while (k * 2 < leaves.size()) k *= 2;
  return node_hash(root_by_definition(leaves.first(k)), root_by_definition(leaves.subspan(k)));
}

// The test vectors of Certificate Transparency's reference implementation.
TEST(Merkle, KnowsThePublishedVectors) {
  const std::vector<std::string> inputs = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  const std::vector<std::string> roots = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                          "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                          "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                          "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                          "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                          "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                          "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  RootBuilder builder;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    builder.add(leaf_hash(parse_hex(inputs[i]).value()));
    EXPECT_EQ(to_hex(builder.root().view()), roots[i]);
  }
}

TEST(Merkle, RootIsThatOfTheDefinition) {
  for (std::size_t count = 0; count < 70; ++count) {
    const auto leaves = leaves_of(count);
    EXPECT_EQ(root(leaves), root_by_definition(leaves)) << count;
  }
}

TEST(Merkle, ProvesEveryLeafAndRefusesEveryChange) {
  for (std::size_t count = 1; count < 35; ++count) {
    const auto leaves = leaves_of(count);
    const Digest tree = root(leaves);
    for (std::size_t index = 0; index < count; ++index) {
      auto proof = inclusion_proof(leaves, index).value();
      EXPECT_TRUE(verify_inclusion(leaves[index], index, count, proof, tree));
      EXPECT_FALSE(verify_inclusion(leaves[index], (index + 1) % count, count, proof, tree) && count > 1);
      EXPECT_FALSE(verify_inclusion(leaf_hash(as_bytes("other")), index, count, proof, tree));
      EXPECT_FALSE(verify_inclusion(leaves[index], index, count, proof, sha256({})));
      for (Digest& hash : proof) {
        hash.bytes[7] ^= 1;
        EXPECT_FALSE(verify_inclusion(leaves[index], index, count, proof, tree));
        hash.bytes[7] ^= 1;
      }
      proof.push_back(tree);
      EXPECT_FALSE(verify_inclusion(leaves[index], index, count, proof, tree));
      proof.pop_back();
      if (!proof.empty()) {
        proof.pop_back();
        EXPECT_FALSE(verify_inclusion(leaves[index], index, count, proof, tree));
      }
    }
    EXPECT_FALSE(inclusion_proof(leaves, count));
    EXPECT_EQ(verify_inclusion(tree, count, count, {}, tree).error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(Merkle, ProvesThatATreeOnlyGrew) {
  const auto leaves = leaves_of(33);
  for (std::size_t second = 0; second <= leaves.size(); ++second) {
    const auto now = std::span(leaves).first(second);
    for (std::size_t first = 0; first <= second; ++first) {
      const Digest before = root(std::span(leaves).first(first));
      auto proof = consistency_proof(now, first).value();
      ASSERT_TRUE(verify_consistency(first, before, second, root(now), proof)) << first << " " << second;
      EXPECT_FALSE(verify_consistency(first, leaf_hash({}), second, root(now), proof));
      if (first != second) {
        EXPECT_FALSE(verify_consistency(second, root(now), first, before, proof)) << "a tree never goes back";
      }
      if (first != 0 && first != second) {
        EXPECT_FALSE(verify_consistency(first, before, second, leaf_hash({}), proof));
        proof.push_back(before);
        EXPECT_FALSE(verify_consistency(first, before, second, root(now), proof));
      }
    }
  }
}

}  // namespace
}  // namespace stella::merkle
