// Which files a user means by a delta's folder or file.
#pragma once

#include <filesystem>

#include "stella/base/error.h"
#include "stella/delta/manifest.h"

namespace stella::operations {

// `given` itself when it is no folder; else `file` in it.
[[nodiscard]] std::filesystem::path file_in(const std::filesystem::path& given, const char* file);

// The folder of a delta, for its delta.bin too.
[[nodiscard]] std::filesystem::path folder_in(const std::filesystem::path& given);

// The way back of a folder, of its delta.bin, or the file itself. Errors: kNotFound for a delta that has
// none.
[[nodiscard]] Result<std::filesystem::path> way_back_in(const std::filesystem::path& given);

// Reads and checks a manifest. Errors: kNotFound, kIo, those of read_manifest() with the file's name.
[[nodiscard]] Result<delta::Manifest> load_manifest(const std::filesystem::path& file);

}  // namespace stella::operations
