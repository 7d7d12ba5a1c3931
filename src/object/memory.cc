#include "stella/object/memory.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "formats.h"

namespace stella::object {

namespace {

struct Range {
  std::uint64_t address = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool executable = false;
  bool writable = false;
  std::size_t section = Memory::kNoSection;
};

std::vector<Range> loaded_ranges(const Image& image, std::uint64_t file_size) {
  std::vector<Range> ranges;
  const auto add = [&](Range range) {
    range.size = std::min(range.size, ~std::uint64_t{0} - range.address);
    if (range.size != 0 && within(range.offset, range.size, file_size)) ranges.push_back(range);
  };
  for (std::size_t i = 0; i < image.sections.size(); ++i) {
    const Section& section = image.sections[i];
    if (!section.allocated) continue;
    const std::uint64_t size = std::min(section.file_size, section.memory_size);
    add({section.address, section.file_offset, size, section.executable, section.writable, i});
  }
  if (ranges.empty()) {
    for (const Segment& segment : image.segments) {
      add({segment.address, segment.file_offset, std::min(segment.file_size, segment.memory_size),
           segment.executable, segment.writable, Memory::kNoSection});
    }
  }
  std::ranges::sort(ranges, {}, [](const Range& range) {
    return std::tuple(range.address, range.section, range.offset, range.size);
  });
  return ranges;
}

}  // namespace

Result<Memory> Memory::load(const ByteSource& file, const Image& image, std::uint64_t size_max_bytes) {
  Memory memory;
  std::uint64_t total = 0, end = 0;
  for (Range range : loaded_ranges(image, file.size())) {
    if (range.address < end) {
      const std::uint64_t cut = std::min(end - range.address, range.size);
      range.address += cut, range.offset += cut, range.size -= cut;
      if (range.size == 0) continue;
    }
    total += range.size;
    if (total > size_max_bytes) {
      return fail({.code = ErrorCode::kLimitExceeded,
                   .message = "the program's code and data are too large to analyse",
                   .where = file.name(),
                   .expected = fmt::format("at most {} bytes", size_max_bytes),
                   .found = fmt::format("at least {}", total)});
    }
    end = range.address + range.size;
    STELLA_TRY(Bytes bytes, read_range(file, range.offset, range.size, range.size, "section"));
    memory.pieces_.push_back(
        {range.address, range.executable, range.writable, range.section, std::move(bytes)});
  }
  return memory;
}

const Memory::Piece* Memory::find(std::uint64_t address) const {
  const auto after = std::ranges::upper_bound(pieces_, address, {}, &Piece::address);
  if (after == pieces_.begin()) return nullptr;
  const Piece& piece = *std::prev(after);
  return address - piece.address < piece.bytes.size() ? &piece : nullptr;
}

ByteView Memory::from(std::uint64_t address) const {
  const Piece* piece = find(address);
  return piece == nullptr ? ByteView{} : ByteView(piece->bytes).subspan(address - piece->address);
}

ByteView Memory::at(std::uint64_t address, std::uint64_t size) const {
  const ByteView rest = from(address);
  return rest.size() < size ? ByteView{} : rest.first(size);
}

void lay_out_relocatable(Image& image, std::uint64_t first_address) {
  if (image.kind != Kind::kRelocatable) return;
  std::uint64_t next = first_address;
  constexpr std::uint64_t kAlignment = 4096;
  for (Section& section : image.sections) {
    if (!section.allocated) continue;
    section.address = next;
    const std::uint64_t size = std::min(section.memory_size, std::uint64_t{1} << 40);
    next += (size + 2 * kAlignment - 1) / kAlignment * kAlignment;
  }
}

}  // namespace stella::object
