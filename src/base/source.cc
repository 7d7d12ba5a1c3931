#include "stella/base/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "stella/base/file.h"

namespace stella {
namespace {

Status check_range(const ByteSource& source, std::uint64_t offset, std::uint64_t count) {
  if (offset <= source.size() && count <= source.size() - offset) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("range {}+{} lies outside of {} bytes", offset, count, source.size()),
              source.name());
}

class MemorySource final : public ByteSource {
 public:
  MemorySource(ByteView bytes, std::string name) : bytes_(bytes), name_(std::move(name)) {}
  std::uint64_t size() const override { return bytes_.size(); }
  const std::string& name() const override { return name_; }
  Status read_at(std::uint64_t offset, MutableByteView to) const override {
    STELLA_CHECK(check_range(*this, offset, to.size()));
    if (!to.empty()) std::memcpy(to.data(), bytes_.data() + offset, to.size());
    return {};
  }

 private:
  ByteView bytes_;
  std::string name_;
};

class PartSource final : public ByteSource {
 public:
  PartSource(const ByteSource& whole, std::uint64_t offset, std::uint64_t size, std::string name)
      : whole_(whole), offset_(offset), size_(size), name_(std::move(name)) {}
  std::uint64_t size() const override { return size_; }
  const std::string& name() const override { return name_; }
  Status read_at(std::uint64_t offset, MutableByteView to) const override {
    STELLA_CHECK(check_range(*this, offset, to.size()));
    return whole_.read_at(offset_ + offset, to);
  }

 private:
  const ByteSource& whole_;
  std::uint64_t offset_;
  std::uint64_t size_;
  std::string name_;
};

class FileSource final : public ByteSource {
 public:
  FileSource(int descriptor, std::uint64_t size, std::string name)
      : descriptor_(descriptor), size_(size), name_(std::move(name)) {}
  ~FileSource() override { ::close(descriptor_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  std::uint64_t size() const override { return size_; }
  const std::string& name() const override { return name_; }
  Status read_at(std::uint64_t offset, MutableByteView to) const override {
    STELLA_CHECK(check_range(*this, offset, to.size()));
    std::size_t done = 0;
    while (done < to.size()) {
      const ssize_t count =
          ::pread(descriptor_, to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return fail(os_error(errno, "cannot read the file", name_));
      if (count == 0) {
        return fail(ErrorCode::kIo, fmt::format("file became shorter than {} bytes while it was read", size_),
                    name_);
      }
      done += static_cast<std::size_t>(count);
    }
    return {};
  }

 private:
  int descriptor_;
  std::uint64_t size_;
  std::string name_;
};

std::string_view kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

std::unique_ptr<ByteSource> memory_source(ByteView bytes, std::string name) {
  return std::make_unique<MemorySource>(bytes, std::move(name));
}

Result<std::unique_ptr<ByteSource>> part_of(const ByteSource& whole, std::uint64_t offset, std::uint64_t size,
                                            std::string name) {
  STELLA_CHECK(check_range(whole, offset, size));
  return std::make_unique<PartSource>(whole, offset, size, std::move(name));
}

Result<std::unique_ptr<ByteSource>> open_file(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer before we can refuse it.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return fail(os_error(errno, "cannot open the file", path.string()));
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) {
    const int error_number = errno;
    ::close(descriptor);
    return fail(os_error(error_number, "cannot read the file's properties", path.string()));
  }
  if (!S_ISREG(status.st_mode)) {
    ::close(descriptor);
    return fail({.code = ErrorCode::kInvalidArgument,
                 .message = "not a regular file",
                 .where = path.string(),
                 .expected = "a regular file",
                 .found = std::string(kind_of(status.st_mode))});
  }
  return std::make_unique<FileSource>(descriptor, static_cast<std::uint64_t>(status.st_size), path.string());
}

std::unique_ptr<ByteSource> adopt_descriptor(int descriptor, std::uint64_t size, std::string name) {
  return std::make_unique<FileSource>(descriptor, size, std::move(name));
}

Result<Bytes> read_all(const ByteSource& source, std::uint64_t size_max_bytes) {
  if (source.size() > size_max_bytes) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "too large to be read into memory",
                 .where = source.name(),
                 .expected = fmt::format("at most {} bytes", size_max_bytes),
                 .found = fmt::format("{}", source.size())});
  }
  Bytes bytes(source.size());
  STELLA_CHECK(source.read_at(0, bytes));
  return bytes;
}

Status for_each_block(const ByteSource& source, std::size_t block_bytes,
                      const std::function<Status(ByteView)>& take) {
  Bytes block;
  for (std::uint64_t offset = 0; offset < source.size(); offset += block.size()) {
    block.resize(static_cast<std::size_t>(std::min<std::uint64_t>(block_bytes, source.size() - offset)));
    STELLA_CHECK(source.read_at(offset, block));
    STELLA_CHECK(take(block));
  }
  return {};
}

}  // namespace stella
