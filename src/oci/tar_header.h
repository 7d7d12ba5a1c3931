// One 512-byte header block of a tar, and the fields of the pax records before it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/error.h"
#include "stella/oci/tar.h"

namespace stella::oci {

inline constexpr std::size_t kTarBlockBytes = 512;

struct TarHeader {  // POSIX.1-2017, pax, "ustar Interchange Format"
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char typeflag;
  char linkname[100];
  char magic[8];
  char uname[32];
  char gname[32];
  char devmajor[8];
  char devminor[8];
  char prefix[155];
  char padding[12];
};
static_assert(sizeof(TarHeader) == kTarBlockBytes && alignof(TarHeader) == 1);

[[nodiscard]] bool is_zero(ByteView bytes);
// A header whose checksum is right, as unsigned or (old Suns) signed bytes.
[[nodiscard]] bool checksum_fits(ByteView block);

// Text up to the first NUL.
[[nodiscard]] std::string_view tar_text(ByteView field);
// Octal with blanks around it, or base-256 when the first bit is set. Empty is 0.
[[nodiscard]] Result<std::uint64_t> tar_number(ByteView field, std::string_view what);

// What pax records and GNU long names say about the next entry.
struct TarExtras {
  std::optional<std::string> path;
  std::optional<std::string> link_path;
  std::optional<std::uint64_t> size_bytes;
  // GNU.sparse.*
  std::optional<std::string> sparse_name;
  std::optional<std::uint64_t> sparse_size_bytes;
  std::vector<TarExtent> extents;
  bool has_extents = false;
  bool map_in_data = false;  // sparse format 1.0
};

// Errors: kCorrupt, kLimitExceeded (extents).
[[nodiscard]] Status parse_pax(ByteView records, const TarLimits& limits, TarExtras& extras);
// A global header may say anything but where an entry lies: readers disagree on that.
// Errors: kUnsupported, kCorrupt.
[[nodiscard]] Status check_global_pax(ByteView records);

}  // namespace stella::oci
