// The tar reader: entries lie in the archive, one behind the other, and their bytes can be read as far as the
// entry says.
#include <cstdlib>

#include "stella/oci/tar.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stella;
  const auto archive = memory_source({data, size}, "fuzz");
  std::uint64_t last_end = 0;
  const auto end = oci::read_tar(*archive, {.entries_max = 1000}, [&](oci::TarEntry&& entry) -> Status {
    if (entry.offset_bytes < last_end || entry.offset_bytes + entry.stored_bytes > size) std::abort();
    last_end = entry.offset_bytes + entry.stored_bytes;
    if (!entry.sparse && entry.size_bytes != entry.stored_bytes) std::abort();
    const auto bytes = oci::tar_entry_bytes(*archive, entry);
    if (!bytes || (*bytes)->size() != entry.size_bytes) std::abort();
    if (entry.size_bytes > 1 << 20) return {};
    const auto all = read_all(**bytes, 1 << 20);
    if (!all) std::abort();
    // Reading in two parts gives the same bytes.
    Bytes half(all->size() / 2);
    if (!(*bytes)->read_at(all->size() - half.size(), half)) std::abort();
    if (!std::equal(half.begin(), half.end(), all->end() - static_cast<std::ptrdiff_t>(half.size())))
      std::abort();
    return {};
  });
  if (end && *end > size) std::abort();
  return 0;
}
