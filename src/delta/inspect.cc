#include "stella/delta/inspect.h"

#include <utility>

#include "delta_file.h"

namespace stella::delta {
namespace {

using TakeWindow = std::function<Status(const DeltaFile&, const WindowHead&, std::span<const Segment>)>;

Status for_each_window(DeltaFile& file, const TakeWindow& take) {
  while (true) {
    STELLA_TRY(const std::optional<WindowHead> head, file.next_window());
    if (!head) return {};
    STELLA_TRY(const std::vector<Segment> segments, file.segments(*head));
    STELLA_CHECK(take(file, *head, segments));
  }
}

template <typename T>
Result<T> named(Result<T> result, const ByteSource& delta_bin) {
  if (result || result.error().code == ErrorCode::kIo) return result;
  return std::unexpected(std::move(result).error().at(delta_bin.name()));
}

Result<Anatomy> take_apart(DeltaFile& file, const ByteSource& delta_bin) {
  Anatomy anatomy{.header = file.header(), .size_bytes = delta_bin.size()};
  PackedSizes& packed = anatomy.packed;
  STELLA_CHECK(for_each_window(
      file, [&](const DeltaFile&, const WindowHead& head, std::span<const Segment> segments) -> Status {
        ++anatomy.window_count;
        packed.segment_bytes += head.segments.size_bytes;
        packed.correction_bytes += head.corrections.size_bytes;
        packed.literal_bytes += head.literals.size_bytes;
        for (const Segment& segment : segments) {
          SegmentTotal& total = segment.kind == SegmentKind::kCopy    ? anatomy.copy
                                : segment.kind == SegmentKind::kMatch ? anatomy.match
                                                                      : anatomy.literal;
          ++total.count;
          total.target_bytes += segment.length_bytes;
        }
        return {};
      }));
  packed.address_map_bytes = file.address_map_bytes();
  packed.framing_bytes = anatomy.size_bytes - packed.address_map_bytes - packed.segment_bytes -
                         packed.correction_bytes - packed.literal_bytes;
  return anatomy;
}

}  // namespace

Result<Header> read_header(const ByteSource& delta_bin) {
  STELLA_TRY(const DeltaFile file, DeltaFile::open(delta_bin));
  return file.header();
}

Result<Anatomy> inspect(const ByteSource& delta_bin) {
  STELLA_TRY(DeltaFile file, DeltaFile::open(delta_bin));
  STELLA_TRY(const Digest delta_sha256, file.check_digest());
  STELLA_TRY(Anatomy anatomy, named(take_apart(file, delta_bin), delta_bin));
  anatomy.delta_sha256 = delta_sha256;
  return anatomy;
}

Status for_each_segment(const ByteSource& delta_bin,
                        const std::function<Status(std::uint64_t, const Segment&)>& take) {
  STELLA_TRY(DeltaFile file, DeltaFile::open(delta_bin));
  return for_each_window(
      file, [&](const DeltaFile&, const WindowHead& head, std::span<const Segment> segments) -> Status {
        std::uint64_t offset = head.target_offset_bytes;
        for (const Segment& segment : segments) {
          STELLA_CHECK(take(offset, segment));
          offset += segment.length_bytes;
        }
        return {};
      });
}

}  // namespace stella::delta
