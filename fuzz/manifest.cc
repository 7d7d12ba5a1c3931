// A manifest that is accepted is written back byte for byte, and its core has a digest.
#include <cstdint>
#include <cstdlib>

#include "stella/delta/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stella;
  const std::string_view text = as_text({data, size});
  const auto manifest = delta::read_manifest(text);
  if (!manifest) {
    if (manifest.error().message.empty()) std::abort();
    return 0;
  }
  MemorySink sink;
  if (!delta::write_manifest(*manifest, sink) || as_text(sink.bytes()) != text) std::abort();
  if (!delta::core_digest(*manifest)) std::abort();
  return 0;
}
