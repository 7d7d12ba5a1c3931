#include "stella/tlog/tile.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "stella/base/file.h"
#include "stella/base/merkle.h"
#include "stella/base/reader.h"

namespace stella::tlog {
namespace {

constexpr unsigned kTileHeight = 8;  // 2^8 hashes
constexpr std::size_t kHashSizeBytes = 32;

std::string index_path(std::uint64_t index, std::uint64_t width) {
  std::string path = fmt::format("{:03}", index % 1000);
  for (index /= 1000; index > 0; index /= 1000) path = fmt::format("x{:03}/", index % 1000) + path;
  if (width < kTileWidth) path += fmt::format(".p/{}", width);
  return path;
}

std::optional<std::uint64_t> decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Status check_tree(std::uint64_t tree_size) {
  if (tree_size <= kTreeSizeMax) return {};
  return fail({.code = ErrorCode::kInvalidArgument,
               .message = "a tree is too large",
               .expected = fmt::format("at most {} leaves", kTreeSizeMax),
               .found = fmt::format("{}", tree_size)});
}

// Hashes of a tree's nodes out of its tiles; each tile is read once.
class Nodes {
 public:
  Nodes(const TileSource& source, std::uint64_t tree_size) : source_(source), tree_size_(tree_size) {}

  // The root of the leaves [begin, end); begin is a multiple of the least power of two >= end - begin.
  Result<Digest> range(std::uint64_t begin, std::uint64_t end) {
    const std::uint64_t size = end - begin;
    if (std::has_single_bit(size)) return complete(begin, static_cast<unsigned>(std::countr_zero(size)));
    const std::uint64_t split = begin + std::bit_floor(size);
    STELLA_TRY(const Digest left, range(begin, split));
    STELLA_TRY(const Digest right, range(split, end));
    return merkle::node_hash(left, right);
  }

 private:
  // The root of the 2^height leaves from `begin` on.
  Result<Digest> complete(std::uint64_t begin, unsigned height) {
    const unsigned level = height / kTileHeight;
    const std::uint64_t position = begin >> (level * kTileHeight);  // among the hashes of the level
    const std::uint64_t count = std::uint64_t{1} << (height % kTileHeight);
    STELLA_TRY(const std::vector<Digest>* hashes, tile(level, position / kTileWidth));
    return merkle::root(std::span(*hashes).subspan(position % kTileWidth, count));
  }

  Result<const std::vector<Digest>*> tile(unsigned level, std::uint64_t index) {
    const TileId id{.level = level, .index = index, .width = tile_width(level, index, tree_size_)};
    const auto known = tiles_.find(id);
    if (known != tiles_.end()) return &known->second;
    STELLA_TRY(const Bytes bytes, source_.read(id));
    if (bytes.size() != id.width * kHashSizeBytes) {
      return fail({.code = ErrorCode::kCorrupt,
                   .message = "a tile has a wrong length",
                   .where = tile_path(id),
                   .expected = fmt::format("{} bytes", id.width * kHashSizeBytes),
                   .found = fmt::format("{}", bytes.size())});
    }
    std::vector<Digest> hashes(id.width);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * kHashSizeBytes), kHashSizeBytes,
                  hashes[i].bytes.begin());
    }
    return &tiles_.emplace(id, std::move(hashes)).first->second;
  }

  const TileSource& source_;
  std::uint64_t tree_size_;
  std::map<TileId, std::vector<Digest>> tiles_;
};

// Writes down which tiles are asked for.
class Recorder final : public TileSource {
 public:
  Result<Bytes> read(const TileId& tile) const override {
    asked_.push_back(tile);
    return Bytes(tile.width * kHashSizeBytes);
  }
  std::vector<TileId> take() && { return std::move(asked_); }

 private:
  mutable std::vector<TileId> asked_;
};

Result<Bytes> cut_to(Result<Bytes> full, std::uint64_t width) {
  if (full && full->size() == kTileWidth * kHashSizeBytes) full->resize(width * kHashSizeBytes);
  return full;
}

}  // namespace

std::string tile_path(const TileId& tile) {
  return fmt::format("tile/{}/{}", tile.level, index_path(tile.index, tile.width));
}

std::string entries_path(std::uint64_t index, std::uint64_t width) {
  return "tile/entries/" + index_path(index, width);
}

Result<TileId> parse_tile_path(std::string_view path) {
  const auto malformed = [&] {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "not the path of a tile",
                 .expected = "such as tile/0/x001/x234/067.p/8",
                 .found = std::string(path.substr(0, 200))});
  };
  std::string_view rest = path;
  const auto take_until_slash = [&] {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view element = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return element;
  };
  if (take_until_slash() != "tile") return malformed();
  const auto level = decimal(take_until_slash());
  if (!level || *level > kTileLevelMax) return malformed();
  TileId tile{.level = static_cast<unsigned>(*level)};
  for (bool last = false; !last;) {
    std::string_view element = take_until_slash();
    last = !element.starts_with('x');
    if (!last) element.remove_prefix(1);
    if (last && element.ends_with(".p")) {
      element.remove_suffix(2);
      const auto width = decimal(take_until_slash());
      if (!width || *width < 1 || *width >= kTileWidth) return malformed();
      tile.width = *width;
    }
    const auto part = decimal(element);
    if (!part || element.size() != 3 || tile.index > kTreeSizeMax / 1000) return malformed();
    tile.index = tile.index * 1000 + *part;
  }
  // One tile has one path: no leading zeroes, nothing behind.
  if (tile_path(tile) != path) return malformed();
  return tile;
}

std::uint64_t tile_width(unsigned level, std::uint64_t index, std::uint64_t tree_size) {
  if (level > kTileLevelMax) return 0;
  const std::uint64_t hashes = tree_size >> (level * kTileHeight);
  if (index > hashes / kTileWidth) return 0;
  return std::min(kTileWidth, hashes - index * kTileWidth);
}

Result<Bytes> TileFolder::read(const TileId& tile) const {
  const auto path_of = [this](const TileId& id) { return prefix_ + "/" + tile_path(id); };
  auto bytes = read_file(path_of(tile), kTileWidth * kHashSizeBytes);
  if (bytes || tile.width == kTileWidth || bytes.error().code != ErrorCode::kNotFound) return bytes;
  auto full =
      cut_to(read_file(path_of({.level = tile.level, .index = tile.index}), kTileWidth * kHashSizeBytes),
             tile.width);
  return full ? full : bytes;  // the error names the tile that was asked for
}

Result<Bytes> TileMap::read(const TileId& tile) const {
  const auto found = tiles_.find(tile_path(tile));
  if (found != tiles_.end()) return found->second;
  const auto full = tiles_.find(tile_path({.level = tile.level, .index = tile.index}));
  if (full != tiles_.end()) return cut_to(full->second, tile.width);
  return fail(ErrorCode::kNotFound, "a tile is missing", tile_path(tile));
}

Result<Digest> root_from_tiles(const TileSource& tiles, std::uint64_t tree_size) {
  STELLA_CHECK(check_tree(tree_size));
  if (tree_size == 0) return merkle::root({});
  return Nodes(tiles, tree_size).range(0, tree_size);
}

Result<Digest> leaf_from_tiles(const TileSource& tiles, std::uint64_t index, std::uint64_t tree_size) {
  STELLA_CHECK(check_tree(tree_size));
  if (index >= tree_size) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("a tree of {} leaves has no leaf {}", tree_size, index));
  }
  return Nodes(tiles, tree_size).range(index, index + 1);
}

Result<std::vector<Digest>> inclusion_proof_from_tiles(const TileSource& tiles, std::uint64_t index,
                                                       std::uint64_t tree_size) {
  STELLA_CHECK(check_tree(tree_size));
  if (index >= tree_size) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("a tree of {} leaves has no leaf {}", tree_size, index));
  }
  Nodes nodes(tiles, tree_size);
  std::vector<Digest> proof;
  std::uint64_t begin = 0;
  std::uint64_t end = tree_size;
  while (end - begin > 1) {  // from the root down: the sibling of the half that holds the leaf
    const std::uint64_t split = begin + std::bit_floor(end - begin - 1);
    const bool left = index < split;
    STELLA_TRY(const Digest sibling, left ? nodes.range(split, end) : nodes.range(begin, split));
    proof.push_back(sibling);
    (left ? end : begin) = split;
  }
  std::ranges::reverse(proof);
  return proof;
}

Result<std::vector<Digest>> consistency_proof_from_tiles(const TileSource& tiles, std::uint64_t first_size,
                                                         std::uint64_t second_size) {
  STELLA_CHECK(check_tree(second_size));
  if (first_size > second_size) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("a tree of {} leaves is no continuation of one of {}", second_size, first_size));
  }
  std::vector<Digest> proof;
  if (first_size == 0 || first_size == second_size) return proof;
  Nodes nodes(tiles, second_size);
  std::uint64_t begin = 0;
  std::uint64_t end = second_size;
  while (first_size != end) {  // RFC 6962, section 2.1.2, SUBPROOF
    const std::uint64_t split = begin + std::bit_floor(end - begin - 1);
    const bool left = first_size <= split;
    STELLA_TRY(const Digest other, left ? nodes.range(split, end) : nodes.range(begin, split));
    proof.push_back(other);
    (left ? end : begin) = split;
  }
  if (begin != 0) {  // the first tree's own root is known to whoever asks, a part of it is not
    STELLA_TRY(const Digest rest, nodes.range(begin, end));
    proof.push_back(rest);
  }
  std::ranges::reverse(proof);
  return proof;
}

Result<std::vector<TileId>> tiles_for_inclusion(std::uint64_t index, std::uint64_t tree_size) {
  Recorder recorder;
  STELLA_CHECK(inclusion_proof_from_tiles(recorder, index, tree_size));
  STELLA_CHECK(leaf_from_tiles(recorder, index, tree_size));
  std::vector<TileId> asked = std::move(recorder).take();
  std::ranges::sort(asked);
  asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
  return asked;
}

Result<std::vector<Bytes>> parse_entries(ByteView bundle) {
  ByteReader reader(bundle, "bundle of log entries");
  std::vector<Bytes> entries;
  while (!reader.at_end()) {
    if (entries.size() == kTileWidth) {
      return fail(ErrorCode::kCorrupt, fmt::format("a bundle of log entries holds more than {}", kTileWidth));
    }
    STELLA_TRY(const auto size, reader.be<std::uint16_t>());
    STELLA_TRY(const ByteView entry, reader.bytes(size));
    entries.emplace_back(entry.begin(), entry.end());
  }
  return entries;
}

}  // namespace stella::tlog
