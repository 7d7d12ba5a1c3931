// Unpacks one compressed stream, block by block, with the libraries that the formats come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "stella/base/error.h"
#include "stella/base/source.h"

namespace stella::artifact {

enum class Coding : std::uint8_t {
  kStored,
  kGzip,     // RFC 1952, one or more members
  kDeflate,  // RFC 1951, as in zip
  kXz,
  kLzma,  // the format before xz
  kZstd,  // RFC 8878, one or more frames
  kBzip2,
};
[[nodiscard]] std::string_view to_string(Coding coding);

// What the decoders may allocate: xz -9 needs 65 MiB, zstd --ultra -22 a window of 128 MiB.
inline constexpr std::uint64_t kXzMemoryMaxBytes = std::uint64_t{512} << 20;
inline constexpr int kZstdWindowLogMax = 27;

class Decoder {
 public:
  virtual ~Decoder() = default;
  // Fills as much of `to` as there is; fewer bytes than `to` has only at the end.
  // Errors: kCorrupt (damaged, cut off, wrong checksum or length, bytes behind the end), kLimitExceeded
  // (needs too much memory), kIo.
  [[nodiscard]] virtual Result<std::size_t> read(MutableByteView to) = 0;
};

// `packed` is borrowed.
[[nodiscard]] Result<std::unique_ptr<Decoder>> open_decoder(const ByteSource& packed, Coding coding);

}  // namespace stella::artifact
