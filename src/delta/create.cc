#include "stella/delta/create.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "corrections.h"
#include "delta_file.h"
#include "images.h"
#include "operations_digest.h"
#include "segments.h"
#include "stella/delta/apply.h"
#include "windows.h"

namespace stella::delta {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 18;

class DeltaWriter {
 public:
  DeltaWriter(const ByteSource& base, const ByteSource& target, const CreateOptions& options,
              const Progress& progress)
      : base_(base),
        target_(target),
        options_(options),
        progress_(progress),
        pages_(base),
        operations_(target) {}

  Status find_executables() {
    STELLA_TRY(base_images_, find_images(base_));
    STELLA_TRY(target_images_, find_images(target_));
    return {};
  }

  Status write(const Window& window) {
    STELLA_CHECK(operations_.add(window.segments));
    if (operations_.add_bytes() > options_.add_max_bytes) {
      return fail({.code = ErrorCode::kLimitExceeded,
                   .message = "the target has more new bytes than are allowed",
                   .where = target_.name(),
                   .expected = fmt::format("at most {} bytes", options_.add_max_bytes),
                   .found = fmt::format("{} or more", operations_.add_bytes()),
                   .next = "raise --max-add-bytes"});
    }
    Images images = pair_images(base_images_, target_images_, window.segments, window.target_offset_bytes);
    if (!images.images.empty()) {
      const Bytes map = serialize_images(images);
      if (map.size() <= kAddressMapMaxBytes && parse_images(map)) {
        append(body_, section_head(SectionType::kAddressMap, map.size()));
        append(body_, map);
      } else {
        images = {};  // more of them than a reader takes: then without any prediction
      }
    }
    WindowHead head{.target_size_bytes = window.target_size_bytes, .segment_count = window.segments.size()};
    const Bytes segments = encode_segments(window.segments, window.target_offset_bytes);
    head.segments.size_bytes = segments.size();
    head.correction_coding = CorrectionCoding::kPlain;
    STELLA_TRY(Bytes corrections, encode_corrections(window, CorrectionCoding::kPlain, images));
    if (options_.level == Level::kBest) {
      // On little data, mixing has learned too little to pay.
      STELLA_TRY(Bytes mixed, encode_corrections(window, CorrectionCoding::kMixed, images));
      if (mixed.size() < corrections.size()) {
        head.correction_coding = CorrectionCoding::kMixed;
        corrections = std::move(mixed);
      }
    }
    head.corrections.size_bytes = corrections.size();
    for (const Segment& segment : window.segments) {
      if (segment.kind == SegmentKind::kLiteral) head.literal_size_bytes += segment.length_bytes;
    }
    STELLA_TRY(const PackedLiterals literals,
               pack_literals(head.literal_size_bytes, feed_of(window), options_.level));
    head.literal_coding = literals.coding;
    head.dictionary_bits = literals.dictionary_bits;
    head.literals.size_bytes = literals.bytes.size();
    const Bytes head_bytes = serialize_window_head(head);
    append(body_, section_head(SectionType::kWindow, head_bytes.size() + segments.size() +
                                                         corrections.size() + literals.bytes.size()));
    for (const ByteView part :
         {ByteView(head_bytes), ByteView(segments), ByteView(corrections), ByteView(literals.bytes)}) {
      append(body_, part);
    }
    report_progress(progress_, "packing", window.target_offset_bytes + window.target_size_bytes,
                    target_.size());
    return {};
  }

  // The whole delta.bin. The digests of both sides are taken from their maps; the self-check proves them.
  Bytes finish(Header header, Created& created) {
    header.operations_sha256 = operations_.finish();
    Bytes file = serialize_header(header);
    const Bytes parameters = serialize_parameters(header);
    append(file, section_head(SectionType::kParameters, parameters.size()));
    append(file, parameters);
    append(file, body_);
    body_ = {};
    append(file, sha256(file).view());
    created = {.base_sha256 = header.base_sha256,
               .target_sha256 = header.target_sha256,
               .operations_sha256 = header.operations_sha256,
               .delta_sha256 = sha256(file),
               .delta_size_bytes = file.size(),
               .copy_bytes = operations_.copy_bytes(),
               .add_bytes = operations_.add_bytes(),
               .copy_count = operations_.copy_count(),
               .add_count = operations_.add_count()};
    return file;
  }

 private:
  Result<Bytes> encode_corrections(const Window& window, CorrectionCoding coding, const Images& images) {
    const auto is_match = [](const Segment& segment) { return segment.kind == SegmentKind::kMatch; };
    if (std::ranges::none_of(window.segments, is_match)) return Bytes();
    const AddressMap map(images, window.segments, window.target_offset_bytes);
    RangeEncoder encoder;
    CorrectionCoder<RangeEncoder> walker(encoder, coding, images, map);
    std::uint64_t offset = window.target_offset_bytes;
    for (const Segment& segment : window.segments) {
      if (is_match(segment)) {
        STELLA_CHECK(walk(walker, segment, offset, images.areas));
      }
      offset += segment.length_bytes;
    }
    return encoder.finish();
  }

  Status walk(CorrectionCoder<RangeEncoder>& walker, const Segment& match, std::uint64_t target_offset,
              std::span<const Area> areas) {
    return for_each_part(match, target_offset, areas, [&](const PartPlace& place) -> Status {
      base_part_.resize(static_cast<std::size_t>(place.size_bytes));
      target_part_.resize(base_part_.size());
      STELLA_CHECK(pages_.read_at(place.base_offset_bytes, base_part_));
      STELLA_CHECK(target_.read_at(place.target_offset_bytes, target_part_));
      walker.walk({.base = base_part_.data(),
                   .target = target_part_.data(),
                   .size_bytes = base_part_.size(),
                   .base_offset_bytes = place.base_offset_bytes,
                   .target_offset_bytes = place.target_offset_bytes,
                   .area = place.area});
      return {};
    });
  }

  LiteralFeed feed_of(const Window& window) {
    return [this, &window](const std::function<Status(ByteView)>& take) -> Status {
      std::uint64_t offset = window.target_offset_bytes;
      for (const Segment& segment : window.segments) {
        if (segment.kind == SegmentKind::kLiteral) {
          STELLA_TRY(const auto part, part_of(target_, offset, segment.length_bytes, target_.name()));
          STELLA_CHECK(for_each_block(*part, kBlockBytes, take));
        }
        offset += segment.length_bytes;
      }
      return {};
    };
  }

  const ByteSource& base_;
  const ByteSource& target_;
  const CreateOptions& options_;
  const Progress& progress_;
  PageCache pages_;
  OperationsDigest operations_;
  std::vector<FoundImage> base_images_;
  std::vector<FoundImage> target_images_;
  Bytes base_part_;
  Bytes target_part_;
  Bytes body_;
};

class NullSink final : public ByteSink {
 public:
  Status write(ByteView) override { return {}; }
};

}  // namespace

Result<Created> create(const ByteSource& base, const chunk::ChunkMap& base_map, const ByteSource& target,
                       const chunk::ChunkMap& target_map, const CreateOptions& options, ByteSink& delta_bin,
                       const Progress& progress) {
  if (base_map.params != target_map.params) {
    return fail(ErrorCode::kInvalidArgument, "base and target are chunked with different parameters");
  }
  if (target.size() > kTargetMaxBytesDefault) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "the target is larger than a reader of the delta would make",
                 .where = target.name(),
                 .expected = fmt::format("at most {} bytes", kTargetMaxBytesDefault),
                 .found = fmt::format("{} bytes", target.size())});
  }
  // Looking harder for matches does not always pay: the best of both.
  const std::vector<Level> plans = options.level == Level::kBest
                                       ? std::vector<Level>{Level::kBest, Level::kDefault}
                                       : std::vector<Level>{options.level};
  Bytes file;
  Created created;
  for (const Level plan : plans) {
    DeltaWriter writer(base, target, options, progress);
    STELLA_CHECK(writer.find_executables());
    STELLA_CHECK(plan_windows(base, base_map, target, target_map, plan, options.threads, progress,
                              [&](const Window& window) { return writer.write(window); }));
    Created made;
    Bytes bytes = writer.finish({.base_size_bytes = base.size(),
                                 .target_size_bytes = target.size(),
                                 .base_sha256 = base_map.sha256,
                                 .target_sha256 = target_map.sha256,
                                 .operations_sha256 = {},
                                 .level = options.level,
                                 .chunk_params = target_map.params,
                                 .tool = tool_version()},
                                made);
    if (!file.empty() && file.size() <= bytes.size()) continue;
    file = std::move(bytes);
    created = made;
  }
  const auto source = memory_source(file, "the delta just made");
  NullSink nowhere;
  const auto applied = apply(base, *source, nowhere,
                             {.threads = options.threads, .add_max_bytes = options.add_max_bytes}, progress);
  if (!applied) {
    if (applied.error().code == ErrorCode::kIo) return std::unexpected(applied.error());
    return fail(
        {.code = ErrorCode::kInternal,
         .message = "the delta just made does not give the target back: " + to_string(applied.error()),
         .where = target.name(),
         .next = "do not use it; if no file changed meanwhile, report this"});
  }
  STELLA_CHECK(delta_bin.write(file));
  return created;
}

}  // namespace stella::delta
