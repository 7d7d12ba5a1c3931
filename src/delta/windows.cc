#include "windows.h"

#include <algorithm>

namespace stella::delta {

Status for_each_part(const Segment& match, std::uint64_t target_offset_bytes, std::span<const Area> areas,
                     const std::function<Status(const PartPlace&)>& take) {
  const std::uint64_t begin = match.base_offset_bytes;
  const std::uint64_t end = begin + match.length_bytes;
  auto area = std::ranges::upper_bound(areas, begin, {},
                                       [](const Area& a) { return a.base_offset_bytes + a.size_bytes; });
  std::uint64_t offset = begin;
  while (offset < end) {
    while (area != areas.end() && area->base_offset_bytes + area->size_bytes <= offset) ++area;
    const bool inside = area != areas.end() && area->base_offset_bytes <= offset;
    std::uint64_t stop = std::min(end, begin + ((offset - begin) / kPartMaxBytes + 1) * kPartMaxBytes);
    if (inside) {
      stop = std::min(stop, area->base_offset_bytes + area->size_bytes);
    } else if (area != areas.end()) {
      stop = std::min(stop, area->base_offset_bytes);
    }
    STELLA_CHECK(take({.base_offset_bytes = offset,
                       .target_offset_bytes = target_offset_bytes + (offset - begin),
                       .size_bytes = stop - offset,
                       .area = inside ? &*area : nullptr}));
    offset = stop;
  }
  return {};
}

Status PageCache::read_at(std::uint64_t offset, MutableByteView to) {
  while (!to.empty()) {
    const std::uint64_t number = offset / kPageBytes;
    Page& page = pages_[number % kPages];
    const std::uint64_t start = number * kPageBytes;
    if (page.number != number) {
      page.number = ~std::uint64_t{0};  // stays so when reading fails
      page.bytes.resize(static_cast<std::size_t>(std::min(kPageBytes, source_.size() - start)));
      STELLA_CHECK(source_.read_at(start, page.bytes));
      page.number = number;
    }
    const std::uint64_t inside = offset - start;
    const std::size_t count =
        static_cast<std::size_t>(std::min<std::uint64_t>(to.size(), page.bytes.size() - inside));
    std::copy_n(page.bytes.begin() + static_cast<std::ptrdiff_t>(inside), count, to.begin());
    offset += count;
    to = to.subspan(count);
  }
  return {};
}

}  // namespace stella::delta
