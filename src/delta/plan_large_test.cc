#include "plan_large.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace stella::delta {
namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
constexpr std::uint64_t kInsertedBytes = 3;
constexpr std::uint64_t kPlainBytes = std::uint64_t{200} << 20;  // between two edits
constexpr std::uint64_t kStretchBytes = 20000;
constexpr std::uint64_t kEdits = 24;

// 5 GiB of bytes that depend on their offset alone. With edits, three bytes are put into the middle of each
// of some stretches. Counts what is read.
class Synthetic final : public ByteSource {
 public:
  explicit Synthetic(bool edited) : edited_(edited) {}

  std::uint64_t size() const override { return 5 * kGiB + (edited_ ? kEdits * kInsertedBytes : 0); }
  Status read_at(std::uint64_t offset, MutableByteView to) const override {
    largest_read_ = std::max<std::uint64_t>(largest_read_, to.size());
    for (std::uint8_t& byte : to) byte = at(offset++);
    return {};
  }
  const std::string& name() const override { return name_; }

  // Where edit `i` stands in this file.
  [[nodiscard]] std::uint64_t edit(std::uint64_t i) const {
    return (i + 1) * kPlainBytes + (edited_ ? i * kInsertedBytes : 0);
  }
  [[nodiscard]] std::uint8_t at(std::uint64_t offset) const {
    if (edited_) {
      std::uint64_t i = std::min(offset / kPlainBytes, kEdits);
      while (i > 0 && edit(i - 1) > offset) --i;
      if (i > 0 && offset < edit(i - 1) + kInsertedBytes) return 0;
      offset -= i * kInsertedBytes;
    }
    return static_cast<std::uint8_t>(((offset >> 3) * 0x9E37'79B9'7F4A'7C15 >> (8 * (offset & 7))) ^
                                     offset >> 20);
  }
  [[nodiscard]] std::uint64_t largest_read_bytes() const { return largest_read_; }

 private:
  bool edited_;
  mutable std::uint64_t largest_read_ = 0;
  std::string name_ = "synthetic";
};

// The runs that chunks would give: copies, and a stretch of chunks around each edit.
std::vector<ChunkRun> runs_of(const Synthetic& base, const Synthetic& target) {
  std::vector<ChunkRun> runs;
  std::uint64_t at = 0;
  const auto copy_to = [&](std::uint64_t end, std::uint64_t inserted) {
    while (at < end) {
      const std::uint64_t size = std::min(end - at, kLargeRunMaxBytes);
      runs.push_back({at, size, at - inserted});
      at += size;
    }
  };
  for (std::uint64_t i = 0; i < kEdits; ++i) {
    copy_to(target.edit(i) - kStretchBytes / 2, i * kInsertedBytes);
    runs.push_back({at, kStretchBytes, std::nullopt});
    at += kStretchBytes;
  }
  copy_to(target.size(), target.size() - base.size());
  return runs;
}

TEST(PlanLarge, KeepsEditsSmallBeyondFourGiB) {
  const Synthetic base(false);
  const Synthetic target(true);
  std::uint64_t at = 0;
  std::uint64_t literals = 0;
  std::uint64_t matched = 0;
  std::size_t windows = 0;
  const Status status = plan_large(
      base, target, runs_of(base, target), Level::kDefault, 2, {}, [&](const Window& window) -> Status {
        EXPECT_EQ(window.target_offset_bytes, at);
        ++windows;
        for (const Segment& segment : window.segments) {
          if (segment.kind == SegmentKind::kLiteral) literals += segment.length_bytes;
          if (segment.kind == SegmentKind::kMatch) {
            matched += segment.length_bytes;
            for (std::uint64_t i = 0; i < segment.length_bytes; ++i) {
              literals += target.at(at + i) != base.at(segment.base_offset_bytes + i) ? 1 : 0;
            }
          }
          at += segment.length_bytes;
        }
        EXPECT_EQ(at, window.target_offset_bytes + window.target_size_bytes);
        return {};
      });
  ASSERT_TRUE(status) << to_string(status.error());
  EXPECT_EQ(at, target.size());
  EXPECT_GT(windows, 100);
  EXPECT_GE(matched, kEdits * (kStretchBytes - 50));
  EXPECT_LE(literals, kEdits * 20);
  EXPECT_LE(target.largest_read_bytes(), std::uint64_t{64} << 20);
  EXPECT_LE(base.largest_read_bytes(), std::uint64_t{1} << 20);
}

TEST(PlanLarge, LeavesAStretchWithoutNeighboursToItself) {
  const Synthetic base(false);
  const Synthetic target(true);
  const std::vector<ChunkRun> runs{{0, 100000, std::nullopt}};
  std::uint64_t matched = 0;
  const Status status =
      plan_large(base, target, runs, Level::kFast, 1, {}, [&](const Window& window) -> Status {
        for (const Segment& segment : window.segments) {
          if (segment.kind == SegmentKind::kMatch) matched += segment.length_bytes;
        }
        return {};
      });
  ASSERT_TRUE(status);
  EXPECT_EQ(matched, 100000);  // it stands where the base has it
}

}  // namespace
}  // namespace stella::delta
