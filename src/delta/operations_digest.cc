#include "operations_digest.h"

#include <array>

namespace stella::delta {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 18;
constexpr std::uint8_t kCopyTag = 1;
constexpr std::uint8_t kAddTag = 2;

}  // namespace

// What an operation is stands behind its bytes, so that an ADD can be hashed before its length is known.
void OperationsDigest::close() {
  if (length_bytes_ == 0) return;
  std::array<std::uint8_t, 8> number{};
  if (copies_) {
    store_le(number.data(), base_offset_bytes_);
    hash_.update(number);
  }
  store_le(number.data(), length_bytes_);
  hash_.update(number);
  hash_.update(std::array<std::uint8_t, 1>{copies_ ? kCopyTag : kAddTag});
  ++(copies_ ? copy_count_ : add_count_);
  length_bytes_ = 0;
}

Status OperationsDigest::add(std::span<const Segment> segments) {
  for (const Segment& segment : segments) {
    const bool copies = segment.kind == SegmentKind::kCopy;
    const bool goes_on = length_bytes_ != 0 && copies == copies_ &&
                         (!copies || segment.base_offset_bytes == base_offset_bytes_ + length_bytes_);
    if (!goes_on) {
      close();
      copies_ = copies;
      base_offset_bytes_ = segment.base_offset_bytes;
    }
    length_bytes_ += segment.length_bytes;
    (copies ? copy_bytes_ : add_bytes_) += segment.length_bytes;
    if (!copies) {
      STELLA_TRY(const auto part,
                 part_of(target_, target_offset_bytes_, segment.length_bytes, target_.name()));
      STELLA_CHECK(for_each_block(*part, kBlockBytes, [&](ByteView block) -> Status {
        hash_.update(block);
        return {};
      }));
    }
    target_offset_bytes_ += segment.length_bytes;
  }
  return {};
}

Digest OperationsDigest::finish() {
  close();
  return hash_.finish();
}

}  // namespace stella::delta
