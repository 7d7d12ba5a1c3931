#include "literals.h"

#include <lzma.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

namespace stella::delta {
namespace {

constexpr std::size_t kBlockBytes = 65536;

std::unexpected<Error> corrupt(std::string message) {
  return fail(ErrorCode::kCorrupt, std::move(message), "literal stream");
}

unsigned dictionary_bits_for(std::uint64_t size_bytes) {
  const auto bits = static_cast<unsigned>(std::bit_width(std::max<std::uint64_t>(size_bytes, 1) - 1));
  return std::clamp(bits, kDictionaryBitsMin, kDictionaryBitsMax);
}

struct LzmaStream {
  lzma_stream stream = LZMA_STREAM_INIT;
  LzmaStream() = default;
  ~LzmaStream() { lzma_end(&stream); }
  LzmaStream(const LzmaStream&) = delete;
  LzmaStream& operator=(const LzmaStream&) = delete;
};

struct LzmaSettings {
  std::uint32_t preset;
  std::uint32_t lc;
  std::uint32_t lp;
  std::uint32_t pb;
};

Result<Bytes> pack_lzma(const LiteralFeed& feed, const LzmaSettings& settings, unsigned dictionary_bits) {
  lzma_options_lzma options{};
  if (lzma_lzma_preset(&options, settings.preset)) {
    return fail(ErrorCode::kInternal, "liblzma refuses a preset");
  }
  options.dict_size = 1U << dictionary_bits;
  options.lc = settings.lc;
  options.lp = settings.lp;
  options.pb = settings.pb;
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  LzmaStream lzma;
  if (lzma_raw_encoder(&lzma.stream, filters) != LZMA_OK) {
    return fail(ErrorCode::kInternal, "liblzma cannot start");
  }
  Bytes packed;
  Bytes block(kBlockBytes);
  const auto run = [&](ByteView input, lzma_action action) -> Status {
    lzma.stream.next_in = input.data();
    lzma.stream.avail_in = input.size();
    while (true) {
      lzma.stream.next_out = block.data();
      lzma.stream.avail_out = block.size();
      const lzma_ret result = lzma_code(&lzma.stream, action);
      append(packed, ByteView(block).first(block.size() - lzma.stream.avail_out));
      if (result == LZMA_STREAM_END) return {};
      if (result != LZMA_OK)
        return fail(ErrorCode::kInternal, fmt::format("liblzma failed: {}", static_cast<int>(result)));
      if (action == LZMA_RUN && lzma.stream.avail_in == 0) return {};
    }
  };
  STELLA_CHECK(feed([&](ByteView bytes) { return run(bytes, LZMA_RUN); }));
  STELLA_CHECK(run({}, LZMA_FINISH));
  return packed;
}

Result<Bytes> pack_zstd(const LiteralFeed& feed, unsigned dictionary_bits) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  if (!context) return fail(ErrorCode::kLimitExceeded, "no memory for libzstd");
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, 3);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, static_cast<int>(dictionary_bits));
  Bytes packed;
  Bytes block(kBlockBytes);
  const auto run = [&](ByteView bytes, ZSTD_EndDirective directive) -> Status {
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    while (true) {
      ZSTD_outBuffer output{block.data(), block.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context.get(), &output, &input, directive);
      if (ZSTD_isError(left) != 0) {
        return fail(ErrorCode::kInternal, fmt::format("libzstd failed: {}", ZSTD_getErrorName(left)));
      }
      append(packed, ByteView(block).first(output.pos));
      if (directive == ZSTD_e_end ? left == 0 : input.pos == input.size) return {};
    }
  };
  STELLA_CHECK(feed([&](ByteView bytes) { return run(bytes, ZSTD_e_continue); }));
  STELLA_CHECK(run({}, ZSTD_e_end));
  return packed;
}

}  // namespace

Result<PackedLiterals> pack_literals(std::uint64_t size_bytes, const LiteralFeed& feed, Level level) {
  PackedLiterals best{.dictionary_bits = dictionary_bits_for(size_bytes)};
  STELLA_CHECK(feed([&](ByteView bytes) -> Status {
    if (best.bytes.size() + bytes.size() <= kBlockBytes) append(best.bytes, bytes);
    return {};
  }));
  const bool small = size_bytes <= kBlockBytes;
  if (size_bytes == 0) return best;
  bool any = small;
  const auto offer = [&](LiteralCoding coding, Result<Bytes> packed) -> Status {
    STELLA_CHECK(packed);
    if (!any || packed->size() < best.bytes.size()) {
      best.coding = coding;
      best.bytes = *std::move(packed);
      any = true;
    }
    return {};
  };
  if (level == Level::kFast && !small) {
    STELLA_CHECK(offer(LiteralCoding::kZstd, pack_zstd(feed, best.dictionary_bits)));
    return best;
  }
  if (level != Level::kBest) {
    STELLA_CHECK(offer(LiteralCoding::kLzma2, pack_lzma(feed, {6, 3, 0, 2}, best.dictionary_bits)));
    return best;
  }
  constexpr std::uint32_t kHardest = 9 | LZMA_PRESET_EXTREME;
  for (const LzmaSettings& settings :
       {LzmaSettings{kHardest, 3, 0, 0}, LzmaSettings{kHardest, 3, 0, 2}, LzmaSettings{kHardest, 2, 2, 2}}) {
    STELLA_CHECK(offer(LiteralCoding::kLzma2, pack_lzma(feed, settings, best.dictionary_bits)));
  }
  return best;
}

struct LiteralReader::State {
  StreamReader* input = nullptr;
  LiteralCoding coding = LiteralCoding::kStored;
  LzmaStream lzma{};
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> zstd{nullptr, &ZSTD_freeDCtx};
  ByteView pending{};  // of the input's buffer
  bool ended = false;

  void refill() {
    if (pending.empty()) pending = input->take(kBlockBytes);
  }

  Status read_stored(MutableByteView to) {
    while (!to.empty()) {
      const ByteView piece = input->take(to.size());
      if (piece.empty()) return corrupt("the delta has fewer literals than its segments need");
      std::ranges::copy(piece, to.begin());
      to = to.subspan(piece.size());
    }
    return {};
  }

  // Unpacks up to to.size() bytes and says how many came.
  Result<std::size_t> step(MutableByteView to) {
    refill();
    if (coding == LiteralCoding::kLzma2) {
      lzma.stream.next_in = pending.data();
      lzma.stream.avail_in = pending.size();
      lzma.stream.next_out = to.data();
      lzma.stream.avail_out = to.size();
      const lzma_ret result = lzma_code(&lzma.stream, pending.empty() ? LZMA_FINISH : LZMA_RUN);
      pending = pending.last(lzma.stream.avail_in);
      if (result == LZMA_STREAM_END) {
        ended = true;
      } else if (result != LZMA_OK) {
        return corrupt("the literals cannot be unpacked by liblzma");
      }
      return to.size() - lzma.stream.avail_out;
    }
    const bool starved = pending.empty();
    ZSTD_inBuffer in{pending.data(), pending.size(), 0};
    ZSTD_outBuffer out{to.data(), to.size(), 0};
    const std::size_t left = ZSTD_decompressStream(zstd.get(), &out, &in);
    if (ZSTD_isError(left) != 0) return corrupt("the literals cannot be unpacked by libzstd");
    pending = pending.subspan(in.pos);
    if (left == 0) ended = true;
    if (starved && !ended && out.pos == 0) return corrupt("the literals end too early");
    return out.pos;
  }
};

LiteralReader::LiteralReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
LiteralReader::LiteralReader(LiteralReader&&) noexcept = default;
LiteralReader& LiteralReader::operator=(LiteralReader&&) noexcept = default;
LiteralReader::~LiteralReader() = default;

Result<LiteralReader> LiteralReader::open(LiteralCoding coding, unsigned dictionary_bits,
                                          StreamReader& input) {
  if (dictionary_bits < kDictionaryBitsMin || dictionary_bits > kDictionaryBitsMax) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "the literals need a dictionary of an unusual size",
                 .where = "literal stream",
                 .expected = fmt::format("2^{} to 2^{} bytes", kDictionaryBitsMin, kDictionaryBitsMax),
                 .found = fmt::format("2^{}", dictionary_bits)});
  }
  auto state = std::make_unique<State>();
  state->input = &input;
  state->coding = coding;
  switch (coding) {
    case LiteralCoding::kStored:
      break;
    case LiteralCoding::kLzma2: {
      lzma_options_lzma options{};
      options.dict_size = 1U << dictionary_bits;
      const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
      if (lzma_raw_decoder(&state->lzma.stream, filters) != LZMA_OK) {
        return fail(ErrorCode::kInternal, "liblzma cannot start");
      }
      break;
    }
    case LiteralCoding::kZstd:
      state->zstd.reset(ZSTD_createDCtx());
      if (!state->zstd) return fail(ErrorCode::kLimitExceeded, "no memory for libzstd");
      ZSTD_DCtx_setParameter(state->zstd.get(), ZSTD_d_windowLogMax, static_cast<int>(kDictionaryBitsMax));
      break;
    default:
      return fail({.code = ErrorCode::kUnsupported,
                   .message = "the literals are packed in a way that this build does not know",
                   .where = "literal stream",
                   .expected = "coding 0, 1 or 2",
                   .found = fmt::format("{}", static_cast<unsigned>(coding)),
                   .next = "use a newer stella"});
  }
  return LiteralReader(std::move(state));
}

Status LiteralReader::read(MutableByteView to) {
  State& state = *state_;
  if (state.coding == LiteralCoding::kStored) return state.read_stored(to);
  while (!to.empty()) {
    if (state.ended) return corrupt("the delta has fewer literals than its segments need");
    STELLA_TRY(const std::size_t count, state.step(to));
    to = to.subspan(count);
  }
  return state.input->status();
}

Status LiteralReader::finish() {
  State& state = *state_;
  if (state.coding != LiteralCoding::kStored) {
    while (!state.ended) {
      std::uint8_t surplus = 0;
      STELLA_TRY(const std::size_t count, state.step({&surplus, 1}));
      if (count != 0) return corrupt("the delta has more literals than its segments need");
    }
  }
  STELLA_CHECK(state.input->status());
  if (!state.pending.empty() || !state.input->at_end()) return corrupt("bytes follow the literals");
  return {};
}

}  // namespace stella::delta
