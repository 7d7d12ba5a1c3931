// A folder of files that appears whole or not at all: files have no name while they are written; made
// durable, they are put into a hidden folder beside the final name, and that folder is renamed
// (ARCHITECTURE.md, rule 4).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "stella/base/error.h"
#include "stella/base/file.h"

namespace stella {

class AtomicFolder {
 public:
  // `files` are all the names that the folder may hold, one folder deep at most ("rollback/delta.bin"). With
  // kReplace, an existing folder is replaced only if it holds nothing else: --force must never remove what we
  // did not write. Errors: kInvalidArgument when `path` exists and is not to be replaced; kIo.
  [[nodiscard]] static Result<AtomicFolder> create(const std::filesystem::path& path,
                                                   std::vector<std::string> files,
                                                   AtomicFile::Existing existing);

  AtomicFolder(AtomicFolder&&) noexcept;
  AtomicFolder& operator=(AtomicFolder&&) noexcept;
  ~AtomicFolder();  // removes what was not committed

  // Opens one of `files` for writing; the sink lives as long as the folder.
  [[nodiscard]] Result<ByteSink*> open(const std::string& file);
  // Errors: kIo; kInvalidArgument when somebody else made the folder meanwhile and it is not to be replaced.
  [[nodiscard]] Status commit();

 private:
  struct State;
  explicit AtomicFolder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace stella
