#include "delta_paths.h"

#include "stella/base/file.h"

namespace stella::operations {

std::filesystem::path file_in(const std::filesystem::path& given, const char* file) {
  std::error_code ignored;
  return std::filesystem::is_directory(given, ignored) ? given / file : given;
}

Result<delta::Manifest> load_manifest(const std::filesystem::path& file) {
  STELLA_TRY(const Bytes text, read_file(file, delta::kManifestSizeMaxBytes));
  auto manifest = delta::read_manifest(as_text(text));
  if (!manifest) return fail(std::move(manifest).error().at(file.string()));
  return manifest;
}

}  // namespace stella::operations
