// A cursor over bytes from outside: every read checks what remains, and says at which offset it failed.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "stella/base/bytes.h"
#include "stella/base/error.h"

namespace stella {

class ByteReader {
 public:
  // `what` names the thing being read in errors. The reader sees `bytes` and `what` as long as it is used.
  explicit ByteReader(ByteView bytes, std::string_view what = "input") : bytes_(bytes), what_(what) {}

  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  [[nodiscard]] std::uint64_t remaining() const { return bytes_.size() - offset_; }
  [[nodiscard]] bool at_end() const { return remaining() == 0; }

  // Errors of all reads: kCorrupt with the offset when the bytes run out.
  [[nodiscard]] Result<ByteView> bytes(std::uint64_t count);
  [[nodiscard]] Status skip(std::uint64_t count);
  [[nodiscard]] Status seek(std::uint64_t offset);  // from the beginning; the end itself is allowed
  [[nodiscard]] Result<std::uint64_t> varint();  // unsigned LEB128; also kCorrupt when not in shortest form

  template <std::integral T>
  [[nodiscard]] Result<T> le() {
    STELLA_TRY(const ByteView view, bytes(sizeof(T)));
    return load_le<T>(view.data());
  }
  template <std::integral T>
  [[nodiscard]] Result<T> be() {
    STELLA_TRY(const ByteView view, bytes(sizeof(T)));
    return load_be<T>(view.data());
  }

 private:
  ByteView bytes_;
  std::uint64_t offset_ = 0;
  std::string_view what_;
};

}  // namespace stella
