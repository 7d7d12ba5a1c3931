#include "stella/base/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

namespace stella {
namespace {

constexpr const char* kWhat = "temporary file";

class OwnedMemorySource final : public ByteSource {
 public:
  OwnedMemorySource(Bytes bytes, std::string name)
      : bytes_(std::move(bytes)), view_(memory_source(bytes_, std::move(name))) {}
  std::uint64_t size() const override { return bytes_.size(); }
  const std::string& name() const override { return view_->name(); }
  Status read_at(std::uint64_t offset, MutableByteView to) const override {
    return view_->read_at(offset, to);
  }

 private:
  Bytes bytes_;
  std::unique_ptr<ByteSource> view_;
};

Result<int> open_unnamed_file() {
  const char* variable = std::getenv("TMPDIR");
  const std::string folder = variable != nullptr && *variable != '\0' ? variable : "/tmp";
  int descriptor = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
  if (descriptor < 0) {  // not every file system knows O_TMPFILE
    std::string path = folder + "/stella.XXXXXX";
    descriptor = ::mkostemp(path.data(), O_CLOEXEC);
    if (descriptor < 0) return fail(os_error(errno, "cannot make a temporary file", folder));
    ::unlink(path.c_str());
  }
  return descriptor;
}

}  // namespace

Spool::Spool(std::size_t memory_max_bytes, std::string name)
    : memory_max_bytes_(memory_max_bytes), name_(std::move(name)) {}

Spool::~Spool() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status Spool::move_to_file() {
  STELLA_TRY(descriptor_, open_unnamed_file());
  STELLA_CHECK(write_descriptor(descriptor_, memory_, kWhat));
  memory_ = {};
  return {};
}

Status Spool::write(ByteView bytes) {
  if (descriptor_ < 0 && bytes.size() > memory_max_bytes_ - memory_.size()) STELLA_CHECK(move_to_file());
  size_ += bytes.size();
  if (descriptor_ >= 0) return write_descriptor(descriptor_, bytes, kWhat);
  append(memory_, bytes);
  return {};
}

std::unique_ptr<ByteSource> Spool::finish() {
  if (descriptor_ < 0) return std::make_unique<OwnedMemorySource>(std::move(memory_), std::move(name_));
  return adopt_descriptor(std::exchange(descriptor_, -1), size_, std::move(name_));
}

}  // namespace stella
