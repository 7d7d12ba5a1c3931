// Where the parts of an executable went: maps addresses of the base to addresses of the target through the
// segments of a window, so that a reader can predict what an address operand of the base became.
// Built from data that stand in the delta (images, tables) and from the window's segments alone; it never
// looks at the files. Everything from outside is checked by parse_images().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/error.h"
#include "stella/base/reader.h"
#include "stella/delta/plan.h"

namespace stella::delta {

// Bytes of a file that a program sees at an address.
struct Load {
  std::uint64_t file_offset_bytes = 0;  // in the whole artifact
  std::uint64_t file_size_bytes = 0;
  std::uint64_t address = 0;
  std::uint64_t memory_size_bytes = 0;  // may be more than what the file has

  auto operator<=>(const Load&) const = default;
};

// One executable, as base and target have it. Loads of both sides correspond by index.
struct Image {
  std::vector<Load> base_loads;  // by address, disjoint
  std::vector<Load> target_loads;

  auto operator<=>(const Image&) const = default;
};

// What stands at a place of the base, and how addresses are written there.
enum class AreaKind : std::uint8_t {
  kWords64 = 0,    // aligned 8-byte words may be addresses
  kCodeX64 = 1,    // rel32 operands of x86-64
  kCodeArm64 = 2,  // BL, B and ADRP
  kSelf32 = 3,     // aligned 4-byte words, relative to themselves: .eh_frame
  kTable32 = 4,    // 4-byte words, each relative to an anchor
};

// An origin of relative words, in base and target; both 0 for the image itself.
struct Anchor {
  bool used = false;  // the word in this column is no address otherwise
  std::uint64_t base_address = 0;
  std::uint64_t target_address = 0;

  auto operator<=>(const Anchor&) const = default;
};

struct Area {
  std::uint64_t base_offset_bytes = 0;
  std::uint64_t size_bytes = 0;
  AreaKind kind = AreaKind::kWords64;
  std::uint32_t image = 0;
  std::vector<Anchor> anchors{};  // kTable32: those of word 0, 1 … and over again

  auto operator<=>(const Area&) const = default;
};

struct Images {
  std::vector<Image> images;
  std::vector<Area> areas;  // by offset, disjoint

  auto operator<=>(const Images&) const = default;
};

inline constexpr std::size_t kImagesMax = 65536;
inline constexpr std::size_t kLoadsMax = 64;  // of one image
inline constexpr std::size_t kAreasMax = std::size_t{1} << 20;
inline constexpr std::size_t kAnchorsMax = 16;  // of one area
// Programs, loads, areas and anchors together; five hundred copies of one program come to half of one.
inline constexpr std::size_t kMapElementsPerByteMax = 4;

[[nodiscard]] Bytes serialize_images(const Images& images);
// Errors: kCorrupt, kLimitExceeded; kUnsupported for an area of an unknown kind.
[[nodiscard]] Result<Images> parse_images(ByteView bytes);

// The map of one window.
class AddressMap {
 public:
  // `images` is borrowed.
  AddressMap(const Images& images, std::span<const Segment> segments, std::uint64_t target_offset_bytes);

  struct Target {
    std::uint64_t address = 0;
    bool covered = false;  // a segment says so; otherwise its neighbour's shift was taken
  };

  // Where the byte at `address` of the base's image went. Nothing when the image has no such address.
  [[nodiscard]] std::optional<Target> target_of(std::uint32_t image, std::uint64_t address) const;

  // The address of a byte of the target, as the image has it; nothing when it is not loaded.
  [[nodiscard]] std::optional<std::uint64_t> target_address(std::uint32_t image, std::uint64_t offset) const;

 private:
  struct Piece {
    std::uint64_t base_offset;
    std::uint64_t size;
    std::uint64_t target_offset;
  };

  [[nodiscard]] const Piece* piece_near(std::uint64_t base_offset) const;

  const Images& images_;
  std::vector<Piece> pieces_;  // by base offset, disjoint
  unsigned page_shift_ = 12;
  std::vector<std::uint32_t> first_piece_;  // of each page: the last piece that begins before it
};

// The load that holds `address` (with what is only in memory); the one that holds `offset` in the file.
[[nodiscard]] const Load* load_at_address(std::span<const Load> loads, std::uint64_t address);
[[nodiscard]] const Load* load_at_offset(std::span<const Load> loads, std::uint64_t offset);

}  // namespace stella::delta
