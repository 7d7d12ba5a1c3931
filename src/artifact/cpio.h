// The "new" portable format of cpio (with or without checksums), as rpm packages its files in.
// Source: cpio(5) of FreeBSD.
#pragma once

#include "entry.h"

namespace stella::artifact {

inline constexpr std::string_view kCpioMagic = "070701";     // newc
inline constexpr std::string_view kCpioMagicCrc = "070702";  // newc with a sum of the bytes

// Returns where the archive ends. Errors: kCorrupt with the offset, kUnsupported, kLimitExceeded, kIo, and
// those of `take`.
[[nodiscard]] Result<std::uint64_t> read_cpio(const ByteSource& archive, const ReadLimits& limits,
                                              const TakeEntry& take);

}  // namespace stella::artifact
