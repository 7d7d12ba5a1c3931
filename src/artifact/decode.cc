#include "decode.h"

#include <bzlib.h>
#include <fmt/format.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <string>
#include <utility>

namespace stella::artifact {
namespace {

constexpr std::size_t kInputBlockBytes = std::size_t{128} << 10;

// The packed bytes, block by block.
class Input {
 public:
  explicit Input(const ByteSource& source) : source_(source) {}

  // More bytes when none are left; empty at the end.
  Result<ByteView> peek() {
    if (used_ == block_.size() && offset_ < source_.size()) {
      block_.resize(
          static_cast<std::size_t>(std::min<std::uint64_t>(kInputBlockBytes, source_.size() - offset_)));
      STELLA_CHECK(source_.read_at(offset_, block_));
      offset_ += block_.size();
      used_ = 0;
    }
    return ByteView(block_).subspan(used_);
  }
  void take(std::size_t count) { used_ += count; }

  // Where the next byte stands.
  [[nodiscard]] std::uint64_t offset() const { return offset_ - (block_.size() - used_); }

 private:
  const ByteSource& source_;
  Bytes block_;
  std::uint64_t offset_ = 0;
  std::size_t used_ = 0;
};

class DecoderBase : public Decoder {
 public:
  DecoderBase(const ByteSource& packed, Coding coding) : input_(packed), coding_(coding) {}

  Result<std::size_t> read(MutableByteView to) final {
    std::size_t done = 0;
    while (done < to.size() && !finished_) {
      STELLA_TRY(const ByteView packed, input_.peek());
      if (packed.empty() && between_streams_) {
        finished_ = true;
        break;
      }
      if (between_streams_) {
        STELLA_CHECK(begin_next_stream(packed));
        if (between_streams_) continue;
      }
      STELLA_TRY(const Step step, decode(packed, to.subspan(done)));
      input_.take(step.taken);
      done += step.given;
      if (step.stream_end) {
        between_streams_ = true;
        if (!may_continue_) finished_ = true;
      } else if (packed.empty() && step.given == 0) {
        return damaged("ends too early");
      }
    }
    if (finished_ && !checked_end_) {
      checked_end_ = true;
      STELLA_TRY(const ByteView rest, input_.peek());
      if (!rest.empty()) return damaged("has bytes behind its end");
    }
    return done;
  }

 protected:
  struct Step {
    std::size_t taken = 0;
    std::size_t given = 0;
    bool stream_end = false;
  };
  virtual Result<Step> decode(ByteView packed, MutableByteView to) = 0;
  // Gets ready for another stream behind the first.
  virtual Status restart() { return {}; }

  std::unexpected<Error> damaged(std::string_view what) const {
    return fail(ErrorCode::kCorrupt, fmt::format("{} stream {}", to_string(coding_), what),
                fmt::format("packed offset {}", input_.offset()));
  }
  std::unexpected<Error> needs_too_much(std::uint64_t max_bytes) const {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = fmt::format("{} stream needs too much memory to be unpacked", to_string(coding_)),
                 .expected = fmt::format("at most {} bytes", max_bytes)});
  }

  bool may_continue_ = false;      // further streams may follow
  bool zeros_may_follow_ = false;  // tapes and some tools pad with zeros

 private:
  Status begin_next_stream(ByteView packed) {
    if (zeros_may_follow_ && packed.front() == 0) {
      const auto zeros = std::ranges::find_if(packed, [](std::uint8_t byte) { return byte != 0; });
      input_.take(static_cast<std::size_t>(zeros - packed.begin()));
      may_continue_ = false;
      padded_ = true;
      return {};
    }
    if (padded_) return damaged("has bytes behind its end");
    between_streams_ = false;
    return restart();
  }

  Input input_;
  Coding coding_;
  bool between_streams_ = false;
  bool padded_ = false;
  bool finished_ = false;
  bool checked_end_ = false;
};

class ZlibDecoder final : public DecoderBase {
 public:
  ZlibDecoder(const ByteSource& packed, Coding coding) : DecoderBase(packed, coding) {
    may_continue_ = zeros_may_follow_ = coding == Coding::kGzip;
    // 15: window bits; +16: gzip only; negative: no header.
    ready_ = inflateInit2(&stream_, coding == Coding::kGzip ? 15 + 16 : -15) == Z_OK;
  }
  ~ZlibDecoder() override { inflateEnd(&stream_); }
  ZlibDecoder(const ZlibDecoder&) = delete;
  ZlibDecoder& operator=(const ZlibDecoder&) = delete;

 private:
  Result<Step> decode(ByteView packed, MutableByteView to) override {
    if (!ready_) return fail(ErrorCode::kInternal, "zlib cannot be started");
    stream_.next_in = const_cast<Bytef*>(packed.data());  // zlib does not write there
    stream_.avail_in = static_cast<uInt>(packed.size());
    stream_.next_out = to.data();
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(to.size(), kInputBlockBytes));
    const uInt room = stream_.avail_out;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      return damaged(stream_.msg != nullptr ? fmt::format("is damaged ({})", stream_.msg) : "is damaged");
    }
    return Step{packed.size() - stream_.avail_in, room - stream_.avail_out, code == Z_STREAM_END};
  }
  Status restart() override {
    if (inflateReset(&stream_) != Z_OK) return fail(ErrorCode::kInternal, "zlib cannot be started again");
    return {};
  }

  z_stream stream_{};
  bool ready_ = false;
};

class LzmaDecoder final : public DecoderBase {
 public:
  LzmaDecoder(const ByteSource& packed, Coding coding) : DecoderBase(packed, coding) {
    ready_ = (coding == Coding::kXz ? lzma_stream_decoder(&stream_, kXzMemoryMaxBytes, LZMA_CONCATENATED)
                                    : lzma_alone_decoder(&stream_, kXzMemoryMaxBytes)) == LZMA_OK;
  }
  ~LzmaDecoder() override { lzma_end(&stream_); }
  LzmaDecoder(const LzmaDecoder&) = delete;
  LzmaDecoder& operator=(const LzmaDecoder&) = delete;

 private:
  Result<Step> decode(ByteView packed, MutableByteView to) override {
    if (!ready_) return fail(ErrorCode::kInternal, "liblzma cannot be started");
    stream_.next_in = packed.data();
    stream_.avail_in = packed.size();
    stream_.next_out = to.data();
    stream_.avail_out = to.size();
    const lzma_ret code = lzma_code(&stream_, packed.empty() ? LZMA_FINISH : LZMA_RUN);
    switch (code) {
      case LZMA_OK:
      case LZMA_STREAM_END:
        break;
      case LZMA_BUF_ERROR:
        return damaged("ends too early");
      case LZMA_MEM_ERROR:
      case LZMA_MEMLIMIT_ERROR:
        return needs_too_much(kXzMemoryMaxBytes);
      case LZMA_OPTIONS_ERROR:
        return damaged("uses options that liblzma does not know");
      default:
        return damaged("is damaged");
    }
    return Step{packed.size() - stream_.avail_in, to.size() - stream_.avail_out, code == LZMA_STREAM_END};
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool ready_ = false;
};

class ZstdDecoder final : public DecoderBase {
 public:
  ZstdDecoder(const ByteSource& packed, Coding coding)
      : DecoderBase(packed, coding), stream_(ZSTD_createDCtx()) {
    may_continue_ = true;
    ready_ = stream_ != nullptr &&
             ZSTD_isError(ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kZstdWindowLogMax)) == 0;
  }
  ~ZstdDecoder() override { ZSTD_freeDCtx(stream_); }
  ZstdDecoder(const ZstdDecoder&) = delete;
  ZstdDecoder& operator=(const ZstdDecoder&) = delete;

 private:
  Result<Step> decode(ByteView packed, MutableByteView to) override {
    if (!ready_) return fail(ErrorCode::kInternal, "zstd cannot be started");
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    ZSTD_outBuffer out{to.data(), to.size(), 0};
    const std::size_t code = ZSTD_decompressStream(stream_, &out, &in);
    if (ZSTD_isError(code) != 0) {
      // The stable interface names this error by its text only.
      const std::string_view name = ZSTD_getErrorName(code);
      if (name.find("memory") != std::string_view::npos) {
        return needs_too_much(std::uint64_t{1} << kZstdWindowLogMax);
      }
      return damaged(fmt::format("is damaged ({})", name));
    }
    return Step{in.pos, out.pos, code == 0};
  }

  ZSTD_DCtx* stream_;
  bool ready_ = false;
};

class Bzip2Decoder final : public DecoderBase {
 public:
  Bzip2Decoder(const ByteSource& packed, Coding coding) : DecoderBase(packed, coding) {
    may_continue_ = true;
    ready_ = BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK;
  }
  ~Bzip2Decoder() override { BZ2_bzDecompressEnd(&stream_); }
  Bzip2Decoder(const Bzip2Decoder&) = delete;
  Bzip2Decoder& operator=(const Bzip2Decoder&) = delete;

 private:
  Result<Step> decode(ByteView packed, MutableByteView to) override {
    if (!ready_) return fail(ErrorCode::kInternal, "bzip2 cannot be started");
    stream_.next_in = reinterpret_cast<char*>(const_cast<std::uint8_t*>(packed.data()));
    stream_.avail_in = static_cast<unsigned>(packed.size());
    stream_.next_out = reinterpret_cast<char*>(to.data());
    stream_.avail_out = static_cast<unsigned>(std::min<std::size_t>(to.size(), kInputBlockBytes));
    const unsigned room = stream_.avail_out;
    const int code = BZ2_bzDecompress(&stream_);
    if (code == BZ_MEM_ERROR) return fail(ErrorCode::kLimitExceeded, "not enough memory for a bzip2 stream");
    if (code != BZ_OK && code != BZ_STREAM_END) return damaged("is damaged");
    return Step{packed.size() - stream_.avail_in, room - stream_.avail_out, code == BZ_STREAM_END};
  }
  Status restart() override {
    BZ2_bzDecompressEnd(&stream_);
    stream_ = {};
    ready_ = BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK;
    return {};
  }

  bz_stream stream_{};
  bool ready_ = false;
};

class StoredDecoder final : public Decoder {
 public:
  explicit StoredDecoder(const ByteSource& source) : source_(source) {}
  Result<std::size_t> read(MutableByteView to) override {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(to.size(), source_.size() - offset_));
    STELLA_CHECK(source_.read_at(offset_, to.first(count)));
    offset_ += count;
    return count;
  }

 private:
  const ByteSource& source_;
  std::uint64_t offset_ = 0;
};

}  // namespace

std::string_view to_string(Coding coding) {
  switch (coding) {
    case Coding::kStored:
      return "stored";
    case Coding::kGzip:
      return "gzip";
    case Coding::kDeflate:
      return "deflate";
    case Coding::kXz:
      return "xz";
    case Coding::kLzma:
      return "lzma";
    case Coding::kZstd:
      return "zstd";
    case Coding::kBzip2:
      return "bzip2";
  }
  return "unknown";
}

Result<std::unique_ptr<Decoder>> open_decoder(const ByteSource& packed, Coding coding) {
  switch (coding) {
    case Coding::kStored:
      return std::make_unique<StoredDecoder>(packed);
    case Coding::kGzip:
    case Coding::kDeflate:
      return std::make_unique<ZlibDecoder>(packed, coding);
    case Coding::kXz:
    case Coding::kLzma:
      return std::make_unique<LzmaDecoder>(packed, coding);
    case Coding::kZstd:
      return std::make_unique<ZstdDecoder>(packed, coding);
    case Coding::kBzip2:
      return std::make_unique<Bzip2Decoder>(packed, coding);
  }
  return fail(ErrorCode::kInternal, "no such coding");
}

}  // namespace stella::artifact
