#include "gear.h"

namespace stella::chunk {

void GearHash::roll(const std::uint8_t* bytes, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) value_ = (value_ << 1) + kGearTable[bytes[i]];
}

Hit GearHash::find(const std::uint8_t* bytes, std::size_t count, bool strict) {
  const std::uint32_t below = strict ? below_strict_ : below_loose_;
  std::uint32_t h = value_;
  std::size_t i = 0;
  // Four bytes a turn. The sums do not depend on h, so that only one shift and one addition a turn wait for
  // each other.
  for (; i + 4 <= count; i += 4) {
    const std::uint32_t sum1 = kGearTable[bytes[i]];
    const std::uint32_t sum2 = (sum1 << 1) + kGearTable[bytes[i + 1]];
    const std::uint32_t sum3 = (sum2 << 1) + kGearTable[bytes[i + 2]];
    const std::uint32_t sum4 = (sum3 << 1) + kGearTable[bytes[i + 3]];
    const std::uint32_t h1 = (h << 1) + sum1;
    const std::uint32_t h2 = (h << 2) + sum2;
    const std::uint32_t h3 = (h << 3) + sum3;
    const std::uint32_t h4 = (h << 4) + sum4;
    if (h1 < below || h2 < below || h3 < below || h4 < below) [[unlikely]] {
      const std::size_t steps = h1 < below ? 1 : h2 < below ? 2 : h3 < below ? 3 : 4;
      value_ = steps == 1 ? h1 : steps == 2 ? h2 : steps == 3 ? h3 : h4;
      return {.consumed = i + steps, .found = true};
    }
    h = h4;
  }
  for (; i < count; ++i) {
    h = (h << 1) + kGearTable[bytes[i]];
    if (h < below) {
      value_ = h;
      return {.consumed = i + 1, .found = true};
    }
  }
  value_ = h;
  return {.consumed = count, .found = false};
}

}  // namespace stella::chunk
