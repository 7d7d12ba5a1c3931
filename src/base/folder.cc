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
  FolderFile(UnnamedFile file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}
  FolderFile(const FolderFile&) = delete;
  FolderFile& operator=(const FolderFile&) = delete;
  ~FolderFile() override { ::close(file_.descriptor); }

  Status write(ByteView bytes) override { return write_descriptor(file_.descriptor, bytes, name_); }
  [[nodiscard]] Status make_durable() const {
    if (::fsync(file_.descriptor) == 0) return {};
    return fail(os_error(errno, "cannot make the file durable", name_));
  }
  // The temporary is what removes it from `folder` again.
  [[nodiscard]] Result<Temporary> put_into(const fs::path& folder) {
    Temporary named(folder / name_, Temporary::Kind::kFile);
    const int error_number = name_file(file_, named.path());
    if (error_number == 0) return named;
    named.keep();
    return fail(os_error(error_number, "cannot put the file into the folder", named.path().string()));
  }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  UnnamedFile file_;
  std::string name_;
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

// Removed from last to first unless kept: files, then the folders that they are in.
struct Parts {
  std::vector<Temporary> list;

  Parts() = default;
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;
  ~Parts() {
    while (!list.empty()) list.pop_back();
  }
};

}  // namespace

struct AtomicFolder::State {
  fs::path path;
  std::vector<std::string> files;
  AtomicFile::Existing existing = AtomicFile::Existing::kRefuse;
  std::vector<std::unique_ptr<FolderFile>> open_files;
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
  // Goes at once: it only shows that a folder can be made here.
  STELLA_TRY(const Temporary trial, make_folder(temporary_name(folder_of(state->path))));
  return AtomicFolder(std::move(state));
}

Result<ByteSink*> AtomicFolder::open(const std::string& file) {
  State& state = *state_;
  assert(std::find(state.files.begin(), state.files.end(), file) != state.files.end());
  STELLA_TRY(UnnamedFile unnamed, open_unnamed(folder_of(state.path)));
  state.open_files.push_back(std::make_unique<FolderFile>(std::move(unnamed), file));
  return state.open_files.back().get();
}

Status AtomicFolder::commit() {
  State& state = *state_;
  for (const auto& file : state.open_files) STELLA_CHECK(file->make_durable());

  Parts parts;
  STELLA_TRY(Temporary hidden, make_folder(temporary_name(folder_of(state.path))));
  const fs::path temporary = hidden.path();
  parts.list.push_back(std::move(hidden));
  std::vector<fs::path> folders = {temporary};
  for (const auto& file : state.open_files) {
    const fs::path folder = (temporary / file->name()).parent_path();
    if (std::find(folders.begin(), folders.end(), folder) != folders.end()) continue;
    STELLA_TRY(Temporary inner, make_folder(folder));
    parts.list.push_back(std::move(inner));
    folders.push_back(folder);
  }
  for (const auto& file : state.open_files) {
    STELLA_TRY(Temporary named, file->put_into(temporary));
    parts.list.push_back(std::move(named));
  }
  for (const fs::path& folder : folders) STELLA_CHECK(sync_folder(folder));

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
  for (Temporary& part : parts.list) part.keep();
  if (!old.empty()) remove_known(old, state.files);
  return sync_folder(folder_of(state.path));
}

}  // namespace stella
