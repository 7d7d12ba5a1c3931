// Names that must not outlive the process unless they are kept: removed by the destructor, and by
// remove_temporary_files_on_signals() when a signal ends the process.
#pragma once

#include <filesystem>
#include <string>

#include "stella/base/error.h"

namespace stella {

struct TemporarySlot;

// Made before what it names is created, so that no signal comes in between; keep() it when that fails.
class Temporary {
 public:
  enum class Kind { kFile, kFolder };

  Temporary() = default;
  Temporary(std::filesystem::path path, Kind kind);
  Temporary(Temporary&& other) noexcept;
  Temporary& operator=(Temporary&& other) noexcept;
  ~Temporary() { remove(); }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  void keep();  // it has become what it was meant to be

 private:
  void remove();

  std::filesystem::path path_{};
  Kind kind_ = Kind::kFile;
  TemporarySlot* slot_ = nullptr;
};

// A name in `folder` that nobody has: short whatever the final name is, so that a final name of the greatest
// length still works.
[[nodiscard]] std::filesystem::path temporary_name(const std::filesystem::path& folder);

// A file in `folder` that is open for reading and writing and that nothing survives, not even of a killed
// process: it has no name before name_file(). File systems that cannot do so get a temporary name instead.
struct UnnamedFile {
  int descriptor = -1;
  Temporary temporary{};  // empty when the file has no name
};
[[nodiscard]] Result<UnnamedFile> open_unnamed(const std::filesystem::path& folder);
// Gives the file a name that is free, on the same file system. EEXIST when somebody has it, as errno does.
[[nodiscard]] int name_file(UnnamedFile& file, const std::filesystem::path& path);

[[nodiscard]] std::filesystem::path folder_of(const std::filesystem::path& path);  // "." for a bare name
[[nodiscard]] Status sync_folder(const std::filesystem::path& folder);
[[nodiscard]] std::unexpected<Error> exists_already(const std::filesystem::path& path);

}  // namespace stella
