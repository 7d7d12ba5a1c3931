#include "stella/base/file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "stella/base/source.h"

namespace stella {
namespace {

// Temporary files that a signal handler must remove. Slots are claimed and released with atomics, because a
// handler may run between any two instructions; a path longer than a slot is not registered and merely stays
// behind.
constexpr std::size_t kTemporaryFilesMax = 16;
constexpr std::size_t kPathMax = 4096;
struct Slot {
  std::atomic<bool> taken = false;
  std::atomic<bool> ready = false;
  std::array<char, kPathMax> path{};
};
std::array<Slot, kTemporaryFilesMax> slots;

Slot* register_temporary(const std::string& path) {
  if (path.size() + 1 > kPathMax) return nullptr;
  for (Slot& slot : slots) {
    if (slot.taken.exchange(true)) continue;
    std::memcpy(slot.path.data(), path.c_str(), path.size() + 1);
    slot.ready = true;
    return &slot;
  }
  return nullptr;
}

void release_temporary(Slot* slot) {
  if (slot == nullptr) return;
  slot->ready = false;
  slot->taken = false;
}

extern "C" void remove_and_die(int signal_number) {
  for (Slot& slot : slots) {
    if (slot.ready) ::unlink(slot.path.data());
  }
  ::signal(signal_number, SIG_DFL);
  ::raise(signal_number);
}

std::string random_suffix() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}", device(), device());
}

Status sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return fail(os_error(errno, "cannot open the folder", folder.string()));
  const int result = ::fsync(descriptor);
  const int error_number = errno;
  ::close(descriptor);
  // Some file systems have no fsync for folders; there is nothing more to be done then.
  if (result != 0 && error_number != EINVAL) {
    return fail(os_error(error_number, "cannot make the folder durable", folder.string()));
  }
  return {};
}

std::unexpected<Error> exists_already(const std::filesystem::path& path) {
  return fail({.code = ErrorCode::kInvalidArgument,
               .message = "output exists already",
               .where = path.string(),
               .expected = "a name that is free",
               .next = "choose another name, or add --force to replace it"});
}

}  // namespace

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
  std::filesystem::path temporary;
  Existing existing = Existing::kRefuse;
  int descriptor = -1;
  Slot* slot = nullptr;
  bool committed = false;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (descriptor >= 0) ::close(descriptor);
    if (!committed && !temporary.empty()) ::unlink(temporary.c_str());
    release_temporary(slot);
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
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  // The name is short whatever the final one is, so that a final name of the greatest length still works.
  std::filesystem::path temporary = folder / fmt::format(".stella-{}.tmp", random_suffix());
  state->descriptor = ::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (state->descriptor < 0)
    return fail(os_error(errno, "cannot create a file in the folder", folder.string()));
  state->temporary = temporary;
  state->slot = register_temporary(temporary.string());
  return AtomicFile(std::move(state));
}

Status AtomicFile::write(ByteView bytes) {
  return write_descriptor(state_->descriptor, bytes, state_->path.string());
}

Status AtomicFile::set_mode(mode_t mode) {
  if (::fchmod(state_->descriptor, mode) != 0) {
    return fail(os_error(errno, "cannot set the file's mode", state_->path.string()));
  }
  return {};
}

Status AtomicFile::read_at(std::uint64_t offset, MutableByteView to) const {
  std::size_t done = 0;
  while (done < to.size()) {
    const ssize_t count =
        ::pread(state_->descriptor, to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(os_error(errno, "cannot read back what was written", state_->path.string()));
    if (count == 0) return fail(ErrorCode::kIo, "less was written than expected", state_->path.string());
    done += static_cast<std::size_t>(count);
  }
  return {};
}

Status AtomicFile::commit() {
  State& state = *state_;
  if (::fsync(state.descriptor) != 0)
    return fail(os_error(errno, "cannot make the file durable", state.path.string()));
  if (state.existing == Existing::kReplace) {
    if (::rename(state.temporary.c_str(), state.path.c_str()) != 0) {
      return fail(os_error(errno, "cannot give the file its name", state.path.string()));
    }
  } else if (::renameat2(AT_FDCWD, state.temporary.c_str(), AT_FDCWD, state.path.c_str(), RENAME_NOREPLACE) !=
             0) {
    if (errno == EEXIST) return exists_already(state.path);
    if (errno != EINVAL && errno != ENOSYS) {
      return fail(os_error(errno, "cannot give the file its name", state.path.string()));
    }
    // A file system without RENAME_NOREPLACE: link() refuses an existing name just as well.
    if (::link(state.temporary.c_str(), state.path.c_str()) != 0) {
      if (errno == EEXIST) return exists_already(state.path);
      return fail(os_error(errno, "cannot give the file its name", state.path.string()));
    }
    ::unlink(state.temporary.c_str());
  }
  state.committed = true;
  release_temporary(std::exchange(state.slot, nullptr));
  return sync_folder(state.path.has_parent_path() ? state.path.parent_path() : std::filesystem::path("."));
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

void remove_temporary_files_on_signals() {
  struct sigaction action{};
  action.sa_handler = remove_and_die;
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal_number, &action, nullptr);
}

}  // namespace stella
