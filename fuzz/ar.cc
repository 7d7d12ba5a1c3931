// The ar reader: members lie in the archive, one behind the other.
#include "../src/artifact/ar.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stella;
  const auto archive = memory_source({data, size}, "fuzz");
  std::uint64_t last_end = 0;
  (void)artifact::read_ar(
      *archive, {.entries_max = 1000, .name_size_max_bytes = 256}, [&](artifact::Entry&& entry) -> Status {
        if (entry.offset_bytes < last_end || entry.offset_bytes + entry.stored_bytes > size) std::abort();
        last_end = entry.offset_bytes + entry.stored_bytes;
        if (entry.name.size() > 256) std::abort();
        return {};
      });
  return 0;
}
