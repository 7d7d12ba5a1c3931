// The whole walk within small limits: it never fails on content, says the same twice, and finds no difference
// between an artifact and itself.
#include <cstdlib>

#include "stella/artifact/contents.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stella;
  artifact::Limits limits;
  limits.depth_max = 6;
  limits.entries_max = 200;
  limits.expansion_free_bytes = std::uint64_t{1} << 20;
  limits.expansion_ratio_max = 20;
  limits.member_size_max_bytes = std::uint64_t{4} << 20;
  limits.memory_max_bytes = std::size_t{8} << 20;
  const auto source = memory_source({data, size}, "fuzz");
  const auto first = artifact::read_contents(*source, limits);
  const auto second = artifact::read_contents(*source, limits);
  if (!first || !second) std::abort();
  if (payload_digest(*first) != payload_digest(*second) || first->unopened != second->unopened) std::abort();
  for (const artifact::Member& member : first->members) {
    if (member.place && member.place->offset_bytes + member.place->size_bytes > size) std::abort();
  }
  const artifact::Comparison same = compare(*first, *second);
  if (!same.bytes_equal || !same.payload_equal || !same.signatures_equal) std::abort();
  return 0;
}
