// Bytes that can be read at any offset: a file by positioned reads, or memory. What is larger than memory is
// never loaded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "stella/base/bytes.h"
#include "stella/base/error.h"

namespace stella {

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  [[nodiscard]] virtual std::uint64_t size() const = 0;

  // Fills `to` with the bytes from `offset` on; all of them or an error. Safe from several threads at once.
  // Errors: kIo; kInvalidArgument when offset + to.size() is beyond the end.
  [[nodiscard]] virtual Status read_at(std::uint64_t offset, MutableByteView to) const = 0;

  // What to call it in messages.
  [[nodiscard]] virtual const std::string& name() const = 0;
};

// `bytes` are borrowed and must outlive the source.
[[nodiscard]] std::unique_ptr<ByteSource> memory_source(ByteView bytes, std::string name = "memory");

// A part of another source, which is borrowed. Errors: kInvalidArgument when it does not lie within.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> part_of(const ByteSource& whole, std::uint64_t offset,
                                                          std::uint64_t size, std::string name);

// Errors: kNotFound, kIo; kInvalidArgument for a directory, FIFO, socket or device. A file that shrinks while
// it is read gives kIo, never a signal.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> open_file(const std::filesystem::path& path);

// A regular file that is already open; `descriptor` is closed with the source.
[[nodiscard]] std::unique_ptr<ByteSource> adopt_descriptor(int descriptor, std::uint64_t size,
                                                           std::string name);

// The whole source in memory. Errors: kLimitExceeded when it is larger than `size_max_bytes`.
[[nodiscard]] Result<Bytes> read_all(const ByteSource& source, std::uint64_t size_max_bytes);

// Reads `source` from beginning to end in blocks of at most `block_bytes` and hands each to `take`.
[[nodiscard]] Status for_each_block(const ByteSource& source, std::size_t block_bytes,
                                    const std::function<Status(ByteView)>& take);

}  // namespace stella
