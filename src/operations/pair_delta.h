// The heart of create and verify: both directions' deltas and the manifest that describes them.
#pragma once

#include "stella/base/file.h"
#include "stella/delta/manifest.h"
#include "stella/operations/context.h"
#include "survey.h"

namespace stella::operations {

struct PairOptions {
  delta::Level level = delta::Level::kDefault;
  chunk::Params chunk_params{};
  std::uint64_t add_max_bytes = delta::kAddMaxBytesDefault;
};

// Writes the delta from base to target to `forward` and, unless it is null, the way back to `backward`; and
// to `functions`, where there are programs, which of their functions changed.
[[nodiscard]] Result<delta::Manifest> make_pair(const SurveyPair& pair, const PairOptions& options,
                                                ByteSink& forward, ByteSink* backward, ByteSink& functions,
                                                const Context& context);

}  // namespace stella::operations
