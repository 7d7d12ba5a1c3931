// What `artifact` found, in the words of the manifest.
#pragma once

#include "stella/artifact/contents.h"
#include "stella/delta/manifest.h"

namespace stella::operations {

[[nodiscard]] delta::Members members_of(const artifact::Contents& base, const artifact::Contents& target);
[[nodiscard]] delta::Materials materials_of(const artifact::Contents& base, const artifact::Contents& target);

// A text from an artifact as a manifest may hold it. Text that is not UTF-8 has its other bytes, and its
// backslashes, written as "\xff"; all other text stays as it is, shortened to kManifestTextMaxBytes.
[[nodiscard]] std::string utf8_text(std::string_view bytes);

// `text`, which is UTF-8, if it is no longer than `size_max_bytes` (at least 64); else its beginning, and a
// digest that tells it from others that begin alike.
[[nodiscard]] std::string shortened(std::string text, std::size_t size_max_bytes);

}  // namespace stella::operations
