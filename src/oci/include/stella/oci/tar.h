// Tar archives, read in place: v7, ustar, GNU (long names, sparse files, base-256 numbers) and pax. An OCI
// layer is one, and so is an image archive. Names are reported as they stand, also "../x" and "/x". Sources:
// POSIX.1-2017 pax; GNU tar manual, "Basic Tar Format" and "Storing Sparse Files".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "stella/base/error.h"
#include "stella/base/source.h"

namespace stella::oci {

struct TarLimits {
  std::uint64_t entries_max = 2'000'000;
  std::size_t name_size_max_bytes = 4096;                        // of a name and of a link target
  std::uint64_t header_size_max_bytes = std::uint64_t{1} << 20;  // of one pax header or long name
  std::size_t extents_max = 1 << 20;                             // of one sparse file
  // Names, link targets and maps of sparse files of all entries together: who keeps them needs that memory.
  std::uint64_t index_size_max_bytes = std::uint64_t{256} << 20;
};

enum class TarKind : std::uint8_t { kFile, kDirectory, kSymlink, kHardlink, kDevice, kFifo };

// Stored bytes of a sparse file: `size_bytes` of them belong at `at_bytes` of the unpacked file.
struct TarExtent {
  std::uint64_t at_bytes = 0;
  std::uint64_t size_bytes = 0;
  friend bool operator==(const TarExtent&, const TarExtent&) = default;
};

struct TarEntry {
  std::string name;
  TarKind kind = TarKind::kFile;
  std::uint32_t mode = 0;  // permission bits (07777)
  std::string link_target;
  std::uint64_t offset_bytes = 0;  // of the stored bytes in the archive
  std::uint64_t stored_bytes = 0;
  std::uint64_t size_bytes = 0;  // unpacked; differs from stored_bytes for sparse files only
  bool sparse = false;
  std::vector<TarExtent> extents;  // of a sparse file, in order, without overlap
};

// True when `block` (the first 512 bytes) is a tar header with a right checksum.
[[nodiscard]] bool looks_like_tar(ByteView block);

// Calls `take` for each entry, in order. Returns where the archive ends: what lies behind it (beyond zeros)
// belongs to no entry. An archive without its two closing zero blocks is accepted, as tar does.
// Errors: kCorrupt with the offset, kLimitExceeded, kUnsupported, kIo, and those of `take`.
[[nodiscard]] Result<std::uint64_t> read_tar(const ByteSource& archive, const TarLimits& limits,
                                             const std::function<Status(TarEntry&&)>& take);

// The unpacked bytes of a file. `archive` is borrowed.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> tar_entry_bytes(const ByteSource& archive,
                                                                  const TarEntry& entry);

}  // namespace stella::oci
