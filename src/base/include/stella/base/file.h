// Files that appear whole or not at all (ARCHITECTURE.md, rule 4): temporary name in the same folder, write,
// fsync, rename, fsync of the folder. What is not committed is removed, also when the process ends by SIGINT
// or SIGTERM.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "stella/base/bytes.h"
#include "stella/base/error.h"

namespace stella {

// Where bytes go, in order.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  [[nodiscard]] virtual Status write(ByteView bytes) = 0;
};

// Collects what is written.
class MemorySink final : public ByteSink {
 public:
  Status write(ByteView bytes) override {
    append(bytes_, bytes);
    return {};
  }
  [[nodiscard]] Bytes& bytes() { return bytes_; }

 private:
  Bytes bytes_;
};

class AtomicFile final : public ByteSink {
 public:
  enum class Existing { kRefuse, kReplace };

  // Errors: kInvalidArgument when `path` exists and is not to be replaced, or is not a regular file; kIo.
  [[nodiscard]] static Result<AtomicFile> create(const std::filesystem::path& path, Existing existing);

  AtomicFile(AtomicFile&&) noexcept;
  AtomicFile& operator=(AtomicFile&&) noexcept;
  ~AtomicFile() override;  // removes what was not committed

  [[nodiscard]] Status write(ByteView bytes) override;
  [[nodiscard]] Status set_mode(mode_t mode);
  // Reads back what was written; for checks before commit().
  [[nodiscard]] Status read_at(std::uint64_t offset, MutableByteView to) const;
  // Makes the file visible under its name, durably. Errors: kIo; kInvalidArgument when somebody else made the
  // file meanwhile and it is not to be replaced.
  [[nodiscard]] Status commit();

 private:
  struct State;
  explicit AtomicFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Writes a whole small file atomically and durably.
[[nodiscard]] Status write_file(const std::filesystem::path& path, ByteView bytes,
                                AtomicFile::Existing existing = AtomicFile::Existing::kReplace);

// Reads a whole regular file. Errors: those of open_file; kLimitExceeded.
[[nodiscard]] Result<Bytes> read_file(const std::filesystem::path& path, std::uint64_t size_max_bytes);

// Writes to an open descriptor that is not ours to close, such as standard output.
[[nodiscard]] Status write_descriptor(int descriptor, ByteView bytes, const std::string& name);

// Makes SIGINT, SIGTERM and SIGHUP remove the temporary files of AtomicFile and AtomicFolder before the
// process dies of the signal. Call it on the thread that creates these: the handler runs there.
void remove_temporary_files_on_signals();

// Errors of the operating system as ours: ENOENT → kNotFound, others → kIo; with strerror's text and what to
// do.
[[nodiscard]] Error os_error(int error_number, std::string message, std::string where);

}  // namespace stella
