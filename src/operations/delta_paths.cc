#include "delta_paths.h"

#include "stella/base/file.h"
#include "stella/operations/delta_create.h"

namespace stella::operations {

std::filesystem::path file_in(const std::filesystem::path& given, const char* file) {
  std::error_code ignored;
  return std::filesystem::is_directory(given, ignored) ? given / file : given;
}

std::filesystem::path folder_in(const std::filesystem::path& given) {
  std::error_code ignored;
  const bool is_delta = given.filename() == kDeltaFile && std::filesystem::is_regular_file(given, ignored);
  return is_delta ? given.parent_path() : given;
}

Result<std::filesystem::path> way_back_in(const std::filesystem::path& given) {
  std::error_code ignored;
  const std::filesystem::path folder = folder_in(given);
  if (std::filesystem::exists(folder / kRollbackFile, ignored)) return folder / kRollbackFile;
  if (!std::filesystem::exists(folder / kDeltaFile, ignored)) return file_in(given, kRollbackFile);
  // A lone rollback/delta.bin is a delta.bin, too.
  if (folder != given && folder.filename() == std::filesystem::path(kRollbackFile).parent_path())
    return given;
  return fail(
      {.code = ErrorCode::kNotFound,
       .message = "this delta has no way back",
       .where = folder.string(),
       .expected = std::string(kRollbackFile) + " in it",
       .next = "it was made with --no-rollback; get the base again, or make a delta from target to base"});
}

Result<delta::Manifest> load_manifest(const std::filesystem::path& file) {
  STELLA_TRY(const Bytes text, read_file(file, delta::kManifestSizeMaxBytes));
  auto manifest = delta::read_manifest(as_text(text));
  if (!manifest) return fail(std::move(manifest).error().at(file.string()));
  return manifest;
}

}  // namespace stella::operations
