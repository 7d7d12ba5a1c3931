// Archives of ar: static libraries and .deb packages. Names as System V, GNU and BSD write them.
// Source: ar(5) of FreeBSD; deb(5).
#pragma once

#include "entry.h"

namespace stella::artifact {

inline constexpr std::string_view kArMagic = "!<arch>\n";

// Errors: kCorrupt with the offset, kLimitExceeded, kIo, and those of `take`.
[[nodiscard]] Status read_ar(const ByteSource& archive, const ReadLimits& limits, const TakeEntry& take);

}  // namespace stella::artifact
