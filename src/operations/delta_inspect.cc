#include "stella/operations/delta_inspect.h"

#include <algorithm>

#include "delta_paths.h"
#include "delta_reasons.h"
#include "stella/operations/delta_create.h"

namespace stella::operations {
namespace {

// Where cell `index` of the strip begins; 128 bits, since sizes go up to 2^62.
std::uint64_t cell_begin(std::size_t index, std::uint64_t size_bytes) {
  __extension__ typedef unsigned __int128 Wide;
  return static_cast<std::uint64_t>(Wide{size_bytes} * index / kStripCells);
}

Status draw_strip(const ByteSource& delta_bin, std::uint64_t target_size_bytes, DeltaInspectResult& to) {
  std::size_t cell = 0;
  return delta::for_each_segment(
      delta_bin, [&](std::uint64_t offset, const delta::Segment& segment) -> Status {
        const std::uint64_t end = offset + segment.length_bytes;
        for (std::uint64_t at = offset; at < end;) {
          while (cell + 1 < kStripCells && cell_begin(cell + 1, target_size_bytes) <= at) ++cell;
          const std::uint64_t cell_end =
              cell + 1 == kStripCells ? end : std::min(end, cell_begin(cell + 1, target_size_bytes));
          StripCell& counts = to.strip[cell];
          std::uint64_t& count = segment.kind == delta::SegmentKind::kCopy    ? counts.copy_bytes
                                 : segment.kind == delta::SegmentKind::kMatch ? counts.match_bytes
                                                                              : counts.literal_bytes;
          count += cell_end - at;
          at = cell_end;
        }
        return {};
      });
}

bool same_target(const delta::Header& header, const delta::ArtifactDigest& base,
                 const delta::ArtifactDigest& target) {
  return header.base_sha256 == base.sha256 && header.target_sha256 == target.sha256 &&
         header.base_size_bytes == base.size_bytes && header.target_size_bytes == target.size_bytes;
}

// The manifest of the folder that the delta lies in. A lone delta.bin has none; in a folder it is missed.
Status link_manifest(const std::filesystem::path& file, bool required, DeltaInspectResult& to) {
  auto manifest = load_manifest(file);
  if (!manifest) {
    if (!required) return {};
    return std::unexpected(std::move(manifest).error());
  }
  const bool binds = manifest->delta.sha256 == to.anatomy.delta_sha256 &&
                     same_target(to.anatomy.header, manifest->base_digest, manifest->target_digest);
  if (!binds) {
    if (!required) return {};
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "the manifest describes another delta.bin",
                 .where = file.string(),
                 .expected = sha256_text(manifest->delta.sha256),
                 .found = sha256_text(to.anatomy.delta_sha256),
                 .next = "make the delta again, or look at delta.bin alone"});
  }
  STELLA_TRY(to.core_sha256, delta::core_digest(*manifest));
  to.manifest = *std::move(manifest);
  return {};
}

}  // namespace

Result<DeltaInspectResult> delta_inspect(const std::filesystem::path& path, const Context&) {
  DeltaInspectResult result;
  result.delta = file_in(path, kDeltaFile);
  STELLA_TRY(const auto delta_bin, open_file(result.delta));
  auto anatomy = delta::inspect(*delta_bin);
  if (!anatomy) return std::unexpected(std::move(anatomy).error());
  result.anatomy = *std::move(anatomy);
  STELLA_CHECK(draw_strip(*delta_bin, result.anatomy.header.target_size_bytes, result));
  STELLA_CHECK(
      link_manifest(result.delta.parent_path() / kManifestFile, /*required=*/result.delta != path, result));
  result.reasons = reasons_of(result);
  return result;
}

}  // namespace stella::operations
