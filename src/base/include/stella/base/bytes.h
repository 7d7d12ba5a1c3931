// Bytes, views of bytes, and integers with a fixed byte order.
// Invariant: the integer types have alignment 1 and no padding, so that a struct of them is the layout that
// it names.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace stella {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using MutableByteView = std::span<std::uint8_t>;

// The bytes of `text`, valid as long as `text` is.
[[nodiscard]] inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// `bytes` as text, valid as long as `bytes` are. No claim is made about its encoding.
[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Loads an integer of the given byte order; `at` must point to sizeof(T) readable bytes.
template <std::integral T, std::endian Order>
[[nodiscard]] T load(const std::uint8_t* at) {
  using U = std::make_unsigned_t<T>;
  U value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (Order != std::endian::native) {
    U swapped = 0;
    for (std::size_t i = 0; i < sizeof(U); ++i) {
      swapped = static_cast<U>(static_cast<U>(swapped << 8) | static_cast<U>(value & 0xff));
      value = static_cast<U>(value >> 8);
    }
    value = swapped;
  }
  return static_cast<T>(value);
}
template <std::integral T>
[[nodiscard]] T load_le(const std::uint8_t* at) {
  return load<T, std::endian::little>(at);
}
template <std::integral T>
[[nodiscard]] T load_be(const std::uint8_t* at) {
  return load<T, std::endian::big>(at);
}

// Stores `value` in little-endian order; `at` must point to sizeof(T) writable bytes.
template <std::integral T>
void store_le(std::uint8_t* at, T value) {
  static_assert(std::endian::native == std::endian::little, "the supported platforms are little-endian");
  std::memcpy(at, &value, sizeof value);
}

// An integer stored in a given byte order, as file formats have it.
template <std::integral T, std::endian Order>
class Stored {
 public:
  Stored() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a stored integer reads as the integer it stores.
  operator T() const { return load<T, Order>(bytes_.data()); }

 private:
  std::array<std::uint8_t, sizeof(T)> bytes_{};
};
using ul16 = Stored<std::uint16_t, std::endian::little>;
using ul32 = Stored<std::uint32_t, std::endian::little>;
using ul64 = Stored<std::uint64_t, std::endian::little>;
using ub16 = Stored<std::uint16_t, std::endian::big>;
using ub32 = Stored<std::uint32_t, std::endian::big>;
using ub64 = Stored<std::uint64_t, std::endian::big>;

inline void append(Bytes& to, ByteView from) { to.insert(to.end(), from.begin(), from.end()); }

// Appends an unsigned LEB128 integer (1 to 10 bytes).
void append_varint(Bytes& to, std::uint64_t value);

}  // namespace stella
