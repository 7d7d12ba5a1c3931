// The rpm reader: headers and payload lie in the package, and what a header says does not depend on when it
// is asked.
#include "../src/artifact/rpm.h"

#include <cstdlib>

#include "../src/artifact/materials.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stella;
  const auto package = memory_source({data, size}, "fuzz");
  const auto layout = artifact::read_rpm(*package);
  if (!layout) return 0;
  if (layout->payload.offset_bytes + layout->payload.size_bytes != size) std::abort();
  const ByteView header =
      ByteView(data, size).subspan(layout->header.offset_bytes, layout->header.size_bytes);
  const auto again = artifact::RpmHeader::parse(header);
  if (!again || again->payload_digest() != layout->main_header.payload_digest()) std::abort();
  (void)layout->signature_header.signature_digest();
  (void)artifact::read_rpm_header(header);
  return 0;
}
