// Content-defined chunking. Cut points depend only on content and parameters, so that equal data gives equal
// chunks on every machine and in every release; testdata/cut_points.json pins them. Source:
// docs/format/chunking.md; the gear hash with normalised cut masks is that of Xia et al., FastCDC, USENIX ATC
// 2016.
#pragma once

#include <cstdint>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/error.h"
#include "stella/chunk/params.h"

namespace stella::chunk {

struct ChunkSpan {
  std::uint64_t offset_bytes = 0;
  std::uint32_t size_bytes = 0;

  friend bool operator==(const ChunkSpan&, const ChunkSpan&) = default;
};

// Splits `data` into chunks that cover it exactly, in order. Empty data gives no chunks.
// Errors: those of validate().
[[nodiscard]] Result<std::vector<ChunkSpan>> chunk_spans(ByteView data, const Params& params);

}  // namespace stella::chunk
