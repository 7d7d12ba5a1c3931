#include "unpack.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>

#include "stella/base/spool.h"

namespace stella::artifact {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

constexpr std::uint64_t saturating_product(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

// What a stream of `packed_bytes` may become.
constexpr std::uint64_t expansion_max(std::uint64_t packed_bytes, const Limits& limits) {
  return std::max(limits.expansion_free_bytes, saturating_product(packed_bytes, limits.expansion_ratio_max));
}

Status check_size(std::uint64_t size, const UnpackRequest& request, const Limits& limits) {
  if (request.size_bytes && size > *request.size_bytes) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "unpacks to more than its container says",
                 .expected = fmt::format("{} bytes", *request.size_bytes)});
  }
  if (size > limits.member_size_max_bytes) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "unpacks to a member that is too large",
                 .expected = fmt::format("at most {} bytes", limits.member_size_max_bytes)});
  }
  if (request.coding != Coding::kStored && size > expansion_max(request.packed.size(), limits)) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "unpacks to far more than its packed size",
                 .expected = fmt::format("at most {} times {} bytes", limits.expansion_ratio_max,
                                         request.packed.size()),
                 .found = "more"});
  }
  return {};
}

}  // namespace

Budget::Budget(std::uint64_t artifact_size_bytes, const Limits& limits)
    : left_bytes_(std::min(limits.total_size_max_bytes, expansion_max(artifact_size_bytes, limits))),
      all_bytes_(left_bytes_) {}

Status Budget::charge(std::uint64_t bytes) {
  if (bytes > left_bytes_) {
    left_bytes_ = 0;
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "artifact unpacks to far more than its size",
                 .expected = fmt::format("at most {} bytes in all its streams", all_bytes_),
                 .found = "more"});
  }
  left_bytes_ -= bytes;
  return {};
}

Result<Unpacked> unpack(const UnpackRequest& request, const Limits& limits, Budget& budget) {
  STELLA_TRY(const auto decoder, open_decoder(request.packed, request.coding));
  Unpacked result;
  Sha256 hash;
  uLong crc = crc32_z(0, nullptr, 0);
  std::unique_ptr<Spool> spool;
  Bytes block(kBlockBytes);
  for (bool first = true;; first = false) {
    STELLA_TRY(const std::size_t count, decoder->read(block));
    const ByteView bytes = ByteView(block).first(count);
    result.size_bytes += count;
    STELLA_CHECK(check_size(result.size_bytes, request, limits));
    STELLA_CHECK(budget.charge(count));
    hash.update(bytes);
    if (request.crc32) crc = crc32_z(crc, bytes.data(), bytes.size());
    if (first) {
      STELLA_TRY(result.type, recognise(*memory_source(bytes)));
      if (result.type != Type::kPlain || (request.wants_bytes && request.wants_bytes(result.type))) {
        spool = std::make_unique<Spool>(limits.memory_max_bytes, request.name);
      }
    }
    if (spool) STELLA_CHECK(spool->write(bytes));
    if (count < block.size()) break;
  }
  if (request.size_bytes && result.size_bytes != *request.size_bytes) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "unpacks to less than its container says",
                 .expected = fmt::format("{} bytes", *request.size_bytes),
                 .found = fmt::format("{}", result.size_bytes)});
  }
  if (request.crc32 && *request.crc32 != static_cast<std::uint32_t>(crc)) {
    return fail(wrong_crc32(*request.crc32, static_cast<std::uint32_t>(crc)));
  }
  result.sha256 = hash.finish();
  if (spool) {
    result.bytes = spool->finish();
    STELLA_TRY(result.type, recognise(*result.bytes));  // now by all of it
  }
  return result;
}

Error wrong_crc32(std::uint32_t expected, std::uint32_t found) {
  return {.code = ErrorCode::kCorrupt,
          .message = "unpacks to bytes with a wrong CRC-32",
          .expected = fmt::format("{:08x}", expected),
          .found = fmt::format("{:08x}", found)};
}

Result<Sums> sums_of(const ByteSource& source, bool with_crc32) {
  Sha256 hash;
  uLong crc = crc32_z(0, nullptr, 0);
  STELLA_CHECK(for_each_block(source, kBlockBytes, [&](ByteView block) -> Status {
    hash.update(block);
    if (with_crc32) crc = crc32_z(crc, block.data(), block.size());
    return {};
  }));
  return Sums{.sha256 = hash.finish(), .crc32 = static_cast<std::uint32_t>(crc)};
}

Result<Digest> hash_source(const ByteSource& source) {
  STELLA_TRY(const Sums sums, sums_of(source, false));
  return sums.sha256;
}

}  // namespace stella::artifact
