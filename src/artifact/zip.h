// Zip archives, by their central directory, checked against the local headers: entries must not overlap and
// both headers must agree, so that no reader sees another archive than we do.
// Source: PKWARE APPNOTE.TXT 6.3.10 (sections are named in zip.cc).
#pragma once

#include <vector>

#include "entry.h"

namespace stella::artifact {

struct ZipContents {
  // Ranges that no header, member or directory claims: a program before the archive, a signing block, a
  // comment.
  std::vector<Range> outside;
};

// True for what begins with a local header or is an empty archive.
[[nodiscard]] bool looks_like_zip(ByteView first_bytes);

// Calls `take` for the entries in the directory's order. Errors: kCorrupt with the offset, kUnsupported
// (archives in several parts, encrypted directories), kLimitExceeded, kIo, and those of `take`.
[[nodiscard]] Result<ZipContents> read_zip(const ByteSource& archive, const ReadLimits& limits,
                                           const TakeEntry& take);

}  // namespace stella::artifact
