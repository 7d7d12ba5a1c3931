// A program's bytes by address, as the loader would lay them out. What has no bytes in the file is not there.
#pragma once

#include <cstdint>
#include <vector>

#include "stella/object/image.h"

namespace stella::object {

class Memory {
 public:
  struct Piece {
    std::uint64_t address = 0;
    bool executable = false;
    bool writable = false;
    std::size_t section = 0;  // index into Image::sections, or kNoSection
    Bytes bytes{};
  };
  static constexpr std::size_t kNoSection = static_cast<std::size_t>(-1);

  // Loads all allocated sections; the segments when there are no sections. Of overlapping ranges the lower
  // one keeps the addresses. Errors: kLimitExceeded when they have more than `size_max_bytes` together; kIo.
  [[nodiscard]] static Result<Memory> load(const ByteSource& file, const Image& image,
                                           std::uint64_t size_max_bytes);

  [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }  // ordered by address, disjoint
  [[nodiscard]] std::vector<Piece>& pieces() { return pieces_; }              // the bytes may be changed

  // The piece that holds `address`, or null.
  [[nodiscard]] const Piece* find(std::uint64_t address) const;

  // The bytes from `address` to the end of its piece; empty when there are none. Valid as long as this is.
  [[nodiscard]] ByteView from(std::uint64_t address) const;

  // `size` bytes at `address`; empty when they are not all in one piece.
  [[nodiscard]] ByteView at(std::uint64_t address, std::uint64_t size) const;

 private:
  std::vector<Piece> pieces_;
};

// High enough that few numbers in code look like addresses, and below 2^31, which all code models reach.
inline constexpr std::uint64_t kRelocatableAddress = 0x40000000;

// Gives the allocated sections of a relocatable object (which are all at address 0) addresses of their own,
// one after the other from `first_address` on. Of other kinds of image nothing is changed.
void lay_out_relocatable(Image& image, std::uint64_t first_address = kRelocatableAddress);

}  // namespace stella::object
