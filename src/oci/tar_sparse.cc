#include <algorithm>
#include <vector>

#include "stella/oci/tar.h"

namespace stella::oci {
namespace {

// A sparse file: stored parts with zeros between them.
class SparseSource final : public ByteSource {
 public:
  SparseSource(const ByteSource& archive, const TarEntry& entry) : archive_(archive), entry_(entry) {
    for (std::uint64_t at = entry.offset_bytes; const TarExtent& extent : entry_.extents) {
      stored_at_.push_back(at);
      at += extent.size_bytes;
    }
  }
  std::uint64_t size() const override { return entry_.size_bytes; }
  const std::string& name() const override { return entry_.name; }

  Status read_at(std::uint64_t offset, MutableByteView to) const override {
    if (offset > size() || to.size() > size() - offset) {
      return fail(ErrorCode::kInvalidArgument, "range lies outside of the sparse file", name());
    }
    std::ranges::fill(to, std::uint8_t{0});
    const std::uint64_t end = offset + to.size();
    auto extent = std::ranges::upper_bound(entry_.extents, offset, {}, &TarExtent::at_bytes);
    if (extent != entry_.extents.begin()) --extent;
    for (; extent != entry_.extents.end() && extent->at_bytes < end; ++extent) {
      const std::uint64_t from = std::max(offset, extent->at_bytes);
      const std::uint64_t until = std::min(end, extent->at_bytes + extent->size_bytes);
      if (from >= until) continue;
      const std::uint64_t stored = stored_at_[static_cast<std::size_t>(extent - entry_.extents.begin())];
      STELLA_CHECK(
          archive_.read_at(stored + (from - extent->at_bytes), to.subspan(from - offset, until - from)));
    }
    return {};
  }

 private:
  const ByteSource& archive_;
  TarEntry entry_;
  std::vector<std::uint64_t> stored_at_;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> tar_entry_bytes(const ByteSource& archive, const TarEntry& entry) {
  if (entry.sparse) return std::make_unique<SparseSource>(archive, entry);
  return part_of(archive, entry.offset_bytes, entry.stored_bytes, entry.name);
}

}  // namespace stella::oci
