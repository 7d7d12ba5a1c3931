// All that a delta needs to know of one artifact: its chunks, its contents, its parts.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "stella/artifact/contents.h"
#include "stella/base/source.h"
#include "stella/chunk/chunk_map.h"
#include "stella/operations/context.h"

namespace stella::operations {

struct Survey {
  std::unique_ptr<ByteSource> source{};
  chunk::ChunkMap map{};
  artifact::Contents contents{};
  std::vector<chunk::Region>
      parts{};  // sections of an executable, members of a container; disjoint, in order
};

struct SurveyPair {
  Survey base;
  Survey target;
};

// Reads both artifacts, each once for its chunks and once for its contents.
[[nodiscard]] Result<SurveyPair> survey(const std::filesystem::path& base,
                                        const std::filesystem::path& target, const chunk::Params& params,
                                        const Context& context);

}  // namespace stella::operations
