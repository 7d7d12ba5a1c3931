#include "stella/tlog/tile.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "stella/base/merkle.h"

namespace stella::tlog {
namespace {

std::vector<Digest> leaves_of(std::uint64_t count) {
  std::vector<Digest> leaves;
  for (std::uint64_t i = 0; i < count; ++i) leaves.push_back(merkle::leaf_hash(as_bytes(std::to_string(i))));
  return leaves;
}

// All tiles of a tree as c2sp.org/tlog-tiles defines them: hash i of tile n at level l is the root of 256^l
// leaves.
std::map<std::string, Bytes> tiles_of(std::span<const Digest> leaves) {
  std::map<std::string, Bytes> tiles;
  std::vector<Digest> level(leaves.begin(), leaves.end());
  for (unsigned l = 0; !level.empty(); ++l) {
    for (std::size_t begin = 0; begin < level.size(); begin += kTileWidth) {
      const std::size_t width = std::min<std::size_t>(kTileWidth, level.size() - begin);
      Bytes bytes;
      for (std::size_t i = 0; i < width; ++i) append(bytes, level[begin + i].view());
      tiles[tile_path({.level = l, .index = begin / kTileWidth, .width = width})] = bytes;
      EXPECT_EQ(tile_width(l, begin / kTileWidth, leaves.size()), width);
    }
    std::vector<Digest> above;
    for (std::size_t begin = 0; begin + kTileWidth <= level.size(); begin += kTileWidth) {
      above.push_back(merkle::root(std::span(level).subspan(begin, kTileWidth)));
    }
    level = std::move(above);
  }
  return tiles;
}

TEST(Tile, HasThePathsOfTheSpecification) {
  EXPECT_EQ(tile_path({.level = 0, .index = 1234067}), "tile/0/x001/x234/067");
  EXPECT_EQ(tile_path({.level = 1, .index = 0, .width = 17}), "tile/1/000.p/17");
  EXPECT_EQ(entries_path(1000, 112), "tile/entries/x001/000.p/112");
  for (const std::uint64_t index : {0ULL, 999ULL, 1000ULL, 1234067ULL, 36028797018963967ULL}) {
    for (const std::uint64_t width : {1ULL, 255ULL, 256ULL}) {
      const TileId tile{.level = 3, .index = index, .width = width};
      EXPECT_EQ(parse_tile_path(tile_path(tile)).value(), tile);
    }
  }
  for (const char* path :
       {"", "tile", "tile/0", "tile/0/", "tile/0/1", "tile/0/0001", "tile/00/001", "tile/8/001",
        "tile/0/x000/001", "tile/0/001/002", "tile/0/x001", "tile/0/001.p/0", "tile/0/001.p/256",
        "tile/0/001.p/01", "tile/0/001/", "tile/0/../001", "tile/0/x001.p/1", "tile/0/-01",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999"}) {
    EXPECT_EQ(parse_tile_path(path).error().code, ErrorCode::kCorrupt) << path;
  }
}

// The example of the specification.
TEST(Tile, CountsTheTilesOf70000Leaves) {
  EXPECT_EQ(tile_width(0, 272, 70'000), 256U);
  EXPECT_EQ(tile_width(0, 273, 70'000), 112U);
  EXPECT_EQ(tile_width(0, 274, 70'000), 0U);
  EXPECT_EQ(tile_width(1, 0, 70'000), 256U);
  EXPECT_EQ(tile_width(1, 1, 70'000), 17U);
  EXPECT_EQ(tile_width(2, 0, 70'000), 1U);
  EXPECT_EQ(tile_width(1, 0, 256), 1U);
  EXPECT_EQ(tile_width(2, 0, 256), 0U);
}

TEST(Tile, ProofsAreThoseOfTheWholeTree) {
  for (const std::uint64_t size : {1U, 2U, 3U, 7U, 255U, 256U, 257U, 511U, 513U, 1000U, 66'000U}) {
    const auto leaves = leaves_of(size);
    const TileMap tiles(tiles_of(leaves));
    const Digest root = merkle::root(leaves);
    EXPECT_EQ(root_from_tiles(tiles, size).value(), root);
    for (std::uint64_t index = 0; index < size; index += 1 + size / 7) {
      const auto proof = inclusion_proof_from_tiles(tiles, index, size).value();
      EXPECT_TRUE(merkle::verify_inclusion(leaves[index], index, size, proof, root)) << size << " " << index;
      EXPECT_EQ(leaf_from_tiles(tiles, index, size).value(), leaves[index]);
    }
    for (std::uint64_t first = 0; first <= size; first += 1 + size / 7) {
      EXPECT_EQ(consistency_proof_from_tiles(tiles, first, size).value(),
                merkle::consistency_proof(leaves, first).value());
    }
    EXPECT_EQ(inclusion_proof_from_tiles(tiles, size, size).error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(consistency_proof_from_tiles(tiles, size + 1, size).error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(Tile, FewTilesSufficeForAProof) {
  const std::uint64_t size = 66'000;
  const auto all = tiles_of(leaves_of(size));
  std::map<std::string, Bytes> needed;
  const std::vector<TileId> asked = tiles_for_inclusion(1234, size).value();
  for (const TileId& tile : asked) needed[tile_path(tile)] = all.at(tile_path(tile));
  EXPECT_LE(needed.size(), 5U);
  EXPECT_EQ(inclusion_proof_from_tiles(TileMap(needed), 1234, size).value(),
            inclusion_proof_from_tiles(TileMap(all), 1234, size).value());
  EXPECT_EQ(inclusion_proof_from_tiles(TileMap({}), 1234, size).error().code, ErrorCode::kNotFound);
}

TEST(Tile, ReadsAFolderAndTakesAPartialTileFromTheFullOne) {
  const auto folder = std::filesystem::temp_directory_path() / ("stella_tiles." + std::to_string(::getpid()));
  const auto leaves = leaves_of(512);
  for (const auto& [path, bytes] : tiles_of(leaves)) {
    std::filesystem::create_directories((folder / path).parent_path());
    std::ofstream(folder / path) << as_text(bytes);
  }
  const TileFolder tiles(folder.string());
  EXPECT_EQ(root_from_tiles(tiles, 512).value(), merkle::root(leaves));
  EXPECT_EQ(root_from_tiles(tiles, 300).error().code, ErrorCode::kNotFound)
      << "level 1 was never that narrow";
  EXPECT_EQ(leaf_from_tiles(tiles, 299, 300).value(), leaves[299]);
  std::filesystem::resize_file(folder / "tile/0/000", 8191);
  EXPECT_EQ(root_from_tiles(TileFolder(folder.string()), 256).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(leaf_from_tiles(tiles, 3, 512).error().code, ErrorCode::kCorrupt);
  std::filesystem::remove_all(folder);
}

TEST(Entries, ReadsABundleAndRefusesItCutOff) {
  const Bytes bundle = {0, 1, 'a', 0, 0, 0, 2, 'b', 'c'};
  const auto entries = parse_entries(bundle).value();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(as_text(entries[2]), "bc");
  for (const std::size_t size : {1U, 2U, 4U, 6U, 7U, 8U})
    EXPECT_FALSE(parse_entries(ByteView(bundle).first(size)));
  EXPECT_EQ(parse_entries(Bytes(2 * 257)).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace stella::tlog
