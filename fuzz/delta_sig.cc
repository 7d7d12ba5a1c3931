// A predicate that is accepted is written, read again as the same, and written as the same bytes.
#include <cstdint>
#include <cstdlib>

#include "stella/statement/delta_sig.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stella;
  const auto predicate = statement::read_delta_sig(as_text({data, size}));
  if (!predicate) {
    if (predicate.error().message.empty()) std::abort();
    return 0;
  }
  MemorySink sink;
  if (!statement::write_delta_sig(*predicate, sink)) std::abort();
  const auto again = statement::read_delta_sig(as_text(sink.bytes()));
  MemorySink second;
  if (!again || !(*again == *predicate) || !statement::write_delta_sig(*again, second)) std::abort();
  if (second.bytes() != sink.bytes()) std::abort();
  return 0;
}
