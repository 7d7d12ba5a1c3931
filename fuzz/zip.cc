// The zip reader: members and what lies outside of them are disjoint parts of the archive.
#include "../src/artifact/zip.h"

#include <algorithm>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stella;
  using artifact::Range;
  const auto archive = memory_source({data, size}, "fuzz");
  std::vector<Range> ranges;
  const auto contents = artifact::read_zip(
      *archive, {.entries_max = 1000, .name_size_max_bytes = 256}, [&](artifact::Entry&& entry) -> Status {
        ranges.push_back({.offset_bytes = entry.offset_bytes, .size_bytes = entry.stored_bytes});
        return {};
      });
  if (!contents) return 0;
  ranges.insert(ranges.end(), contents->outside.begin(), contents->outside.end());
  std::ranges::sort(ranges, {},
                    [](const Range& range) { return std::pair(range.offset_bytes, range.size_bytes); });
  std::uint64_t end = 0;
  for (const Range& range : ranges) {
    if (range.offset_bytes < end || range.offset_bytes + range.size_bytes > size) std::abort();
    end = range.offset_bytes + range.size_bytes;
  }
  return 0;
}
