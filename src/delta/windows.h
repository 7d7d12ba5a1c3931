// Makes the bytes of one window: by copying from the base, walking matches, and taking literals.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "address_map.h"
#include "stella/base/error.h"
#include "stella/base/source.h"

namespace stella::delta {

// A match is walked in parts no longer than this, counted from its beginning; its areas cut it further.
inline constexpr std::uint64_t kPartMaxBytes = 65536;

struct PartPlace {
  std::uint64_t base_offset_bytes = 0;
  std::uint64_t target_offset_bytes = 0;
  std::uint64_t size_bytes = 0;
  const Area* area = nullptr;
};

// Calls `take` for the parts of one match, in order.
[[nodiscard]] Status for_each_part(const Segment& match, std::uint64_t target_offset_bytes,
                                   std::span<const Area> areas,
                                   const std::function<Status(const PartPlace&)>& take);

// Reads pieces of a source through pages that are kept, since small pieces of the base lie close together.
class PageCache {
 public:
  explicit PageCache(const ByteSource& source) : source_(source), pages_(kPages) {}
  [[nodiscard]] Status read_at(std::uint64_t offset, MutableByteView to);

 private:
  static constexpr std::uint64_t kPageBytes = 65536;
  static constexpr std::size_t kPages = 192;  // 12 MiB

  struct Page {
    std::uint64_t number = ~std::uint64_t{0};
    Bytes bytes;
  };
  const ByteSource& source_;
  std::vector<Page> pages_;
};

}  // namespace stella::delta
