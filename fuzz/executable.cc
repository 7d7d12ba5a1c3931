// A whole program against itself: everything is paired, nothing is changed, and the result survives its own
// encoding.
#include <cstdlib>

#include "codec.h"
#include "stella/executable/diff.h"

using namespace stella;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = memory_source(ByteView(data, size));
  executable::DiffOptions options;
  options.limits.code_and_data_max_bytes = 1 << 20;
  options.limits.code_max_bytes = 1 << 20;
  options.limits.functions_max = 2000;
  const auto diff = executable::diff_functions_unconfined(*file, *file, options);
  if (!diff) return 0;
  if (diff->matches.size() != diff->base.functions.size() || !diff->added.empty() || !diff->removed.empty())
    std::abort();
  for (const executable::Match& match : diff->matches) {
    const bool same_code =
        diff->base.functions[match.base].strict == diff->target.functions[match.target].strict;
    if (!same_code || match.renamed) std::abort();
  }
  const Bytes bytes = executable::encode(*diff);
  const auto again = executable::decode_diff(bytes);
  if (!again || executable::encode(*again) != bytes) std::abort();
  return 0;
}
