#include "address_map.h"

#include <algorithm>
#include <limits>

#include "model.h"
#include "range_coder.h"

namespace stella::delta {
namespace {

constexpr std::uint64_t kOffsetMax = std::uint64_t{1} << 62;
constexpr std::uint64_t kAddressSpan = std::uint64_t{1} << 63;  // no number is coded above it

// All numbers of the images, in one order for both directions. Differences are taken modulo 2^64.
template <typename Coder>
class ImageCoder {
 public:
  // `elements_max` bounds all lists together: the coder makes a few bytes say millions of equal elements.
  ImageCoder(Coder& coder, std::size_t elements_max) : coder_(coder), elements_left_(elements_max) {}

  Status code(Images& images) {
    STELLA_TRY(const std::size_t count, code_count(images.images.size(), kImagesMax, "executables"));
    images.images.resize(count);
    for (Image& image : images.images) {
      STELLA_CHECK(code_loads(image.base_loads, base_start_, 0));
      STELLA_CHECK(code_loads(image.target_loads, target_start_, 1));
    }
    STELLA_TRY(const std::size_t areas, code_count(images.areas.size(), kAreasMax, "areas"));
    images.areas.resize(areas);
    std::uint64_t end = 0;
    for (Area& area : images.areas) STELLA_CHECK(code_area(area, end, images.images.size()));
    return {};
  }

 private:
  enum Field : std::size_t {
    kCount,
    kLoadOffset = 1,
    kLoadSize = 3,
    kLoadAddress = 5,
    kLoadTail = 7,
    kAreaGap = 9,
    kAreaSize,
    kAreaImage,
    kAnchorCount,
    kAnchorBase,
    kAnchorTarget,
    kFields
  };

  std::uint64_t number(Field field, std::uint64_t value) { return numbers_[field].code(coder_, value); }
  // A difference of two numbers below 2^63.
  std::uint64_t near(Field field, std::uint64_t value, std::uint64_t expected) {
    const auto difference = static_cast<std::int64_t>(value - expected);
    return expected + static_cast<std::uint64_t>(unzigzag(number(field, zigzag(difference))));
  }

  Result<std::size_t> code_count(std::size_t count, std::size_t max, std::string_view what,
                                 Field field = kCount) {
    const std::uint64_t coded = number(field, count);
    if (coded > max || coded > elements_left_) {
      return fail(ErrorCode::kLimitExceeded, "the delta has too many " + std::string(what), "address map");
    }
    elements_left_ -= static_cast<std::size_t>(coded);
    return static_cast<std::size_t>(coded);
  }

  Status code_loads(std::vector<Load>& loads, std::uint64_t& start, std::size_t side) {
    STELLA_TRY(const std::size_t count, code_count(loads.size(), kLoadsMax, "loaded segments"));
    loads.resize(count);
    std::uint64_t address_end = 0;
    std::uint64_t offset_end = start;
    const auto field = [side](Field first) { return static_cast<Field>(first + side); };
    for (Load& load : loads) {
      load.file_offset_bytes = near(field(kLoadOffset), load.file_offset_bytes, offset_end);
      load.file_size_bytes = number(field(kLoadSize), load.file_size_bytes);
      load.address = address_end + number(field(kLoadAddress), load.address - address_end);
      load.memory_size_bytes =
          load.file_size_bytes + number(field(kLoadTail), load.memory_size_bytes - load.file_size_bytes);
      if (load.file_offset_bytes > kOffsetMax || load.file_size_bytes > kOffsetMax ||
          load.address < address_end || load.address > kAddressSpan ||
          load.memory_size_bytes < load.file_size_bytes || load.memory_size_bytes > kOffsetMax) {
        return fail(ErrorCode::kCorrupt, "a loaded segment leaves the address space", "address map");
      }
      address_end = load.address + load.memory_size_bytes;
      offset_end = load.file_offset_bytes + load.file_size_bytes;
    }
    start = offset_end;
    return {};
  }

  Status code_area(Area& area, std::uint64_t& end, std::size_t image_count) {
    area.base_offset_bytes = end + number(kAreaGap, area.base_offset_bytes - end);
    area.size_bytes = number(kAreaSize, area.size_bytes);
    unsigned kind = 0;
    for (unsigned i = 3; i-- > 0;) {
      kind = kind << 1 | code_bit(coder_, static_cast<unsigned>(area.kind) >> i & 1,
                                  kinds_[previous_kind_ * 8 + (1U << (2 - i)) + kind]);
    }
    previous_kind_ = kind;
    area.image = static_cast<std::uint32_t>(near(kAreaImage, area.image, image_));
    image_ = area.image;
    if (kind > static_cast<unsigned>(AreaKind::kTable32)) {
      return fail(ErrorCode::kUnsupported, "the delta has an area of an unknown kind", "address map");
    }
    area.kind = static_cast<AreaKind>(kind);
    if (area.base_offset_bytes < end || area.base_offset_bytes > kOffsetMax || area.size_bytes > kOffsetMax ||
        area.image >= image_count) {
      return fail(ErrorCode::kCorrupt, "an area lies outside of every file", "address map");
    }
    end = area.base_offset_bytes + area.size_bytes;
    if (area.kind != AreaKind::kTable32) return {};
    STELLA_TRY(const std::size_t anchors,
               code_count(area.anchors.size(), kAnchorsMax, "anchors", kAnchorCount));
    if (anchors == 0) return fail(ErrorCode::kCorrupt, "an area has no anchors", "address map");
    area.anchors.resize(anchors);
    for (Anchor& anchor : area.anchors) {
      anchor.used = code_bit(coder_, anchor.used ? 1 : 0, anchor_used_) != 0;
      if (!anchor.used) continue;
      anchor.base_address = near(kAnchorBase, anchor.base_address, anchor_base_);
      const std::uint64_t expected = anchor_target_ + (anchor.base_address - anchor_base_);
      anchor.target_address = near(kAnchorTarget, anchor.target_address, expected);
      anchor_base_ = anchor.base_address;
      anchor_target_ = anchor.target_address;
    }
    return {};
  }

  Coder& coder_;
  std::size_t elements_left_;
  std::array<NumberModel, kFields> numbers_;
  std::array<Counter, 64> kinds_;
  Counter anchor_used_;
  unsigned previous_kind_ = 0;
  std::uint32_t image_ = 0;
  std::uint64_t base_start_ = 0;
  std::uint64_t target_start_ = 0;
  std::uint64_t anchor_base_ = 0;
  std::uint64_t anchor_target_ = 0;
};

}  // namespace

Bytes serialize_images(const Images& images) {
  RangeEncoder coder;
  Images copy = images;
  const Status status = ImageCoder(coder, std::numeric_limits<std::size_t>::max()).code(copy);
  return status ? coder.finish() : Bytes();
}

Result<Images> parse_images(ByteView bytes) {
  const auto source = memory_source(bytes);
  StreamReader input(*source, 0, bytes.size());
  RangeDecoder coder(input);
  Images images;
  STELLA_CHECK(ImageCoder(coder, kMapElementsPerByteMax * bytes.size()).code(images));
  if (!input.at_end()) return fail(ErrorCode::kCorrupt, "bytes follow the address map");
  return images;
}

const Load* load_at_address(std::span<const Load> loads, std::uint64_t address) {
  for (const Load& load : loads) {
    if (address - load.address < load.memory_size_bytes) return &load;
  }
  return nullptr;
}

const Load* load_at_offset(std::span<const Load> loads, std::uint64_t offset) {
  for (const Load& load : loads) {
    if (offset - load.file_offset_bytes < load.file_size_bytes) return &load;
  }
  return nullptr;
}

AddressMap::AddressMap(const Images& images, std::span<const Segment> segments,
                       std::uint64_t target_offset_bytes)
    : images_(images) {
  if (images.images.empty()) return;
  std::uint64_t target_offset = target_offset_bytes;
  for (const Segment& segment : segments) {
    if (segment.kind != SegmentKind::kLiteral) {
      pieces_.push_back({segment.base_offset_bytes, segment.length_bytes, target_offset});
    }
    target_offset += segment.length_bytes;
  }
  std::ranges::sort(pieces_, [](const Piece& a, const Piece& b) {
    return a.base_offset != b.base_offset ? a.base_offset < b.base_offset : a.target_offset < b.target_offset;
  });
  // Where pieces overlap, the longer one keeps the bytes: it is more likely to be where the code went.
  std::vector<Piece> disjoint;
  disjoint.reserve(pieces_.size());
  for (Piece piece : pieces_) {
    while (!disjoint.empty() && piece.size != 0) {
      Piece& last = disjoint.back();
      const std::uint64_t last_end = last.base_offset + last.size;
      if (piece.base_offset >= last_end) break;
      if (piece.size <= last.size) {
        const std::uint64_t cut = std::min(piece.size, last_end - piece.base_offset);
        piece = {piece.base_offset + cut, piece.size - cut, piece.target_offset + cut};
      } else if (piece.base_offset > last.base_offset) {
        last.size = piece.base_offset - last.base_offset;
      } else {
        disjoint.pop_back();
      }
    }
    if (piece.size != 0) disjoint.push_back(piece);
  }
  pieces_ = std::move(disjoint);

  if (pieces_.empty()) return;
  // Few pieces far apart must not cost more memory than they do.
  while (pieces_.back().base_offset >> page_shift_ > 2 * pieces_.size() + 4096) ++page_shift_;
  const std::uint64_t pages = (pieces_.back().base_offset >> page_shift_) + 2;
  first_piece_.resize(pages);
  std::uint32_t index = 0;
  for (std::uint64_t page = 0; page < pages; ++page) {
    while (index + 1 < pieces_.size() && pieces_[index + 1].base_offset <= page << page_shift_) ++index;
    first_piece_[page] = index;
  }
}

const AddressMap::Piece* AddressMap::piece_near(std::uint64_t base_offset) const {
  if (first_piece_.empty()) return nullptr;
  const std::uint64_t page = std::min<std::uint64_t>(base_offset >> page_shift_, first_piece_.size() - 1);
  std::size_t low = first_piece_[page];
  std::size_t high = page + 1 < first_piece_.size() ? first_piece_[page + 1] + 1 : pieces_.size();
  // The last piece that begins at or before base_offset; the first one when none does.
  while (high - low > 1) {
    const std::size_t middle = (low + high) / 2;
    (pieces_[middle].base_offset <= base_offset ? low : high) = middle;
  }
  const Piece& before = pieces_[low];
  if (base_offset < before.base_offset + before.size || low + 1 == pieces_.size()) return &before;
  const Piece& after = pieces_[low + 1];
  const std::uint64_t to_before = base_offset - (before.base_offset + before.size);
  return to_before <= after.base_offset - base_offset ? &before : &after;
}

std::optional<AddressMap::Target> AddressMap::target_of(std::uint32_t image, std::uint64_t address) const {
  const Image& which = images_.images[image];
  const Load* const load = load_at_address(which.base_loads, address);
  if (load == nullptr) return std::nullopt;
  const std::uint64_t inside = address - load->address;
  if (inside >= load->file_size_bytes) {
    // Memory without bytes in the file (.bss) goes with the end of its segment.
    const auto index = static_cast<std::size_t>(load - which.base_loads.data());
    if (index >= which.target_loads.size()) return std::nullopt;
    const Load& there = which.target_loads[index];
    return Target{there.address + there.file_size_bytes + (inside - load->file_size_bytes), false};
  }
  const std::uint64_t offset = load->file_offset_bytes + inside;
  const Piece* const piece = piece_near(offset);
  if (piece == nullptr) return std::nullopt;
  const bool covered = offset - piece->base_offset < piece->size;
  const std::uint64_t target_offset = piece->target_offset + (offset - piece->base_offset);
  const Load* const there = load_at_offset(which.target_loads, target_offset);
  if (there == nullptr) return std::nullopt;
  return Target{there->address + (target_offset - there->file_offset_bytes), covered};
}

std::optional<std::uint64_t> AddressMap::target_address(std::uint32_t image, std::uint64_t offset) const {
  const Load* const load = load_at_offset(images_.images[image].target_loads, offset);
  if (load == nullptr) return std::nullopt;
  return load->address + (offset - load->file_offset_bytes);
}

}  // namespace stella::delta
