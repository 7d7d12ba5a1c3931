#include "stella/base/folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "temporary.h"

namespace stella {
namespace {

namespace fs = std::filesystem;

class FolderFile final : public ByteSink {
 public:
  FolderFile(int descriptor, Temporary temporary)
      : descriptor_(descriptor), temporary_(std::move(temporary)) {}
  FolderFile(const FolderFile&) = delete;
  FolderFile& operator=(const FolderFile&) = delete;
  ~FolderFile() override { ::close(descriptor_); }

  Status write(ByteView bytes) override {
    return write_descriptor(descriptor_, bytes, temporary_.path().string());
  }
  [[nodiscard]] Status make_durable() const {
    if (::fsync(descriptor_) == 0) return {};
    return fail(os_error(errno, "cannot make the file durable", temporary_.path().string()));
  }
  void keep() { temporary_.keep(); }

 private:
  int descriptor_;
  Temporary temporary_;
};

// What `folder` holds besides `files` and their folders; empty when there is nothing else.
Result<std::string> foreign_entry(const fs::path& folder, const std::vector<std::string>& files) {
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(folder, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    const std::string name = fs::path(entry->path()).lexically_relative(folder).string();
    const bool is_folder = entry->symlink_status(error).type() == fs::file_type::directory;
    const auto known = [&](const std::string& file) {
      return is_folder ? file.starts_with(name + "/") : file == name;
    };
    if (!std::any_of(files.begin(), files.end(), known)) return name;
  }
  if (error) return fail(os_error(error.value(), "cannot list the folder", folder.string()));
  return std::string();
}

void remove_known(const fs::path& folder, const std::vector<std::string>& files) {
  for (const std::string& file : files) ::unlink((folder / file).c_str());
  for (const std::string& file : files) {
    if (fs::path(file).has_parent_path()) ::rmdir((folder / file).parent_path().c_str());
  }
  ::rmdir(folder.c_str());
}

Result<Temporary> make_folder(const fs::path& path) {
  Temporary folder(path, Temporary::Kind::kFolder);
  if (::mkdir(path.c_str(), 0777) == 0) return folder;
  const int error_number = errno;
  folder.keep();
  return fail(os_error(error_number, "cannot create a folder in", folder_of(path).string()));
}

}  // namespace

struct AtomicFolder::State {
  fs::path path;
  std::vector<std::string> files;
  AtomicFile::Existing existing = AtomicFile::Existing::kRefuse;
  // Destroyed from last to first: files, then the folders that they are in.
  std::vector<Temporary> folders;  // the hidden folder first
  std::vector<std::unique_ptr<FolderFile>> open_files;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    open_files.clear();
    while (!folders.empty()) folders.pop_back();
  }
};

AtomicFolder::AtomicFolder(std::unique_ptr<State> state) : state_(std::move(state)) {}
AtomicFolder::AtomicFolder(AtomicFolder&&) noexcept = default;
AtomicFolder& AtomicFolder::operator=(AtomicFolder&&) noexcept = default;
AtomicFolder::~AtomicFolder() = default;

Result<AtomicFolder> AtomicFolder::create(const fs::path& path, std::vector<std::string> files,
                                          AtomicFile::Existing existing) {
  auto state = std::make_unique<State>();
  state->path = path.has_filename() ? path : path.parent_path();  // "x/" is "x"
  struct stat status{};
  if (::lstat(state->path.c_str(), &status) == 0) {
    if (existing == AtomicFile::Existing::kRefuse) return exists_already(state->path);
    if (!S_ISDIR(status.st_mode)) {
      return fail(ErrorCode::kInvalidArgument, "output exists and is not a folder", state->path.string());
    }
    STELLA_TRY(const std::string foreign, foreign_entry(state->path, files));
    if (!foreign.empty()) {
      return fail({.code = ErrorCode::kInvalidArgument,
                   .message = "output exists and holds something that is not part of a delta",
                   .where = state->path.string(),
                   .found = foreign,
                   .next = "choose another folder"});
    }
  }
  state->files = std::move(files);
  state->existing = existing;
  STELLA_TRY(Temporary folder, make_folder(temporary_name(folder_of(state->path))));
  state->folders.push_back(std::move(folder));
  return AtomicFolder(std::move(state));
}

fs::path AtomicFolder::temporary_path(const std::string& file) const {
  return state_->folders.front().path() / file;
}

Result<ByteSink*> AtomicFolder::open(const std::string& file) {
  State& state = *state_;
  assert(std::find(state.files.begin(), state.files.end(), file) != state.files.end());
  const fs::path path = temporary_path(file);
  const auto here = [&](const Temporary& folder) { return folder.path() == path.parent_path(); };
  if (std::none_of(state.folders.begin(), state.folders.end(), here)) {
    STELLA_TRY(Temporary folder, make_folder(path.parent_path()));
    state.folders.push_back(std::move(folder));
  }
  Temporary temporary(path, Temporary::Kind::kFile);
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    const int error_number = errno;
    temporary.keep();
    return fail(os_error(error_number, "cannot create a file in the folder", state.path.string()));
  }
  state.open_files.push_back(std::make_unique<FolderFile>(descriptor, std::move(temporary)));
  return state.open_files.back().get();
}

Status AtomicFolder::commit() {
  State& state = *state_;
  for (const auto& file : state.open_files) STELLA_CHECK(file->make_durable());
  for (const Temporary& folder : state.folders) STELLA_CHECK(sync_folder(folder.path()));

  const fs::path temporary = state.folders.front().path();
  fs::path old;  // what has to go afterwards
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, state.path.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST) {
      if (state.existing == AtomicFile::Existing::kRefuse) return exists_already(state.path);
      if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, state.path.c_str(), RENAME_EXCHANGE) != 0) {
        return fail(os_error(errno, "cannot replace the folder", state.path.string()));
      }
      old = temporary;
    } else if (errno != EINVAL || ::rename(temporary.c_str(), state.path.c_str()) != 0) {
      // rename() of a folder replaces nothing but an empty folder.
      if (errno == ENOTEMPTY || errno == EEXIST) return exists_already(state.path);
      return fail(os_error(errno, "cannot give the folder its name", state.path.string()));
    }
  }
  for (const auto& file : state.open_files) file->keep();
  for (Temporary& folder : state.folders) folder.keep();
  if (!old.empty()) remove_known(old, state.files);
  return sync_folder(folder_of(state.path));
}

}  // namespace stella
