#include "delta_file.h"

#include <gtest/gtest.h>

#include "delta_test_support.h"
#include "stella/delta/inspect.h"

namespace stella::delta {
namespace {

using testing::applied;
using testing::delta_of;
using testing::Pair;
using testing::sealed;

const Pair& pair() {
  static const Pair kPair = testing::edited(3, 5000);
  return kPair;
}

// The first section begins behind magic, version, flags, two sizes of two bytes each, and three digests.
constexpr std::size_t kFirstSection = 4 + 2 + 2 + 2 + 2 + 96;

Bytes with_section(std::uint8_t type, std::uint8_t version) {
  Bytes delta = delta_of(pair().base, pair().target);
  const Bytes section = {type, version, 3, 'a', 'b', 'c'};
  const std::size_t behind_parameters = kFirstSection + 3 + delta[kFirstSection + 2];
  delta.insert(delta.begin() + static_cast<std::ptrdiff_t>(behind_parameters), section.begin(),
               section.end());
  return sealed(delta);
}

ErrorCode code_of(const Bytes& delta) {
  const auto result = applied(pair().base, delta);
  EXPECT_FALSE(result.has_value());
  return result ? ErrorCode::kInternal : result.error().code;
}

TEST(DeltaFile, SkipsSectionsThatMayBeSkipped) {
  const auto result = applied(pair().base, with_section(200, 9));
  ASSERT_TRUE(result.has_value()) << to_string(result.error());
  EXPECT_EQ(*result, pair().target);
}

TEST(DeltaFile, RefusesSectionsThatItMustNotSkip) {
  EXPECT_EQ(code_of(with_section(16, 1)), ErrorCode::kUnsupported);
  EXPECT_EQ(code_of(with_section(2, 2)), ErrorCode::kUnsupported);
  EXPECT_EQ(code_of(with_section(0, 1)), ErrorCode::kUnsupported);
  EXPECT_EQ(code_of(with_section(1, 1)), ErrorCode::kCorrupt);  // the parameters twice
}

TEST(DeltaFile, TakesOneAddressMapForEachWindow) {
  const Bytes delta = delta_of(pair().base, pair().target);
  const auto with_maps = [&](std::size_t in_front, std::size_t behind) {
    const Bytes map = serialize_images({});
    Bytes section = section_head(SectionType::kAddressMap, map.size());
    append(section, map);
    const std::size_t window = kFirstSection + 3 + delta[kFirstSection + 2];
    Bytes changed(delta.begin(), delta.begin() + static_cast<std::ptrdiff_t>(window));
    for (std::size_t i = 0; i < in_front; ++i) append(changed, section);
    append(changed, ByteView(delta).subspan(window, delta.size() - 32 - window));
    for (std::size_t i = 0; i < behind; ++i) append(changed, section);
    append(changed, Bytes(32));
    return sealed(changed);
  };
  EXPECT_TRUE(applied(pair().base, with_maps(1, 0)).has_value());
  EXPECT_EQ(code_of(with_maps(2, 0)), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(with_maps(0, 1)), ErrorCode::kCorrupt);
}

TEST(DeltaFile, RefusesASmallWindowThatIsNotTheLast) {
  const auto message = [](std::uint64_t window_bytes, std::uint64_t target_bytes) {
    const Header header{.target_size_bytes = target_bytes,
                        .base_sha256 = {},
                        .target_sha256 = {},
                        .operations_sha256 = {},
                        .chunk_params = {},
                        .tool = {}};
    Bytes delta = serialize_header(header);
    const Bytes parameters = serialize_parameters(header);
    append(delta, section_head(SectionType::kParameters, parameters.size()));
    append(delta, parameters);
    const Bytes head = serialize_window_head({.target_size_bytes = window_bytes});
    append(delta, section_head(SectionType::kWindow, head.size()));
    append(delta, head);
    append(delta, Bytes(32));
    const Bytes file = sealed(delta);
    return inspect(*memory_source(file)).error().message;
  };
  constexpr const char* kTooSmall = "a window that is not the last is too small";
  EXPECT_EQ(message(kWindowSizeMinBytes - 1, kWindowSizeMinBytes), kTooSmall);
  EXPECT_NE(message(kWindowSizeMinBytes, kWindowSizeMinBytes + 1), kTooSmall);
  EXPECT_NE(message(7, 7), kTooSmall);
}

TEST(DeltaFile, RefusesOtherVersionsAndFlags) {
  const Bytes delta = delta_of(pair().base, pair().target);
  Bytes other = delta;
  other[4] = 2;
  EXPECT_EQ(code_of(sealed(other)), ErrorCode::kUnsupported);
  other = delta;
  other[7] = 0x80;
  EXPECT_EQ(code_of(sealed(other)), ErrorCode::kUnsupported);
}

TEST(DeltaFile, RefusesWhatIsNoDelta) {
  for (const std::string_view text :
       {"", "S", "PK", "StD",
        "not a delta at all, but a text of some length that "
        "is longer than the shortest delta could be, which is more than a hundred "
        "and twenty bytes"}) {
    const auto source = memory_source(as_bytes(text));
    const auto header = read_header(*source);
    ASSERT_FALSE(header.has_value());
    EXPECT_EQ(header.error().code, ErrorCode::kCorrupt);
  }
}

TEST(DeltaFile, RefusesSizesBeyondTheLimits) {
  Header header{.base_size_bytes = kFileSizeMaxBytes + 1,
                .base_sha256 = {},
                .target_sha256 = {},
                .operations_sha256 = {},
                .chunk_params = {},
                .tool = {}};
  Bytes delta = serialize_header(header);
  append(delta, Bytes(64));
  const auto source = memory_source(delta);
  EXPECT_EQ(read_header(*source).error().code, ErrorCode::kLimitExceeded);
}

TEST(DeltaFile, RefusesAWindowOfMoreSegmentsThanBytes) {
  Header header{.target_size_bytes = 10,
                .base_sha256 = {},
                .target_sha256 = {},
                .operations_sha256 = {},
                .chunk_params = {},
                .tool = {}};
  const auto with_window = [&](const WindowHead& head) {
    Bytes delta = serialize_header(header);
    const Bytes parameters = serialize_parameters(header);
    append(delta, section_head(SectionType::kParameters, parameters.size()));
    append(delta, parameters);
    const Bytes bytes = serialize_window_head(head);
    append(delta, section_head(SectionType::kWindow, bytes.size()));
    append(delta, bytes);
    append(delta, Bytes(32));
    return sealed(delta);
  };
  const auto code = [&](const WindowHead& head) {
    const Bytes delta = with_window(head);
    const auto source = memory_source(delta);
    const auto anatomy = inspect(*source);
    EXPECT_FALSE(anatomy.has_value());
    return anatomy ? ErrorCode::kInternal : anatomy.error().code;
  };
  EXPECT_EQ(code({.target_size_bytes = 10, .segment_count = 11}), ErrorCode::kCorrupt);
  EXPECT_EQ(code({.target_size_bytes = 11, .segment_count = 1}), ErrorCode::kCorrupt);
  EXPECT_EQ(code({.target_size_bytes = 0, .segment_count = 0}), ErrorCode::kCorrupt);
  EXPECT_EQ(code({.target_size_bytes = 10, .segment_count = kSegmentsMax + 1}), ErrorCode::kLimitExceeded);
  EXPECT_EQ(code({.target_size_bytes = kWindowSizeMaxBytes + 1, .segment_count = 1}),
            ErrorCode::kLimitExceeded);
  EXPECT_EQ(code({.target_size_bytes = 10, .segment_count = 1, .literal_size_bytes = 11}),
            ErrorCode::kCorrupt);
  EXPECT_EQ(code({.target_size_bytes = 10, .segment_count = 1, .segments = {0, 5}}), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace stella::delta
