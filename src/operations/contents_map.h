// What `artifact` found, in the words of the manifest.
#pragma once

#include "stella/artifact/contents.h"
#include "stella/delta/manifest.h"

namespace stella::operations {

[[nodiscard]] delta::Members members_of(const artifact::Contents& base, const artifact::Contents& target);
[[nodiscard]] delta::Materials materials_of(const artifact::Contents& base, const artifact::Contents& target);

// Names inside archives are bytes; JSON holds UTF-8. Text that is not UTF-8 has its other bytes, and its
// backslashes, written as "\xff"; all other text stays as it is.
[[nodiscard]] std::string utf8_text(std::string_view bytes);

}  // namespace stella::operations
