// Tiles: a log's Merkle tree cut into files of up to 256 hashes, and the proofs computed from them.
// Source: c2sp.org/tlog-tiles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/digest.h"
#include "stella/base/error.h"

namespace stella::tlog {

inline constexpr std::uint64_t kTileWidth = 256;
inline constexpr unsigned kTileLevelMax = 7;  // levels of 8 tree levels each: 2^63 leaves and no more
inline constexpr std::uint64_t kTreeSizeMax = (std::uint64_t{1} << 63) - 1;

struct TileId {
  unsigned level = 0;
  std::uint64_t index = 0;
  std::uint64_t width = kTileWidth;  // 1 to 256 hashes; below 256 it is partial

  auto operator<=>(const TileId&) const = default;
};

// "tile/0/x001/x234/067" or "tile/0/x001/x234/067.p/8", below the log's prefix, and back. Errors: kCorrupt.
[[nodiscard]] std::string tile_path(const TileId& tile);
[[nodiscard]] Result<TileId> parse_tile_path(std::string_view path);
// "tile/entries/…" for the entries whose leaf hashes stand in the tile of level 0 with that index.
[[nodiscard]] std::string entries_path(std::uint64_t index, std::uint64_t width);

// Number of hashes in tile `index` of `level` for a tree of `tree_size` leaves: 0 to 256.
[[nodiscard]] std::uint64_t tile_width(unsigned level, std::uint64_t index, std::uint64_t tree_size);

// Where tiles come from: a folder, memory, a bundle. What it gives is not trusted: the proofs are verified.
class TileSource {
 public:
  virtual ~TileSource() = default;
  // The hashes of a tile, exactly `tile.width` × 32 bytes. Errors: kNotFound, kIo.
  [[nodiscard]] virtual Result<Bytes> read(const TileId& tile) const = 0;
};

// The tiles below `prefix` of the file system. A partial tile that is gone is taken from its full tile.
class TileFolder final : public TileSource {
 public:
  explicit TileFolder(std::string prefix) : prefix_(std::move(prefix)) {}
  [[nodiscard]] Result<Bytes> read(const TileId& tile) const override;

 private:
  std::string prefix_;
};

// Tiles held in memory, by their paths, such as those embedded in a bundle.
class TileMap final : public TileSource {
 public:
  explicit TileMap(std::map<std::string, Bytes> tiles) : tiles_(std::move(tiles)) {}
  [[nodiscard]] Result<Bytes> read(const TileId& tile) const override;

 private:
  std::map<std::string, Bytes> tiles_;
};

// The tiles that a proof or the root of a tree needs, in ascending order, each once.
[[nodiscard]] Result<std::vector<TileId>> tiles_for_inclusion(std::uint64_t index, std::uint64_t tree_size);

// Root, proofs and leaf hashes out of tiles, as in base/merkle.h. They are computed, not verified: a caller
// compares the root with a checkpoint, or the proof by merkle::verify_inclusion. Errors: kInvalidArgument for
// an index or size outside of the tree; kCorrupt for a tile of a wrong length; those of the source.
[[nodiscard]] Result<Digest> root_from_tiles(const TileSource& tiles, std::uint64_t tree_size);
[[nodiscard]] Result<Digest> leaf_from_tiles(const TileSource& tiles, std::uint64_t index,
                                             std::uint64_t tree_size);
[[nodiscard]] Result<std::vector<Digest>> inclusion_proof_from_tiles(const TileSource& tiles,
                                                                     std::uint64_t index,
                                                                     std::uint64_t tree_size);
[[nodiscard]] Result<std::vector<Digest>> consistency_proof_from_tiles(const TileSource& tiles,
                                                                       std::uint64_t first_size,
                                                                       std::uint64_t second_size);

// A bundle of entries: each with its length (uint16, big endian) in front. Errors: kCorrupt, also for more
// than 256.
[[nodiscard]] Result<std::vector<Bytes>> parse_entries(ByteView bundle);

}  // namespace stella::tlog
