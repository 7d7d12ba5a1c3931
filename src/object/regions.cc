// The file cut at its sections' borders.
#include <algorithm>
#include <tuple>

#include "formats.h"

namespace stella::object {
namespace {

struct Piece {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::size_t rank = 0;  // order among pieces that begin at the same byte
  std::string_view name{};
};

void add(std::vector<Piece>& pieces, FileRange range, std::uint64_t file_size, std::string_view name) {
  if (range.size_bytes == 0 || !within(range.offset_bytes, range.size_bytes, file_size)) return;
  pieces.push_back({range.offset_bytes, range.offset_bytes + range.size_bytes, pieces.size(), name});
}

}  // namespace

std::vector<FileRegion> file_regions(const Image& image, std::uint64_t file_size) {
  std::vector<Piece> pieces;
  add(pieces, image.headers, file_size, "(headers)");
  for (const Section& section : image.sections) {
    add(pieces, {section.file_offset, section.file_size}, file_size, section.name);
  }
  if (image.sections.empty()) {  // a program without section headers is cut at its segments
    for (const Segment& segment : image.segments) {
      add(pieces, {segment.file_offset, segment.file_size}, file_size, "(segment)");
    }
  }
  add(pieces, image.section_headers, file_size, "(section headers)");
  add(pieces, image.signatures, file_size, "(signature)");
  std::ranges::sort(pieces, {}, [](const Piece& piece) { return std::tuple(piece.begin, piece.rank); });

  std::vector<FileRegion> regions;
  std::uint64_t done = 0;
  for (const Piece& piece : pieces) {
    if (piece.end <= done) continue;
    if (regions.size() + 3 > kFileRegionsMax) break;
    if (piece.begin > done) regions.push_back({"(gap)", done, piece.begin - done});
    const std::uint64_t begin = std::max(piece.begin, done);
    regions.push_back({std::string(piece.name), begin, piece.end - begin});
    done = piece.end;
  }
  if (done < file_size) {
    const bool capped = regions.size() + 3 > kFileRegionsMax;
    regions.push_back({capped ? "(rest)" : "(overlay)", done, file_size - done});
  }
  return regions;
}

}  // namespace stella::object
