#include "survey.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "stage.h"
#include "stella/object/image.h"

namespace stella::operations {
namespace {

constexpr std::size_t kPartsMax = std::size_t{1} << 20;

// Sections of an executable; none for anything else, and for an executable too damaged to have any.
Result<std::vector<chunk::Region>> sections_of(const ByteSource& source) {
  std::array<std::uint8_t, 64> head{};
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(head.size(), source.size()));
  STELLA_CHECK(source.read_at(0, MutableByteView(head.data(), size)));
  if (!object::looks_like_executable(ByteView(head.data(), size))) return std::vector<chunk::Region>();
  const auto image = object::read_image(source);
  if (!image && image.error().code == ErrorCode::kIo) return std::unexpected(image.error());
  std::vector<chunk::Region> regions;
  if (!image) return regions;
  for (object::FileRegion& region : object::file_regions(*image, source.size())) {
    regions.push_back({std::move(region.name), region.offset_bytes, region.size_bytes});
  }
  return regions;
}

// The innermost members whose bytes lie in the artifact as they are.
std::vector<chunk::Region> member_places(const artifact::Contents& contents) {
  std::vector<chunk::Region> places;
  for (const artifact::Member& member : contents.members) {
    if (!member.place || member.place->size_bytes == 0 || member.path.empty()) continue;
    // What was opened is told by its members, unless they lie in something packed.
    if (member.opened && member.packings.empty()) continue;
    places.push_back({member.path, member.place->offset_bytes, member.place->size_bytes});
  }
  std::ranges::sort(places, {},
                    [](const chunk::Region& r) { return std::tie(r.offset_bytes, r.size_bytes, r.name); });
  std::vector<chunk::Region> disjoint;
  std::uint64_t end_bytes = 0;
  for (chunk::Region& place : places) {
    if (place.offset_bytes < end_bytes || disjoint.size() == kPartsMax) continue;
    end_bytes = place.offset_bytes + place.size_bytes;
    disjoint.push_back(std::move(place));
  }
  return disjoint;
}

}  // namespace

Result<SurveyPair> survey(const std::filesystem::path& base, const std::filesystem::path& target,
                          const chunk::Params& params, const Context& context) {
  SurveyPair pair;
  const std::array<Survey*, 2> sides = {&pair.base, &pair.target};
  std::array<std::vector<chunk::Region>, 2> sections;
  for (std::size_t side = 0; side < 2; ++side) {
    STELLA_TRY(sides[side]->source, open_file(side == 0 ? base : target));
    STELLA_TRY(sections[side], sections_of(*sides[side]->source));
  }
  Stage stage(context.progress, "reading", 4);
  const unsigned map_threads = std::max(1U, context.threads / 2);
  STELLA_CHECK(parallel_for(4, context.threads, [&](std::size_t task) -> Status {
    Survey& side = *sides[task % 2];
    if (task < 2) {
      STELLA_TRY(side.map,
                 chunk::map_chunks(*side.source, sections[task], params, map_threads, stage.part(task)));
    } else {
      STELLA_TRY(side.contents, artifact::read_contents(*side.source, {}, stage.part(task)));
    }
    return {};
  }));
  for (std::size_t side = 0; side < 2; ++side) {
    Survey& s = *sides[side];
    s.parts = sections[side].empty() ? member_places(s.contents) : std::move(sections[side]);
    if (context.debug) {
      context.debug(fmt::format("{}: {} bytes, {}, {} chunks, {} members, {} components", s.source->name(),
                                s.map.size_bytes, artifact::to_string(s.contents.type), s.map.chunks.size(),
                                s.contents.members.size(), s.contents.components.size()));
    }
  }
  return pair;
}

}  // namespace stella::operations
