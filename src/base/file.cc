#include "stella/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "stella/base/source.h"
#include "temporary.h"

namespace stella {
Error os_error(int error_number, std::string message, std::string where) {
  Error error{.code = ErrorCode::kIo,
              .message = std::move(message),
              .where = std::move(where),
              .found = std::strerror(error_number)};
  switch (error_number) {
    case ENOENT:
      error.code = ErrorCode::kNotFound;
      error.next = "check the path";
      break;
    case ENOSPC:
    case EDQUOT:
      error.next = "free some space or choose another folder";
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      error.next = "check the permissions";
      break;
    default:
      break;
  }
  return error;
}

Status write_descriptor(int descriptor, ByteView bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(os_error(errno, "cannot write", name));
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

struct AtomicFile::State {
  std::filesystem::path path;
  Existing existing = Existing::kRefuse;
  UnnamedFile file;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (file.descriptor >= 0) ::close(file.descriptor);
  }
};

AtomicFile::AtomicFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
AtomicFile::AtomicFile(AtomicFile&&) noexcept = default;
AtomicFile& AtomicFile::operator=(AtomicFile&&) noexcept = default;
AtomicFile::~AtomicFile() = default;

Result<AtomicFile> AtomicFile::create(const std::filesystem::path& path, Existing existing) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0) {
    if (existing == Existing::kRefuse) return exists_already(path);
    if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) {
      return fail(ErrorCode::kInvalidArgument, "output exists and is not a regular file", path.string());
    }
  }
  auto state = std::make_unique<State>();
  state->path = path;
  state->existing = existing;
  STELLA_TRY(state->file, open_unnamed(folder_of(path)));
  return AtomicFile(std::move(state));
}

Status AtomicFile::write(ByteView bytes) {
  return write_descriptor(state_->file.descriptor, bytes, state_->path.string());
}

Status AtomicFile::set_mode(mode_t mode) {
  if (::fchmod(state_->file.descriptor, mode) != 0) {
    return fail(os_error(errno, "cannot set the file's mode", state_->path.string()));
  }
  return {};
}

Status AtomicFile::read_at(std::uint64_t offset, MutableByteView to) const {
  std::size_t done = 0;
  while (done < to.size()) {
    const ssize_t count = ::pread(state_->file.descriptor, to.data() + done, to.size() - done,
                                  static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(os_error(errno, "cannot read back what was written", state_->path.string()));
    if (count == 0) return fail(ErrorCode::kIo, "less was written than expected", state_->path.string());
    done += static_cast<std::size_t>(count);
  }
  return {};
}

Status AtomicFile::commit() {
  State& state = *state_;
  if (::fsync(state.file.descriptor) != 0)
    return fail(os_error(errno, "cannot make the file durable", state.path.string()));
  if (state.existing == Existing::kReplace) {
    // Only a file that has a name can take the place of another.
    Temporary named(std::move(state.file.temporary));
    if (named.path().empty()) {
      named = Temporary(temporary_name(folder_of(state.path)), Temporary::Kind::kFile);
      if (const int error = name_file(state.file, named.path()); error != 0) {
        named.keep();
        return fail(os_error(error, "cannot give the file its name", state.path.string()));
      }
    }
    if (::rename(named.path().c_str(), state.path.c_str()) != 0) {
      return fail(os_error(errno, "cannot give the file its name", state.path.string()));
    }
    named.keep();
  } else if (const int error = name_file(state.file, state.path); error != 0) {
    if (error == EEXIST) return exists_already(state.path);
    return fail(os_error(error, "cannot give the file its name", state.path.string()));
  }
  return sync_folder(folder_of(state.path));
}

Status write_file(const std::filesystem::path& path, ByteView bytes, AtomicFile::Existing existing) {
  STELLA_TRY(AtomicFile file, AtomicFile::create(path, existing));
  STELLA_CHECK(file.write(bytes));
  return file.commit();
}

Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t size_max_bytes) {
  STELLA_TRY(const auto source, open_file(path));
  return read_all(*source, size_max_bytes);
}

}  // namespace stella
