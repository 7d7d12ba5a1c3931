// What an address in a program's data stands for: an import, a text, a constant; or nothing that can be told.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "decoder.h"
#include "stella/object/linkage.h"
#include "stella/object/memory.h"

namespace stella::executable {

struct Content {
  enum class Kind : std::uint8_t { kUnknown, kImport, kText, kBytes };
  Kind kind = Kind::kUnknown;
  ByteView bytes{};  // name, text or constant; valid as long as the program is
};

class Contents {
 public:
  // All are borrowed.
  Contents(const object::Image& image, const object::Memory& memory, const object::Linkage& linkage,
           const AddressSpace& space);

  // Finds the stubs through which imported functions are called.
  [[nodiscard]] Status find_stubs(Decoder& decoder);

  [[nodiscard]] Content of(const Instruction::Data& data) const;
  // The imported function that is reached by calling `address`, or empty.
  [[nodiscard]] std::string_view import_called_at(std::uint64_t address) const;
  [[nodiscard]] bool is_stub_section(std::size_t section) const;

 private:
  struct Stub {
    std::uint64_t address = 0;
    std::string_view name{};
  };

  [[nodiscard]] bool holds_address(ByteView constant) const;

  const object::Image& image_;
  const object::Memory& memory_;
  const object::Linkage& linkage_;
  const AddressSpace& space_;
  std::vector<Stub> stubs_;  // ordered by address
  bool texts_ = true;        // texts end with NUL, as in C; those of Go and Rust run together
};

// Whether the program keeps texts without an end, as Go and Rust do.
[[nodiscard]] bool has_unterminated_texts(const object::Image& image, const object::Memory& memory);

// The texts in data that is not written to, symbol names aside: runs of printable characters of
// kStringSizeMinBytes to kStringSizeMaxBytes, which end with NUL where `terminated`. Sorted, unique. At most
// kStringsMax.
[[nodiscard]] std::vector<std::string_view> strings_of(const object::Image& image,
                                                       const object::Memory& memory, bool terminated);

}  // namespace stella::executable
