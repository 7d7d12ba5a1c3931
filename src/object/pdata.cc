// The exception directory of PE images for x64 and ARM64.
#include <algorithm>

#include <fmt/format.h>

#include "fields.h"
#include "stella/object/function_ranges.h"

namespace stella::object {
namespace {

constexpr std::size_t kExceptionDirectory = 3;
constexpr std::size_t kEntrySizeX64 = 12, kEntrySizeArm64 = 8;
constexpr unsigned kChained = 4;  // UNW_FLAG_CHAININFO

// Whether the unwind information at `offset` says that its range belongs to another function.
bool continues_another(const Image& image, const Memory& memory, std::uint32_t offset) {
  if ((offset & 1) != 0) return true;  // points to another entry of the directory instead
  const ByteView info = memory.at(image.image_base + offset, 4);
  return !info.empty() && ((info[0] >> 3) & kChained) != 0;
}

// Size of the function whose entry has `word`: packed in it, or at the beginning of its .xdata record.
std::uint64_t arm64_size(const Image& image, const Memory& memory, std::uint32_t word) {
  if ((word & 3) != 0) return ((word >> 2) & 0x7ff) * 4ULL;
  const ByteView record = memory.at(image.image_base + word, 4);
  return record.empty() ? 0 : (Fields{record}.u32(0) & 0x3ffff) * 4ULL;
}

}  // namespace

Result<std::vector<FunctionRange>> pdata_ranges(const Image& image, const Memory& memory) {
  std::vector<FunctionRange> ranges;
  if (image.format != Format::kPe || image.directories.size() <= kExceptionDirectory) return ranges;
  const FileRange range = image.directories[kExceptionDirectory];
  if (range.size_bytes == 0) return ranges;
  const bool x64 = image.machine == Machine::kX64;
  if (!x64 && image.machine != Machine::kArm64) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("the exception directory of {} is not read", to_string(image.machine)));
  }
  const ByteView table = memory.at(image.image_base + range.offset_bytes, range.size_bytes);
  if (table.empty()) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "the exception directory lies outside of the sections",
                 .found = fmt::format("offset {:#x} and {} bytes", range.offset_bytes, range.size_bytes)});
  }
  const Fields fields{table};
  const std::size_t entry_size = x64 ? kEntrySizeX64 : kEntrySizeArm64;
  if (table.size() / entry_size > kFunctionRangesMax) {
    return fail(ErrorCode::kLimitExceeded, fmt::format("more than {} unwind entries", kFunctionRangesMax));
  }
  for (std::size_t at = 0; at + entry_size <= table.size(); at += entry_size) {
    const std::uint32_t begin = fields.u32(at), second = fields.u32(at + 4);
    if (begin == 0) continue;  // padding
    const std::uint64_t address = image.image_base + begin;
    if (!x64) {
      if (const std::uint64_t size = arm64_size(image, memory, second); size != 0)
        ranges.push_back({address, size, {}});
      continue;
    }
    if (second <= begin) continue;
    if (continues_another(image, memory, fields.u32(at + 8))) {
      const bool follows = !ranges.empty() && ranges.back().address + ranges.back().size == address;
      if (follows) ranges.back().size += second - begin;
      continue;
    }
    ranges.push_back({address, second - begin, {}});
  }
  return ranges;
}

}  // namespace stella::object
