// Bytes that are written once and then read at any offset: in memory up to a size, beyond it in a temporary
// file that has no name and so disappears with the process, however that ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "stella/base/file.h"
#include "stella/base/source.h"

namespace stella {

class Spool final : public ByteSink {
 public:
  // `name` is what the finished source is called in messages.
  Spool(std::size_t memory_max_bytes, std::string name);
  ~Spool() override;
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Errors: kIo. The file lies in $TMPDIR, or in /tmp.
  [[nodiscard]] Status write(ByteView bytes) override;
  [[nodiscard]] std::uint64_t size() const { return size_; }

  // What was written. Nothing may be written afterwards.
  [[nodiscard]] std::unique_ptr<ByteSource> finish();

 private:
  Status move_to_file();

  std::size_t memory_max_bytes_;
  std::string name_;
  Bytes memory_;
  std::uint64_t size_ = 0;
  int descriptor_ = -1;
};

}  // namespace stella
