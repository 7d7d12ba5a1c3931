#include "temporary.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "stella/base/file.h"

namespace stella {

constexpr std::size_t kTemporariesMax = 32;
constexpr std::size_t kPathMax = 4096;

// Slots are claimed and released with atomics, because a handler may run between any two instructions; a path
// longer than a slot is not registered and merely stays behind.
struct TemporarySlot {
  std::atomic<bool> taken = false;
  std::atomic<bool> ready = false;
  std::atomic<bool> is_folder = false;
  std::array<char, kPathMax> path{};
};

namespace {

std::array<TemporarySlot, kTemporariesMax> slots;

TemporarySlot* claim_slot(const std::string& path, bool is_folder) {
  if (path.size() + 1 > kPathMax) return nullptr;
  for (TemporarySlot& slot : slots) {
    if (slot.taken.exchange(true)) continue;
    std::memcpy(slot.path.data(), path.c_str(), path.size() + 1);
    slot.is_folder = is_folder;
    slot.ready = true;
    return &slot;
  }
  return nullptr;
}

void release_slot(TemporarySlot* slot) {
  if (slot == nullptr) return;
  slot->ready = false;
  slot->taken = false;
}

std::string link_of(int descriptor) { return fmt::format("/proc/self/fd/{}", descriptor); }

pthread_t main_thread;

extern "C" void remove_and_die(int signal_number) {
  // On any other thread, the main one could create a file meanwhile that nobody removes.
  if (::pthread_equal(::pthread_self(), main_thread) == 0) {
    ::pthread_kill(main_thread, signal_number);
    return;
  }
  for (TemporarySlot& slot : slots) {
    if (slot.ready && !slot.is_folder) ::unlink(slot.path.data());
  }
  // Twice: a folder within a folder goes first, whatever the order of the slots.
  for (int pass = 0; pass < 2; ++pass) {
    for (TemporarySlot& slot : slots) {
      if (slot.ready && slot.is_folder) ::rmdir(slot.path.data());
    }
  }
  ::signal(signal_number, SIG_DFL);
  ::raise(signal_number);
}

}  // namespace

Temporary::Temporary(std::filesystem::path path, Kind kind)
    : path_(std::move(path)), kind_(kind), slot_(claim_slot(path_.string(), kind == Kind::kFolder)) {}

Temporary::Temporary(Temporary&& other) noexcept
    : path_(std::exchange(other.path_, {})), kind_(other.kind_), slot_(std::exchange(other.slot_, nullptr)) {}

Temporary& Temporary::operator=(Temporary&& other) noexcept {
  if (this == &other) return *this;
  remove();
  path_ = std::exchange(other.path_, {});
  kind_ = other.kind_;
  slot_ = std::exchange(other.slot_, nullptr);
  return *this;
}

void Temporary::keep() {
  path_.clear();
  release_slot(std::exchange(slot_, nullptr));
}

void Temporary::remove() {
  if (!path_.empty()) (void)(kind_ == Kind::kFolder ? ::rmdir(path_.c_str()) : ::unlink(path_.c_str()));
  keep();
}

std::filesystem::path temporary_name(const std::filesystem::path& folder) {
  std::random_device device;
  return folder / fmt::format(".stella-{:08x}{:08x}.tmp", device(), device());
}

Result<UnnamedFile> open_unnamed(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0666);
  if (descriptor >= 0) {
    if (::access(link_of(descriptor).c_str(), F_OK) == 0) return UnnamedFile{.descriptor = descriptor};
    ::close(descriptor);  // without /proc it would never get a name
  }
  UnnamedFile file{.temporary = Temporary(temporary_name(folder), Temporary::Kind::kFile)};
  file.descriptor = ::open(file.temporary.path().c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file.descriptor >= 0) return file;
  const int error_number = errno;
  file.temporary.keep();
  return fail(os_error(error_number, "cannot create a file in the folder", folder.string()));
}

int name_file(UnnamedFile& file, const std::filesystem::path& path) {
  const std::filesystem::path& old = file.temporary.path();
  if (old.empty()) {
    const std::string link = link_of(file.descriptor);
    return ::linkat(AT_FDCWD, link.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
  }
  if (::renameat2(AT_FDCWD, old.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) {
    file.temporary.keep();
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // A file system without RENAME_NOREPLACE: link() refuses an existing name just as well. The old name goes
  // with `temporary`.
  return ::link(old.c_str(), path.c_str()) == 0 ? 0 : errno;
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
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

void remove_temporary_files_on_signals() {
  main_thread = ::pthread_self();
  struct sigaction action{};
  action.sa_handler = remove_and_die;
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(signal_number, &action, nullptr);
}

}  // namespace stella
