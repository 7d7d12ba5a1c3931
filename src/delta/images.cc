#include "images.h"

#include <algorithm>
#include <map>
#include <optional>

#include "stella/object/image.h"

namespace stella::delta {
namespace {

constexpr std::uint64_t kTarBlockBytes = 512;
constexpr std::size_t kScanBytes = std::size_t{1} << 20;
constexpr std::size_t kSizeField = 124;
constexpr std::size_t kMagicField = 257;

bool is_tar_header(ByteView block) {
  return block.size() >= kTarBlockBytes && as_text(block.subspan(kMagicField, 5)) == "ustar";
}

// The octal size of a tar header; nothing for other forms, which no executable needs.
std::optional<std::uint64_t> tar_member_size(ByteView header) {
  std::uint64_t size = 0;
  for (std::size_t i = kSizeField; i < kSizeField + 11; ++i) {
    if (header[i] < '0' || header[i] > '7') return std::nullopt;
    size = size * 8 + (header[i] - std::uint64_t{'0'});
  }
  return size;
}

bool is_supported(const object::Image& image) {
  return image.bits == 64 && image.byte_order == std::endian::little &&
         (image.machine == object::Machine::kX64 || image.machine == object::Machine::kArm64);
}

AreaKind code_kind(const object::Image& image) {
  return image.machine == object::Machine::kX64 ? AreaKind::kCodeX64 : AreaKind::kCodeArm64;
}

void add_area(FoundImage& found, const object::Image& image, const object::Section& section) {
  if (!section.allocated || section.file_size == 0) return;
  Area area{.base_offset_bytes = found.file_offset_bytes + section.file_offset,
            .size_bytes = section.file_size};
  if (section.executable) {
    area.kind = code_kind(image);
  } else if (section.name == ".eh_frame") {
    area.kind = AreaKind::kSelf32;
  } else if (section.name == ".eh_frame_hdr") {
    area.kind = AreaKind::kTable32;
    area.anchors = {{.used = true, .base_address = section.address}};
  } else if (image.format == object::Format::kPe && section.name == ".pdata") {
    area.kind = AreaKind::kTable32;
    area.anchors = {{.used = true, .base_address = image.image_base}};
  }
  found.areas.push_back(std::move(area));
}

// Sorted and disjoint; of two that overlap, the second is left out.
template <typename T, typename Begin, typename End>
void make_disjoint(std::vector<T>& items, Begin begin, End end) {
  std::ranges::sort(
      items, [&](const T& a, const T& b) { return begin(a) != begin(b) ? begin(a) < begin(b) : a < b; });
  std::vector<T> kept;
  for (T& item : items) {
    if (kept.empty() || begin(item) >= end(kept.back())) kept.push_back(std::move(item));
  }
  items = std::move(kept);
}

Result<std::optional<FoundImage>> read_one(const ByteSource& source, std::uint64_t offset,
                                           std::uint64_t size) {
  STELLA_TRY(const auto part, part_of(source, offset, size, source.name()));
  const auto image = object::read_image(*part);
  if (!image) {
    if (image.error().code == ErrorCode::kIo) return std::unexpected(image.error());
    return std::nullopt;
  }
  if (!is_supported(*image)) return std::nullopt;
  FoundImage found{.file_offset_bytes = offset,
                   .file_size_bytes = size,
                   .loads = {},
                   .areas = {},
                   .image_base = image->image_base};
  for (const object::Segment& segment : image->segments) {
    if (segment.memory_size == 0 || segment.address > std::uint64_t{1} << 62 ||
        segment.memory_size > std::uint64_t{1} << 40)
      continue;
    const std::uint64_t file_size = std::min(segment.file_size, segment.memory_size);
    found.loads.push_back({offset + segment.file_offset, file_size, segment.address, segment.memory_size});
  }
  make_disjoint(
      found.loads, [](const Load& load) { return load.address; },
      [](const Load& load) { return load.address + load.memory_size_bytes; });
  if (found.loads.empty() || found.loads.size() > kLoadsMax) return std::nullopt;
  for (const object::Section& section : image->sections) add_area(found, *image, section);
  if (found.areas.empty()) {
    for (const object::Segment& segment : image->segments) {
      if (segment.file_size == 0) continue;
      found.areas.push_back({.base_offset_bytes = offset + segment.file_offset,
                             .size_bytes = segment.file_size,
                             .kind = segment.executable ? code_kind(*image) : AreaKind::kWords64});
    }
  }
  make_disjoint(
      found.areas, [](const Area& area) { return area.base_offset_bytes; },
      [](const Area& area) { return area.base_offset_bytes + area.size_bytes; });
  return found;
}

}  // namespace

Result<std::vector<FoundImage>> find_images(const ByteSource& source) {
  std::vector<FoundImage> found;
  std::uint64_t end = 0;  // of the executable looked at last
  const auto add = [&](std::uint64_t offset, std::uint64_t size) -> Status {
    // One that begins inside of another is part of its content; besides, no byte is to be read time and
    // again.
    if (found.size() >= kImagesMax || offset < end || size > source.size() - offset) return {};
    end = offset + size;
    STELLA_TRY(auto image, read_one(source, offset, size));
    if (image) found.push_back(*std::move(image));
    return {};
  };
  if (source.size() < kTarBlockBytes) return found;
  Bytes first(kTarBlockBytes);
  STELLA_CHECK(source.read_at(0, first));
  if (object::looks_like_executable(first)) STELLA_CHECK(add(0, source.size()));
  if (!is_tar_header(first)) return found;
  // Members are found by their headers' looks: a header inside a member's content does no harm.
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> size;  // of the member that begins at `offset`
  const auto scan = [&](ByteView block) -> Status {
    for (std::size_t at = 0; at + kTarBlockBytes <= block.size();
         at += kTarBlockBytes, offset += kTarBlockBytes) {
      const ByteView view = block.subspan(at, kTarBlockBytes);
      if (size && *size > kTarBlockBytes && object::looks_like_executable(view))
        STELLA_CHECK(add(offset, *size));
      size = is_tar_header(view) ? tar_member_size(view) : std::nullopt;
    }
    return {};
  };
  STELLA_CHECK(for_each_block(source, kScanBytes, scan));
  return found;
}

Images pair_images(std::span<const FoundImage> base, std::span<const FoundImage> target,
                   std::span<const Segment> segments, std::uint64_t target_offset_bytes) {
  const auto at = [](std::span<const FoundImage> images, std::uint64_t offset) -> std::optional<std::size_t> {
    const auto after = std::ranges::upper_bound(images, offset, {}, &FoundImage::file_offset_bytes);
    if (after == images.begin()) return std::nullopt;
    const FoundImage& image = *std::prev(after);
    if (offset - image.file_offset_bytes >= image.file_size_bytes) return std::nullopt;
    return static_cast<std::size_t>(std::prev(after) - images.begin());
  };
  std::map<std::pair<std::size_t, std::size_t>, std::uint64_t> shared;
  std::uint64_t target_offset = target_offset_bytes;
  for (const Segment& segment : segments) {
    if (segment.kind == SegmentKind::kMatch) {
      const auto from = at(base, segment.base_offset_bytes + segment.length_bytes / 2);
      const auto to = at(target, target_offset + segment.length_bytes / 2);
      if (from && to) shared[{*from, *to}] += segment.length_bytes;
    }
    target_offset += segment.length_bytes;
  }
  Images images;
  for (std::size_t i = 0; i < base.size(); ++i) {
    std::optional<std::size_t> best;
    std::uint64_t best_bytes = 0;
    for (auto pair = shared.lower_bound({i, 0}); pair != shared.end() && pair->first.first == i; ++pair) {
      if (pair->second > best_bytes) {
        best = pair->first.second;
        best_bytes = pair->second;
      }
    }
    if (!best) continue;
    const auto index = static_cast<std::uint32_t>(images.images.size());
    images.images.push_back({base[i].loads, target[*best].loads});
    for (Area area : base[i].areas) {
      if (images.areas.size() == kAreasMax) break;
      if (area.kind == AreaKind::kTable32) {
        // An anchor that is a table's own beginning is told by the table of the same kind there.
        const auto there = std::ranges::find(target[*best].areas, area.kind, &Area::kind);
        if (there == target[*best].areas.end()) continue;
        for (std::size_t k = 0; k < area.anchors.size() && k < there->anchors.size(); ++k) {
          area.anchors[k].target_address = there->anchors[k].base_address;
        }
      }
      area.image = index;
      images.areas.push_back(std::move(area));
    }
  }
  return images;
}

}  // namespace stella::delta
