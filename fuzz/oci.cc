// The OCI documents: what is read and written again reads as the same.
#include <cstdlib>

#include "stella/oci/descriptor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stella;
  const std::string_view text = as_text({data, size});
  if (const auto index = oci::parse_index(text)) {
    const auto again = oci::parse_index(json::canonical(to_json(*index)));
    if (!again || *again != *index) std::abort();
  }
  if (const auto manifest = oci::parse_manifest(text)) {
    const auto again = oci::parse_manifest(json::canonical(to_json(*manifest)));
    if (!again || *again != *manifest) std::abort();
  }
  (void)oci::parse_config(text);
  return 0;
}
