// How much work the opening of one artifact may take. Every limit depends on the bytes alone, so that the
// same artifact gives the same answer on every machine.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stella::artifact {

struct Limits {
  // Containers and packed streams inside each other.
  unsigned depth_max = 16;
  // Members of the whole artifact, at all depths together.
  std::uint64_t entries_max = 1'000'000;
  // Unpacked bytes for one packed byte, in each packed stream and over the whole artifact; only above
  // expansion_free_bytes, since short streams of zeros are honest.
  std::uint64_t expansion_ratio_max = 250;
  std::uint64_t expansion_free_bytes = std::uint64_t{256} << 20;
  // One member, unpacked.
  std::uint64_t member_size_max_bytes = std::uint64_t{64} << 30;
  // All that is unpacked from compressed streams and sparse files, at all depths together.
  std::uint64_t total_size_max_bytes = std::uint64_t{1} << 40;
  // One member's name or link target inside its container.
  std::size_t name_size_max_bytes = 4096;
  // Paths and link targets of all members: each path repeats those of the containers around it.
  std::uint64_t paths_total_max_bytes = std::uint64_t{256} << 20;
  // Unpacked members up to this size are held in memory, larger ones in an unlinked temporary file.
  std::size_t memory_max_bytes = std::size_t{32} << 20;
  // What packages state of themselves, with the paths of the members where they do.
  std::uint64_t statements_total_max_bytes = std::uint64_t{64} << 20;
  // Package data that is parsed whole: control files, package.json, manifests, dpkg's status.
  std::size_t metadata_size_max_bytes = std::size_t{32} << 20;
};

}  // namespace stella::artifact
