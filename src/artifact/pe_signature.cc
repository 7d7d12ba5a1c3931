// Source: Microsoft, "Windows Authenticode Portable Executable Signature Format", "Calculating the PE Image
// Hash".
#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "stella/object/image.h"
#include "walker.h"

namespace stella::artifact {
namespace {

constexpr std::uint64_t kHeaderOffsetAt = 0x3c;
constexpr std::uint64_t kOptionalHeaderAt = 24;  // behind the PE magic and the COFF header
constexpr std::uint64_t kChecksumAt = 64;
constexpr std::uint16_t kMagic64 = 0x20b;
constexpr std::uint64_t kDirectoriesAt32 = 96;
constexpr std::uint64_t kDirectoriesAt64 = 112;
constexpr std::size_t kCertificateDirectory = 4;

template <std::integral T>
Result<T> read_le(const ByteSource& file, std::uint64_t offset) {
  std::array<std::uint8_t, sizeof(T)> bytes{};
  STELLA_CHECK(file.read_at(offset, bytes));
  return load_le<T>(bytes.data());
}

Result<Digest> hash_without(const ByteSource& file, std::span<const Range> left_out) {
  Sha256 hash;
  std::uint64_t at = 0;
  const auto hash_until = [&](std::uint64_t end) -> Status {
    end = std::min(end, file.size());
    if (at >= end) return {};
    STELLA_TRY(const auto part, part_of(file, at, end - at, file.name()));
    return for_each_block(*part, std::size_t{256} << 10, [&](ByteView block) -> Status {
      hash.update(block);
      return {};
    });
  };
  for (const Range& range : left_out) {
    STELLA_CHECK(hash_until(range.offset_bytes));
    at = std::max(at, range.offset_bytes + range.size_bytes);
  }
  STELLA_CHECK(hash_until(file.size()));
  return hash.finish();
}

}  // namespace

Result<std::optional<PePayload>> read_pe_payload(const ByteSource& file) {
  const auto image = object::read_image(file);
  if (!image) {
    if (image.error().code == ErrorCode::kIo) return std::unexpected(image.error());
    return std::nullopt;
  }
  // That the image could be read says that its headers lie in the file.
  STELLA_TRY(const std::uint64_t pe_at, read_le<std::uint32_t>(file, kHeaderOffsetAt));
  const std::uint64_t optional_at = pe_at + kOptionalHeaderAt;
  STELLA_TRY(const std::uint16_t magic, read_le<std::uint16_t>(file, optional_at));
  std::vector<Range> left_out{{.offset_bytes = optional_at + kChecksumAt, .size_bytes = 4}};
  if (image->directories.size() > kCertificateDirectory) {
    const std::uint64_t directories_at =
        optional_at + (magic == kMagic64 ? kDirectoriesAt64 : kDirectoriesAt32);
    left_out.push_back({.offset_bytes = directories_at + kCertificateDirectory * 8, .size_bytes = 8});
  }
  PePayload payload;
  const object::FileRange table = image->signatures;
  if (table.size_bytes != 0 && table.offset_bytes <= file.size() &&
      table.size_bytes <= file.size() - table.offset_bytes) {
    payload.certificates = Range{.offset_bytes = table.offset_bytes, .size_bytes = table.size_bytes};
    left_out.push_back(*payload.certificates);
  }
  STELLA_TRY(payload.sha256, hash_without(file, left_out));
  return payload;
}

}  // namespace stella::artifact
