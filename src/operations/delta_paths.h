// Which files a user means by a delta's folder or file.
#pragma once

#include <filesystem>

#include "stella/base/error.h"
#include "stella/delta/manifest.h"

namespace stella::operations {

// `given` itself when it is no folder; else `file` in it.
[[nodiscard]] std::filesystem::path file_in(const std::filesystem::path& given, const char* file);

// Reads and checks a manifest. Errors: kNotFound, kIo, those of read_manifest() with the file's name.
[[nodiscard]] Result<delta::Manifest> load_manifest(const std::filesystem::path& file);

}  // namespace stella::operations
