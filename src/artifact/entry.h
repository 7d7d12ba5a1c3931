// What the container readers tell about one member, and how its bytes are reached.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "decode.h"
#include "stella/artifact/walk.h"
#include "stella/oci/tar.h"

namespace stella::artifact {

struct Entry {
  std::string name;
  Kind kind = Kind::kFile;
  std::optional<std::uint32_t> mode;
  std::string link_target;
  std::uint64_t offset_bytes = 0;  // of the stored bytes in the container
  std::uint64_t stored_bytes = 0;
  Coding coding = Coding::kStored;
  std::optional<std::uint64_t> size_bytes;  // unpacked, as the container states it
  std::optional<std::uint32_t> crc32;       // of the unpacked bytes, as the container states it
  std::shared_ptr<oci::TarEntry> sparse;    // a sparse file: the map of its parts
  std::string cannot_open;                  // why the bytes cannot be unpacked; empty if they can
};
using TakeEntry = std::function<Status(Entry&&)>;

struct ReadLimits {
  std::uint64_t entries_max;
  std::size_t name_size_max_bytes;
  std::uint64_t names_total_max_bytes = UINT64_MAX;  // for readers that keep them all
};
[[nodiscard]] std::unexpected<Error> too_many_entries(const ReadLimits& limits);
[[nodiscard]] std::unexpected<Error> name_too_long(const ReadLimits& limits, std::uint64_t found);
[[nodiscard]] std::unexpected<Error> names_too_long(std::uint64_t total_max_bytes);

}  // namespace stella::artifact
