// The JSON parser: what it accepts has a canonical form that reads back as the same value and is a fixed
// point.
#include <cstdlib>

#include "stella/base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stella;
  const auto value = json::parse(as_text({data, size}));
  if (!value) return 0;
  const std::string canonical = json::canonical(*value);
  const auto again = json::parse(canonical);
  if (!again || json::canonical(*again) != canonical) std::abort();
  const auto pretty = json::parse(json::pretty(*value));
  if (!pretty || json::canonical(*pretty) != canonical) std::abort();
  return 0;
}
