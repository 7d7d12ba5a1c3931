#include "stella/base/reader.h"

#include <fmt/format.h>

namespace stella {

Result<ByteView> ByteReader::bytes(std::uint64_t count) {
  if (count > remaining()) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = fmt::format("{} ends too early", what_),
                 .where = fmt::format("offset {}", offset_),
                 .expected = fmt::format("{} more bytes", count),
                 .found = fmt::format("{}", remaining())});
  }
  const ByteView view = bytes_.subspan(offset_, count);
  offset_ += count;
  return view;
}

Status ByteReader::skip(std::uint64_t count) {
  STELLA_CHECK(bytes(count));
  return {};
}

Status ByteReader::seek(std::uint64_t offset) {
  if (offset > bytes_.size()) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = fmt::format("{} points behind its end", what_),
                 .where = fmt::format("offset {}", offset_),
                 .expected = fmt::format("an offset up to {}", bytes_.size()),
                 .found = fmt::format("{}", offset)});
  }
  offset_ = offset;
  return {};
}

Result<std::uint64_t> ByteReader::varint() {
  const std::uint64_t start = offset_;
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    STELLA_TRY(const auto byte, le<std::uint8_t>());
    const std::uint64_t low = byte & 0x7f;
    const bool overflows = shift == 63 && low > 1;
    const bool padded = byte == 0 && shift != 0;
    if (overflows || padded) break;
    value |= low << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return fail(ErrorCode::kCorrupt, fmt::format("{} has a malformed integer", what_),
              fmt::format("offset {}", start));
}

}  // namespace stella
