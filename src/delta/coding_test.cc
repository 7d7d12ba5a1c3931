// The parts of the coder by themselves: range coder, numbers, segment table, address map, literals.
#include <gtest/gtest.h>

#include <random>

#include "address_map.h"
#include "delta_test_support.h"
#include "literals.h"
#include "model.h"
#include "range_coder.h"
#include "segments.h"
#include "windows.h"

namespace stella::delta {
namespace {

TEST(RangeCoder, GivesBitsOfAnyProbabilityBack) {
  std::mt19937 random(1);
  std::vector<std::pair<unsigned, std::uint32_t>> bits;
  for (int i = 0; i < 50000; ++i) {
    const std::uint32_t p = random() % 65536;
    bits.emplace_back(random() % 65536 < p ? 1 : 0, p);
  }
  for (const std::uint32_t p : {0U, 65535U}) {  // against all odds, too
    for (int i = 0; i < 100; ++i) bits.emplace_back(i % 2, p);
  }
  RangeEncoder encoder;
  for (const auto& [bit, p] : bits) encoder.bit(bit, p);
  const Bytes stream = encoder.finish();
  const auto source = memory_source(stream);
  StreamReader input(*source, 0, stream.size());
  RangeDecoder decoder(input);
  for (const auto& [bit, p] : bits) ASSERT_EQ(decoder.bit(0, p), bit);
  EXPECT_TRUE(input.at_end());
}

TEST(NumberModel, GivesEveryNumberBack) {
  std::vector<std::uint64_t> numbers = {
      0, 1, 2, 3, ~std::uint64_t{0}, ~std::uint64_t{0} - 1, std::uint64_t{1} << 63};
  std::mt19937_64 random(2);
  for (int i = 0; i < 5000; ++i) numbers.push_back(random() >> (random() % 64));
  RangeEncoder encoder;
  NumberModel writer;
  for (const std::uint64_t number : numbers) writer.code(encoder, number);
  const Bytes stream = encoder.finish();
  const auto source = memory_source(stream);
  StreamReader input(*source, 0, stream.size());
  RangeDecoder decoder(input);
  NumberModel reader;
  for (const std::uint64_t number : numbers) ASSERT_EQ(reader.code(decoder, 0), number);
}

TEST(Zigzag, CoversTheWholeRange) {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1}, INT64_MIN, INT64_MAX}) {
    EXPECT_EQ(unzigzag(zigzag(value)), value);
  }
}

constexpr std::uint64_t kFar = std::uint64_t{5} << 30;

TEST(Segments, ReachBeyondFourGibibytes) {
  const std::vector<Segment> segments = {{SegmentKind::kCopy, 100, kFar},
                                         {SegmentKind::kLiteral, 7, 0},
                                         {SegmentKind::kMatch, kFar, 3},
                                         {SegmentKind::kMatch, 1, kFar + 107},
                                         {SegmentKind::kCopy, 9, 0}};
  const Bytes stream = encode_segments(segments, kFar);
  const auto source = memory_source(stream);
  StreamReader input(*source, 0, stream.size());
  const auto read = decode_segments(input, segments.size(), kFar, kFar + 117, 2 * kFar);
  ASSERT_TRUE(read.has_value()) << to_string(read.error());
  EXPECT_EQ(*read, segments);
  EXPECT_TRUE(input.at_end());
}

TEST(Segments, StayWithinWindowAndBase) {
  const std::vector<Segment> segments = {{SegmentKind::kCopy, 100, 50}};
  const Bytes stream = encode_segments(segments, 0);
  const auto source = memory_source(stream);
  const auto code = [&](std::uint64_t count, std::uint64_t target_size, std::uint64_t base_size) {
    StreamReader input(*source, 0, stream.size());
    const auto read = decode_segments(input, count, 0, target_size, base_size);
    return read ? std::string("good") : std::string(to_string(read.error().code));
  };
  EXPECT_EQ(code(1, 100, 150), "good");
  EXPECT_EQ(code(1, 100, 149), "corrupt");  // the base ends before the copy
  EXPECT_EQ(code(1, 99, 150), "corrupt");   // the window does
  EXPECT_EQ(code(1, 101, 150), "corrupt");  // the window is longer
  EXPECT_EQ(code(0, 100, 150), "corrupt");
}

Images two_images() {
  Images images;
  images.images = {{{{0, 1000, 0x400000, 1000}, {1000, 500, 0x600000, 9000}},
                    {{0, 1100, 0x400000, 1100}, {1100, 500, 0x600000, 9000}}},
                   {{{5000, 100, 0, 100}}, {{6000, 100, 0, 100}}}};
  images.areas = {{0, 900, AreaKind::kCodeX64, 0, {}},
                  {1000, 500, AreaKind::kWords64, 0, {}},
                  {5000, 50, AreaKind::kTable32, 1, {{true, 0x10, 0x20}, {}, {true, 0, 0}}},
                  {5050, 50, AreaKind::kSelf32, 1, {}}};
  return images;
}

TEST(AddressMap, IsReadAsItWasWritten) {
  const Images images = two_images();
  const Bytes bytes = serialize_images(images);
  const auto read = parse_images(bytes);
  ASSERT_TRUE(read.has_value()) << to_string(read.error());
  EXPECT_EQ(*read, images);
}

TEST(AddressMap, SurvivesDamageAndLimitsIt) {
  const Bytes bytes = serialize_images(two_images());
  for (std::size_t size = 0; size < bytes.size(); ++size) (void)parse_images(ByteView(bytes).first(size));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes damaged = bytes;
      damaged[i] ^= static_cast<std::uint8_t>(1 << bit);
      const auto read = parse_images(damaged);
      if (!read) continue;
      for (const Area& area : read->areas) EXPECT_LT(area.image, read->images.size());
    }
  }
}

TEST(AddressMap, RefusesFarMoreElementsThanBytes) {
  Images images;
  for (int i = 0; i < 500; ++i) images.images.push_back({std::vector<Load>(64), std::vector<Load>(64)});
  const Bytes bytes = serialize_images(images);
  EXPECT_LT(bytes.size(), 2000U);
  const auto read = parse_images(bytes);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kLimitExceeded);
}

TEST(AddressMap, RefusesBytesBehindIt) {
  Bytes bytes = serialize_images(two_images());
  bytes.push_back(1);
  const auto read = parse_images(bytes);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
}

TEST(AddressMap, FollowsSegmentsAndTheirNeighbours) {
  const Images images = two_images();
  // 100 bytes were inserted at 400.
  const std::vector<Segment> segments = {{SegmentKind::kMatch, 400, 0},
                                         {SegmentKind::kLiteral, 100, 0},
                                         {SegmentKind::kMatch, 500, 400},
                                         {SegmentKind::kCopy, 500, 1000}};
  const AddressMap map(images, segments, 0);
  const auto at = [&](std::uint64_t address) { return map.target_of(0, address); };
  EXPECT_EQ(at(0x400000 + 399)->address, 0x400000U + 399);
  EXPECT_EQ(at(0x400000 + 400)->address, 0x400000U + 500);
  EXPECT_TRUE(at(0x400000 + 400)->covered);
  EXPECT_FALSE(at(0x400000 + 910)->covered);  // a gap: goes with its nearest neighbour
  EXPECT_EQ(at(0x400000 + 910)->address, 0x400000U + 1010);
  EXPECT_FALSE(at(0x3fffff).has_value());
  // Memory behind the file's bytes goes with the end of its segment.
  EXPECT_EQ(at(0x600000 + 600)->address, 0x600000U + 600);
  EXPECT_EQ(map.target_address(0, 1099), 0x400000U + 1099);
  EXPECT_FALSE(map.target_address(0, 1600).has_value());
}

// Three pieces of the base that overlap, each in its own way: the longest keeps all of its bytes.
TEST(AddressMap, PrefersTheLongerOfTwoPieces) {
  Images images;
  images.images = {{{{0, 1000, 0, 1000}}, {{0, 5000, 0, 5000}}}};
  const std::vector<Segment> segments = {{SegmentKind::kMatch, 100, 0},
                                         {SegmentKind::kMatch, 70, 50},
                                         {SegmentKind::kMatch, 140, 60},
                                         {SegmentKind::kMatch, 100, 300}};
  const AddressMap map(images, segments, 0);
  EXPECT_EQ(map.target_of(0, 59)->address, 59U);
  EXPECT_EQ(map.target_of(0, 60)->address, 170U);
  EXPECT_EQ(map.target_of(0, 199)->address, 309U);
  EXPECT_TRUE(map.target_of(0, 199)->covered);
  EXPECT_EQ(map.target_of(0, 210)->address, 320U);  // nearer to what ends at 200 than to what begins at 300
  EXPECT_EQ(map.target_of(0, 290)->address, 300U);
  EXPECT_FALSE(map.target_of(0, 290)->covered);
}

TEST(Literals, ComeBackFromEveryCoding) {
  for (const Level level : {Level::kFast, Level::kDefault, Level::kBest}) {
    for (const Bytes& bytes : {testing::noise(1, 300), testing::text(2, 300), testing::text(3, 300000)}) {
      const auto feed = [&](const std::function<Status(ByteView)>& take) -> Status {
        STELLA_CHECK(take(ByteView(bytes).first(100)));
        return take(ByteView(bytes).subspan(100));
      };
      const auto packed = pack_literals(bytes.size(), feed, level);
      ASSERT_TRUE(packed.has_value());
      const auto source = memory_source(packed->bytes);
      StreamReader input(*source, 0, packed->bytes.size());
      auto reader = LiteralReader::open(packed->coding, packed->dictionary_bits, input);
      ASSERT_TRUE(reader.has_value());
      Bytes read(bytes.size());
      ASSERT_TRUE(reader->read(MutableByteView(read).first(150)).has_value());
      EXPECT_FALSE(reader->finish().has_value());  // too early
      StreamReader again(*source, 0, packed->bytes.size());
      reader = LiteralReader::open(packed->coding, packed->dictionary_bits, again);
      ASSERT_TRUE(reader->read(read).has_value());
      EXPECT_TRUE(reader->finish().has_value());
      EXPECT_EQ(read, bytes);
      std::uint8_t surplus = 0;
      EXPECT_FALSE(reader->read({&surplus, 1}).has_value());
    }
  }
}

TEST(Literals, RefuseUnknownCodingsAndDictionaries) {
  const auto source = memory_source({});
  StreamReader input(*source, 0, 0);
  EXPECT_EQ(LiteralReader::open(static_cast<LiteralCoding>(3), 16, input).error().code,
            ErrorCode::kUnsupported);
  EXPECT_EQ(LiteralReader::open(LiteralCoding::kLzma2, 25, input).error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(LiteralReader::open(LiteralCoding::kLzma2, 11, input).error().code, ErrorCode::kLimitExceeded);
}

TEST(Parts, CoverAMatchAndRespectAreas) {
  const std::vector<Area> areas = {{10, 5, AreaKind::kWords64, 0, {}},
                                   {kFar, 100000, AreaKind::kCodeX64, 0, {}}};
  std::uint64_t next = kFar - 7;
  std::size_t inside = 0;
  const Segment match{SegmentKind::kMatch, 200000, kFar - 7};
  const auto status = for_each_part(match, 3, areas, [&](const PartPlace& place) -> Status {
    EXPECT_EQ(place.base_offset_bytes, next);
    EXPECT_EQ(place.target_offset_bytes, 3 + (next - match.base_offset_bytes));
    EXPECT_LE(place.size_bytes, kPartMaxBytes);
    if (place.area != nullptr) {
      EXPECT_EQ(place.area, &areas[1]);
      inside += place.size_bytes;
    }
    next += place.size_bytes;
    return {};
  });
  EXPECT_TRUE(status.has_value());
  EXPECT_EQ(next, match.base_offset_bytes + match.length_bytes);
  EXPECT_EQ(inside, 100000U);
}

// Each byte tells where it stands; reads must not mix pages that share a place in the cache.
TEST(PageCache, ReadsFarApartPages) {
  class Places final : public ByteSource {
   public:
    std::uint64_t size() const override { return 2 * kFar + 5; }
    const std::string& name() const override { return name_; }
    Status read_at(std::uint64_t offset, MutableByteView to) const override {
      for (std::size_t i = 0; i < to.size(); ++i)
        to[i] = static_cast<std::uint8_t>((offset + i) >> 16 ^ (offset + i));
      return {};
    }

   private:
    std::string name_ = "places";
  };
  const Places places;
  PageCache pages(places);
  for (const std::uint64_t offset :
       {std::uint64_t{0}, kFar, std::uint64_t{65530}, 2 * kFar - 95, kFar - 3, std::uint64_t{1}}) {
    Bytes expected(100);
    Bytes read(100);
    ASSERT_TRUE(places.read_at(offset, expected).has_value());
    ASSERT_TRUE(pages.read_at(offset, read).has_value());
    EXPECT_EQ(read, expected) << offset;
  }
}

}  // namespace
}  // namespace stella::delta
