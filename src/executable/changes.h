// What became of each pair of functions: unchanged, renamed, moved, modified, and how.
#pragma once

#include "match.h"

namespace stella::executable {

[[nodiscard]] Result<std::vector<Match>> describe_changes(const Analysis& base, const Analysis& target,
                                                          const std::vector<Pair>& pairs, unsigned threads);

}  // namespace stella::executable
