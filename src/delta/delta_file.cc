#include "delta_file.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "segments.h"
#include "stella/base/reader.h"

namespace stella::delta {
namespace {

constexpr std::size_t kHashBlockBytes = std::size_t{1} << 18;
constexpr std::uint64_t kSmallestBytes = 4 + 4 + 2 + 3 * kDigestBytes + kDigestBytes;

std::unexpected<Error> too_large(std::string_view what, std::uint64_t max, std::uint64_t found) {
  return fail({.code = ErrorCode::kLimitExceeded,
               .message = fmt::format("{} is beyond the limit", what),
               .expected = fmt::format("at most {}", max),
               .found = fmt::format("{}", found)});
}

Result<Digest> read_digest(ByteReader& reader) {
  STELLA_TRY(const ByteView bytes, reader.bytes(kDigestBytes));
  Digest digest;
  std::ranges::copy(bytes, digest.bytes.begin());
  return digest;
}

Result<Bytes> read_prefix(const ByteSource& source, std::uint64_t offset, std::uint64_t end,
                          std::size_t max) {
  Bytes bytes(static_cast<std::size_t>(std::min<std::uint64_t>(max, end - offset)));
  STELLA_CHECK(source.read_at(offset, bytes));
  return bytes;
}

}  // namespace

Bytes serialize_header(const Header& header) {
  Bytes bytes(kMagic.begin(), kMagic.end());
  bytes.push_back(static_cast<std::uint8_t>(header.version_major & 0xff));
  bytes.push_back(static_cast<std::uint8_t>(header.version_major >> 8));
  append(bytes, std::array<std::uint8_t, 2>{});  // flags: none yet
  append_varint(bytes, header.base_size_bytes);
  append_varint(bytes, header.target_size_bytes);
  for (const Digest& digest : {header.base_sha256, header.target_sha256, header.operations_sha256}) {
    append(bytes, digest.view());
  }
  return bytes;
}

Bytes serialize_parameters(const Header& header) {
  Bytes bytes;
  bytes.push_back(static_cast<std::uint8_t>(header.level));
  bytes.push_back(static_cast<std::uint8_t>(header.chunk_params.algorithm));
  append_varint(bytes, header.chunk_params.size_min_bytes);
  append_varint(bytes, header.chunk_params.size_avg_bytes);
  append_varint(bytes, header.chunk_params.size_max_bytes);
  const ToolVersion& tool = header.tool;
  for (const std::uint32_t number : {tool.major, tool.minor, tool.patch, tool.liblzma, tool.libzstd}) {
    append_varint(bytes, number);
  }
  return bytes;
}

Bytes section_head(SectionType type, std::uint64_t size_bytes) {
  Bytes bytes = {static_cast<std::uint8_t>(type), kSectionVersion};
  append_varint(bytes, size_bytes);
  return bytes;
}

Bytes serialize_window_head(const WindowHead& head) {
  Bytes bytes;
  append_varint(bytes, head.target_size_bytes);
  append_varint(bytes, head.segment_count);
  append_varint(bytes, head.segments.size_bytes);
  append_varint(bytes, head.corrections.size_bytes);
  if (head.corrections.size_bytes != 0) bytes.push_back(static_cast<std::uint8_t>(head.correction_coding));
  append_varint(bytes, head.literal_size_bytes);
  if (head.literal_size_bytes != 0) {
    bytes.push_back(static_cast<std::uint8_t>(head.literal_coding));
    bytes.push_back(static_cast<std::uint8_t>(head.dictionary_bits));
    append_varint(bytes, head.literals.size_bytes);
  }
  return bytes;
}

Result<DeltaFile> DeltaFile::open(const ByteSource& source) {
  DeltaFile file(source);
  if (Status status = file.read_head(); !status)
    return std::unexpected(std::move(status).error().at(source.name()));
  return file;
}

Status DeltaFile::read_head() {
  if (source_->size() < kSmallestBytes) {
    Bytes first(static_cast<std::size_t>(std::min<std::uint64_t>(source_->size(), kMagic.size())));
    STELLA_CHECK(source_->read_at(0, first));
    if (!std::ranges::equal(first, ByteView(kMagic).first(first.size()))) {
      return fail(ErrorCode::kCorrupt, "not a delta: it begins with other bytes");
    }
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "the delta is cut off",
                 .expected = fmt::format("at least {} bytes", kSmallestBytes),
                 .found = fmt::format("{}", source_->size()),
                 .next = "get the whole delta.bin again"});
  }
  end_bytes_ = source_->size() - kDigestBytes;
  STELLA_TRY(const Bytes bytes, read_prefix(*source_, 0, end_bytes_, kHeaderMaxBytes));
  ByteReader reader(bytes, "the delta's header");
  STELLA_TRY(const ByteView magic, reader.bytes(kMagic.size()));
  if (!std::ranges::equal(magic, kMagic)) {
    return fail(ErrorCode::kCorrupt, "not a delta: it begins with other bytes");
  }
  STELLA_TRY(header_.version_major, reader.le<std::uint16_t>());
  if (header_.version_major != kVersionMajor) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "the delta has a version that this build does not read",
                 .expected = fmt::format("version {}", kVersionMajor),
                 .found = fmt::format("{}", header_.version_major),
                 .next = "use a newer stella"});
  }
  STELLA_TRY(const auto flags, reader.le<std::uint16_t>());
  if (flags != 0) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "the delta has flags that this build does not know",
                 .expected = "0",
                 .found = fmt::format("{:#x}", flags),
                 .next = "use a newer stella"});
  }
  STELLA_TRY(header_.base_size_bytes, reader.varint());
  STELLA_TRY(header_.target_size_bytes, reader.varint());
  if (header_.base_size_bytes > kFileSizeMaxBytes)
    return too_large("the base's size", kFileSizeMaxBytes, header_.base_size_bytes);
  if (header_.target_size_bytes > kFileSizeMaxBytes)
    return too_large("the target's size", kFileSizeMaxBytes, header_.target_size_bytes);
  STELLA_TRY(header_.base_sha256, read_digest(reader));
  STELLA_TRY(header_.target_sha256, read_digest(reader));
  STELLA_TRY(header_.operations_sha256, read_digest(reader));
  offset_bytes_ = reader.offset();
  STELLA_TRY(const Section section, next_section());
  if (section.type != static_cast<std::uint8_t>(SectionType::kParameters)) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "the delta does not begin with its parameters",
                 .expected = "section type 1",
                 .found = fmt::format("{}", section.type)});
  }
  return read_parameters(section);
}

Result<Digest> DeltaFile::check_digest() const {
  Sha256 content;
  Sha256 whole;
  Bytes block;
  for (std::uint64_t offset = 0; offset < end_bytes_; offset += block.size()) {
    block.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kHashBlockBytes, end_bytes_ - offset)));
    STELLA_CHECK(source_->read_at(offset, block));
    content.update(block);
    whole.update(block);
  }
  Digest stored;
  STELLA_CHECK(source_->read_at(end_bytes_, stored.bytes));
  whole.update(stored.view());
  const Digest actual = content.finish();
  if (actual != stored) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "the delta is damaged: its content has another digest than it says",
                 .where = source_->name(),
                 .expected = sha256_text(stored),
                 .found = sha256_text(actual),
                 .next = "get delta.bin again"});
  }
  return whole.finish();
}

Result<DeltaFile::Section> DeltaFile::next_section() {
  STELLA_TRY(const Bytes bytes, read_prefix(*source_, offset_bytes_, end_bytes_, 12));
  ByteReader reader(bytes, "a section of the delta");
  Section section;
  STELLA_TRY(section.type, reader.le<std::uint8_t>());
  STELLA_TRY(const auto version, reader.le<std::uint8_t>());
  STELLA_TRY(section.body.size_bytes, reader.varint());
  section.body.offset_bytes = offset_bytes_ + reader.offset();
  if (section.body.size_bytes > end_bytes_ - section.body.offset_bytes) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "a section reaches beyond the delta's end",
                 .where = fmt::format("offset {}", offset_bytes_),
                 .expected = fmt::format("at most {} bytes", end_bytes_ - section.body.offset_bytes),
                 .found = fmt::format("{}", section.body.size_bytes)});
  }
  const bool known = section.type >= static_cast<std::uint8_t>(SectionType::kParameters) &&
                     section.type <= static_cast<std::uint8_t>(SectionType::kWindow);
  if (section.type < kSkippableFrom && (!known || version != kSectionVersion)) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "the delta has a section that this build does not know and must not skip",
                 .where = fmt::format("offset {}", offset_bytes_),
                 .expected = fmt::format("types 1 to 3 in version {}", kSectionVersion),
                 .found = fmt::format("type {} in version {}", section.type, version),
                 .next = "use a newer stella"});
  }
  offset_bytes_ = section.body.offset_bytes + section.body.size_bytes;
  return section;
}

Result<Bytes> DeltaFile::body_of(const Section& section, std::uint64_t size_max_bytes) const {
  if (section.body.size_bytes > size_max_bytes)
    return too_large("a section's size", size_max_bytes, section.body.size_bytes);
  Bytes bytes(static_cast<std::size_t>(section.body.size_bytes));
  STELLA_CHECK(source_->read_at(section.body.offset_bytes, bytes));
  return bytes;
}

Status DeltaFile::read_parameters(const Section& section) {
  STELLA_TRY(const Bytes bytes, body_of(section, kParametersMaxBytes));
  ByteReader reader(bytes, "the delta's parameters");
  STELLA_TRY(const auto level, reader.le<std::uint8_t>());
  STELLA_TRY(const auto algorithm, reader.le<std::uint8_t>());
  std::array<std::uint32_t, 8> numbers{};
  for (std::uint32_t& number : numbers) {
    STELLA_TRY(const std::uint64_t value, reader.varint());
    if (value > 0xffffffffU) return too_large("a parameter", 0xffffffffU, value);
    number = static_cast<std::uint32_t>(value);
  }
  if (level > static_cast<std::uint8_t>(Level::kBest) ||
      algorithm > static_cast<std::uint8_t>(chunk::Algorithm::kRabin)) {
    return fail(ErrorCode::kUnsupported, "the delta's level or chunker is one that this build does not know");
  }
  if (!reader.at_end()) return fail(ErrorCode::kCorrupt, "bytes follow the delta's parameters");
  header_.level = static_cast<Level>(level);
  header_.chunk_params = {.algorithm = static_cast<chunk::Algorithm>(algorithm),
                          .size_min_bytes = numbers[0],
                          .size_avg_bytes = numbers[1],
                          .size_max_bytes = numbers[2]};
  header_.tool = {numbers[3], numbers[4], numbers[5], numbers[6], numbers[7]};
  return {};
}

Status DeltaFile::read_address_map(const Section& section) {
  STELLA_TRY(const Bytes bytes, body_of(section, kAddressMapMaxBytes));
  STELLA_TRY(images_, parse_images(bytes));
  address_map_bytes_ += bytes.size();
  return {};
}

Result<WindowHead> DeltaFile::read_window(const Section& section) const {
  const std::uint64_t end = section.body.offset_bytes + section.body.size_bytes;
  STELLA_TRY(const Bytes bytes, read_prefix(*source_, section.body.offset_bytes, end, kWindowHeadMaxBytes));
  ByteReader reader(bytes, "a window of the delta");
  WindowHead head{.target_offset_bytes = target_done_bytes_};
  STELLA_TRY(head.target_size_bytes, reader.varint());
  STELLA_TRY(head.segment_count, reader.varint());
  STELLA_TRY(head.segments.size_bytes, reader.varint());
  STELLA_TRY(head.corrections.size_bytes, reader.varint());
  if (head.corrections.size_bytes != 0) {
    STELLA_TRY(const auto coding, reader.le<std::uint8_t>());
    if (coding != static_cast<std::uint8_t>(CorrectionCoding::kMixed) &&
        coding != static_cast<std::uint8_t>(CorrectionCoding::kPlain)) {
      return fail({.code = ErrorCode::kUnsupported,
                   .message = "the corrections are coded in a way that this build does not know",
                   .expected = "coding 1 or 2",
                   .found = fmt::format("{}", coding),
                   .next = "use a newer stella"});
    }
    head.correction_coding = static_cast<CorrectionCoding>(coding);
  }
  STELLA_TRY(head.literal_size_bytes, reader.varint());
  if (head.literal_size_bytes != 0) {
    STELLA_TRY(const auto coding, reader.le<std::uint8_t>());
    STELLA_TRY(const auto dictionary_bits, reader.le<std::uint8_t>());
    STELLA_TRY(head.literals.size_bytes, reader.varint());
    head.literal_coding = static_cast<LiteralCoding>(coding);
    head.dictionary_bits = dictionary_bits;
  }
  if (head.target_size_bytes > kWindowSizeMaxBytes)
    return too_large("a window's size", kWindowSizeMaxBytes, head.target_size_bytes);
  if (head.segment_count > kSegmentsMax)
    return too_large("a window's number of segments", kSegmentsMax, head.segment_count);
  const std::uint64_t target_left = header_.target_size_bytes - target_done_bytes_;
  if (head.target_size_bytes < std::min(kWindowSizeMinBytes, target_left)) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "a window that is not the last is too small",
                 .where = fmt::format("offset {}", section.body.offset_bytes),
                 .expected = fmt::format("at least {} bytes of the target", kWindowSizeMinBytes),
                 .found = fmt::format("{}", head.target_size_bytes)});
  }
  if (head.target_size_bytes == 0 || head.target_size_bytes > target_left ||
      head.segment_count > head.target_size_bytes || head.literal_size_bytes > head.target_size_bytes) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "a window's sizes contradict each other or the target's",
                 .where = fmt::format("offset {}", section.body.offset_bytes),
                 .expected = fmt::format("1 to {} bytes of the target", target_left),
                 .found = fmt::format("{} bytes in {} segments, {} bytes of literals", head.target_size_bytes,
                                      head.segment_count, head.literal_size_bytes)});
  }
  std::uint64_t offset = section.body.offset_bytes + reader.offset();
  for (StreamPlace* const stream : {&head.segments, &head.corrections, &head.literals}) {
    if (stream->size_bytes > end - offset) {
      return fail({.code = ErrorCode::kCorrupt,
                   .message = "a stream reaches beyond its window",
                   .where = fmt::format("offset {}", offset),
                   .expected = fmt::format("at most {} bytes", end - offset),
                   .found = fmt::format("{}", stream->size_bytes)});
    }
    stream->offset_bytes = offset;
    offset += stream->size_bytes;
  }
  if (offset != end) {
    return fail(ErrorCode::kCorrupt, "bytes follow the streams of a window",
                fmt::format("offset {}", offset));
  }
  return head;
}

Result<std::optional<WindowHead>> DeltaFile::next_window() {
  images_ = {};
  bool has_address_map = false;
  while (offset_bytes_ != end_bytes_) {
    STELLA_TRY(const Section section, next_section());
    switch (static_cast<SectionType>(section.type)) {
      case SectionType::kParameters:
        return fail(ErrorCode::kCorrupt, "the delta has its parameters twice");
      case SectionType::kAddressMap:
        if (has_address_map) return fail(ErrorCode::kCorrupt, "a window of the delta has two address maps");
        STELLA_CHECK(read_address_map(section));
        has_address_map = true;
        break;
      case SectionType::kWindow: {
        STELLA_TRY(const WindowHead head, read_window(section));
        target_done_bytes_ += head.target_size_bytes;
        return head;
      }
      default:
        break;  // one that may be skipped
    }
  }
  if (has_address_map) return fail(ErrorCode::kCorrupt, "an address map of the delta belongs to no window");
  if (target_done_bytes_ != header_.target_size_bytes) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "the delta's windows do not make the whole target",
                 .expected = fmt::format("{} bytes", header_.target_size_bytes),
                 .found = fmt::format("{}", target_done_bytes_)});
  }
  return std::nullopt;
}

Result<std::vector<Segment>> DeltaFile::segments(const WindowHead& window) const {
  StreamReader input(*source_, window.segments.offset_bytes, window.segments.size_bytes);
  auto segments = decode_segments(input, window.segment_count, window.target_offset_bytes,
                                  window.target_size_bytes, header_.base_size_bytes);
  STELLA_CHECK(input.status());
  STELLA_CHECK(segments);
  std::uint64_t literal_bytes = 0;
  for (const Segment& segment : *segments) {
    if (segment.kind == SegmentKind::kLiteral) literal_bytes += segment.length_bytes;
  }
  if (literal_bytes != window.literal_size_bytes || !input.at_end()) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "a window's segments contradict its head",
                 .where = fmt::format("target offset {}", window.target_offset_bytes),
                 .expected = fmt::format("{} bytes of literals", window.literal_size_bytes),
                 .found = fmt::format("{}", literal_bytes)});
  }
  return segments;
}

}  // namespace stella::delta
