#include "match_labels.h"

#include <algorithm>

#include "operands.h"
#include "stella/base/parallel.h"

namespace stella::delta {
namespace {

constexpr std::size_t kScanBytes = 32;  // few enough for OperandScanner::scan
constexpr std::size_t kPartBytes = std::size_t{1} << 20;

// A piece of an area that one thread labels.
struct Part {
  const Area* area;
  std::size_t begin;
  std::size_t end;
};

std::vector<Part> parts_of(std::span<const Area> areas, std::size_t size_bytes) {
  std::vector<Part> parts;
  for (const Area& area : areas) {
    const auto end = static_cast<std::size_t>(
        std::min<std::uint64_t>(area.base_offset_bytes + area.size_bytes, size_bytes));
    for (auto begin = static_cast<std::size_t>(area.base_offset_bytes); begin < end;) {
      const std::size_t next = std::min(end, begin + kPartBytes);
      parts.push_back({&area, begin, next});
      begin = next;
    }
  }
  return parts;
}

void write_label(const Operand& operand, std::uint8_t* at) {
  if (operand.cls == OperandClass::kArmBranch) {
    operand.store(at, (operand.base_word & 0xFC00'0000) | (operand.predicted >> 2 & 0x03FF'FFFF));
  } else {
    operand.store(at, operand.predicted);
  }
}

// Labels one side: the operands that `images` (of which this is the base side) has in `bytes`.
Status label_side(MutableByteView bytes, const Images& images, const AddressMap& map, unsigned threads) {
  const std::vector<Part> parts = parts_of(images.areas, bytes.size());
  return parallel_for(parts.size(), threads, [&](std::size_t i) -> Status {
    const Part& part = parts[i];
    const MutableByteView view = bytes.subspan(part.begin, part.end - part.begin);
    // The labels themselves do not depend on the place in the target; any that is loaded will do.
    const std::uint64_t origin = images.images[part.area->image].target_loads.front().file_offset_bytes;
    OperandScanner scanner(images, map);
    scanner.start(part.area, view, part.begin, origin);
    for (std::size_t at = 0; at < view.size(); at += kScanBytes) {
      const std::size_t end = std::min(at + kScanBytes, view.size());
      const std::size_t from = std::max(at, scanner.free_from());
      if (from >= end) continue;
      for (const Operand& operand : scanner.scan(from, end)) write_label(operand, view.data() + operand.at);
    }
    return {};
  });
}

}  // namespace

Status write_labels(MutableByteView base, MutableByteView target, std::span<const FoundImage> base_images,
                    std::span<const FoundImage> target_images, std::span<const Segment> segments,
                    unsigned threads) {
  const Images moved = pair_images(base_images, target_images, segments, 0);
  if (moved.images.empty()) return {};
  STELLA_CHECK(label_side(base, moved, AddressMap(moved, segments, 0), threads));

  Images still;  // the target's own images, each to itself
  for (const FoundImage& found : target_images) {
    const auto index = static_cast<std::uint32_t>(still.images.size());
    still.images.push_back({found.loads, found.loads});
    for (Area area : found.areas) {
      area.image = index;
      for (Anchor& anchor : area.anchors) anchor.target_address = anchor.base_address;
      still.areas.push_back(std::move(area));
    }
  }
  const Segment whole{SegmentKind::kCopy, target.size(), 0};
  return label_side(target, still, AddressMap(still, {&whole, 1}, 0), threads);
}

}  // namespace stella::delta
