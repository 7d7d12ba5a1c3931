#include "stella/delta/apply.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "corrections.h"
#include "delta_file.h"
#include "windows.h"

namespace stella::delta {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 18;
constexpr std::size_t kBlocksInFlightMax = 8;

// A thread that runs `work`, or none where the system has no more of them.
template <typename Work>
std::jthread try_thread(Work work) {
  try {
    return std::jthread(std::move(work));
  } catch (const std::system_error&) {
    return {};
  }
}

// Hashes and writes blocks in order, on a thread of its own if there is one.
class Output {
 public:
  Output(ByteSink& sink, bool threaded) : sink_(sink) {
    if (threaded) thread_ = try_thread([this] { drain(); });
  }
  ~Output() { close(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Gathers small pieces into blocks. Errors: those of the sink, possibly of an earlier block.
  Status write(ByteView bytes) {
    append(block_, bytes);
    return block_.size() >= kBlockBytes ? flush() : Status{};
  }
  Result<Digest> finish() {
    STELLA_CHECK(flush());
    close();
    STELLA_CHECK(status_);
    return hash_.finish();
  }

 private:
  Status flush() {
    if (!thread_.joinable()) {
      const Status status = put(block_);
      block_.clear();
      return status;
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return queue_.size() < kBlocksInFlightMax; });
    STELLA_CHECK(status_);
    queue_.push_back(std::move(block_));
    block_ = Bytes();
    block_.reserve(kBlockBytes + 65536);
    changed_.notify_all();
    return {};
  }
  // May run on the thread of its own, so that nothing may be thrown out of it.
  Status put(ByteView bytes) try {
    hash_.update(bytes);
    return sink_.write(bytes);
  } catch (const std::exception& error) {
    return fail(ErrorCode::kLimitExceeded, error.what());
  }
  void drain() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return !queue_.empty() || closed_; });
      if (queue_.empty()) return;
      const Bytes block = std::move(queue_.front());
      const bool good = status_.has_value();
      lock.unlock();
      const Status status = good ? put(block) : Status{};
      lock.lock();
      if (!status) status_ = status;
      queue_.pop_front();
      changed_.notify_all();
    }
  }
  void close() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  ByteSink& sink_;
  Sha256 hash_;
  Bytes block_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Bytes> queue_;
  Status status_;
  bool closed_ = false;
  std::jthread thread_;
};

// Runs on a thread of its own, so that nothing may be thrown out of it.
Result<Digest> hash_of(const ByteSource& source) try {
  Sha256 hash;
  STELLA_CHECK(for_each_block(source, kBlockBytes, [&](ByteView block) -> Status {
    hash.update(block);
    return {};
  }));
  return hash.finish();
} catch (const std::exception& error) {
  return fail(ErrorCode::kLimitExceeded, error.what(), source.name());
}

std::unexpected<Error> wrong_base(const ByteSource& base, std::string expected, std::string found) {
  return fail({.code = ErrorCode::kUntrusted,
               .message = "this delta is for another base",
               .where = base.name(),
               .expected = std::move(expected),
               .found = std::move(found),
               .next = "give the base that the delta was made from"});
}

class WindowMaker {
 public:
  WindowMaker(const ByteSource& base, const ByteSource& delta_bin, Output& output, std::uint64_t target_size,
              const Progress& progress)
      : base_(base),
        delta_bin_(delta_bin),
        pages_(base),
        output_(output),
        target_size_(target_size),
        progress_(progress) {}

  Status make(const DeltaFile& file, const WindowHead& head, std::uint64_t& add_left) {
    STELLA_TRY(const std::vector<Segment> segments, file.segments(head));
    const AddressMap map(file.images(), segments, head.target_offset_bytes);
    StreamReader corrections(delta_bin_, head.corrections.offset_bytes, head.corrections.size_bytes);
    RangeDecoder decoder(corrections);
    std::optional<CorrectionCoder<RangeDecoder>> walker;
    StreamReader packed(delta_bin_, head.literals.offset_bytes, head.literals.size_bytes);
    STELLA_TRY(LiteralReader literals,
               LiteralReader::open(head.literal_coding, head.dictionary_bits, packed));
    std::uint64_t offset = head.target_offset_bytes;
    for (const Segment& segment : segments) {
      if (segment.kind != SegmentKind::kCopy) {
        if (segment.length_bytes > add_left) {
          return fail({.code = ErrorCode::kLimitExceeded,
                       .message = "the delta adds more bytes than are allowed",
                       .where = fmt::format("target offset {}", offset),
                       .next = "raise --max-add-bytes if the delta is to be trusted"});
        }
        add_left -= segment.length_bytes;
      }
      switch (segment.kind) {
        case SegmentKind::kCopy:
          STELLA_CHECK(copy(segment));
          break;
        case SegmentKind::kLiteral:
          STELLA_CHECK(take_literals(literals, segment.length_bytes));
          break;
        case SegmentKind::kMatch:
          if (!walker) walker.emplace(decoder, head.correction_coding, file.images(), map);
          STELLA_CHECK(walk(*walker, segment, offset, file.images().areas));
          break;
      }
      offset += segment.length_bytes;
      report_progress(progress_, "applying", offset, target_size_);
    }
    STELLA_CHECK(literals.finish());
    STELLA_CHECK(corrections.status());
    if (!walker && head.corrections.size_bytes != 0) {
      return fail(ErrorCode::kCorrupt, "a window without matches has corrections");
    }
    if (walker && !corrections.at_end()) {
      return fail(ErrorCode::kCorrupt, "bytes follow the corrections of a window");
    }
    return {};
  }

 private:
  Status walk(CorrectionCoder<RangeDecoder>& walker, const Segment& match, std::uint64_t target_offset,
              std::span<const Area> areas) {
    return for_each_part(match, target_offset, areas, [&](const PartPlace& place) -> Status {
      base_part_.resize(static_cast<std::size_t>(place.size_bytes));
      target_part_.resize(base_part_.size());
      STELLA_CHECK(pages_.read_at(place.base_offset_bytes, base_part_));
      walker.walk({.base = base_part_.data(),
                   .target = target_part_.data(),
                   .size_bytes = base_part_.size(),
                   .base_offset_bytes = place.base_offset_bytes,
                   .target_offset_bytes = place.target_offset_bytes,
                   .area = place.area});
      return output_.write(target_part_);
    });
  }
  Status copy(const Segment& segment) {
    for (std::uint64_t done = 0; done < segment.length_bytes;) {
      block_.resize(
          static_cast<std::size_t>(std::min<std::uint64_t>(kBlockBytes, segment.length_bytes - done)));
      const std::uint64_t offset = segment.base_offset_bytes + done;
      // Long copies would only push out the pages that matches need.
      STELLA_CHECK(block_.size() == kBlockBytes ? base_.read_at(offset, block_)
                                                : pages_.read_at(offset, block_));
      STELLA_CHECK(output_.write(block_));
      done += block_.size();
    }
    return {};
  }
  Status take_literals(LiteralReader& literals, std::uint64_t size) {
    while (size != 0) {
      block_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kBlockBytes, size)));
      STELLA_CHECK(literals.read(block_));
      STELLA_CHECK(output_.write(block_));
      size -= block_.size();
    }
    return {};
  }

  const ByteSource& base_;
  const ByteSource& delta_bin_;
  PageCache pages_;
  Output& output_;
  std::uint64_t target_size_;
  const Progress& progress_;
  Bytes block_;
  Bytes base_part_;
  Bytes target_part_;
};

Result<Applied> apply_all(const ByteSource& base, const ByteSource& delta_bin, ByteSink& target,
                          const ApplyOptions& options, const Progress& progress) {
  STELLA_TRY(DeltaFile file, DeltaFile::open(delta_bin));
  const Header& header = file.header();
  if (header.target_size_bytes > options.target_max_bytes) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "the delta makes a larger file than is allowed",
                 .where = delta_bin.name(),
                 .expected = fmt::format("at most {} bytes", options.target_max_bytes),
                 .found = fmt::format("{} bytes", header.target_size_bytes),
                 .next = "do not trust this delta"});
  }
  STELLA_CHECK(file.check_digest());
  if (base.size() != header.base_size_bytes) {
    return wrong_base(base, fmt::format("{} bytes", header.base_size_bytes), fmt::format("{}", base.size()));
  }
  const bool threaded = options.threads > 1;
  Result<Digest> base_sha256 = Digest{};
  std::jthread hasher;
  if (threaded) hasher = try_thread([&] { base_sha256 = hash_of(base); });
  const bool hashed = !hasher.joinable();
  if (hashed) base_sha256 = hash_of(base);
  const auto check_base = [&]() -> Status {
    if (hasher.joinable()) hasher.join();
    STELLA_CHECK(base_sha256);
    if (*base_sha256 == header.base_sha256) return {};
    return wrong_base(base, sha256_text(header.base_sha256), sha256_text(*base_sha256));
  };
  if (hashed) STELLA_CHECK(check_base());

  Output output(target, threaded);
  const auto make_all = [&]() -> Status {
    WindowMaker maker(base, delta_bin, output, header.target_size_bytes, progress);
    std::uint64_t add_left = options.add_max_bytes;
    while (true) {
      STELLA_TRY(const std::optional<WindowHead> head, file.next_window());
      if (!head) return {};
      STELLA_CHECK(maker.make(file, *head, add_left));
    }
  };
  const Status made = make_all();
  // A wrong base explains every other error.
  STELLA_CHECK(check_base());
  if (!made) {
    const bool about_delta = made.error().code != ErrorCode::kIo;
    return std::unexpected(about_delta ? Error(made.error()).at(delta_bin.name()) : made.error());
  }
  STELLA_TRY(const Digest target_sha256, output.finish());
  if (target_sha256 != header.target_sha256) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "the delta makes other bytes than it promises",
                 .where = delta_bin.name(),
                 .expected = sha256_text(header.target_sha256),
                 .found = sha256_text(target_sha256),
                 .next = "get the delta again, or make it anew"});
  }
  return Applied{*base_sha256, target_sha256, header.target_size_bytes};
}

}  // namespace

Result<Applied> apply(const ByteSource& base, const ByteSource& delta_bin, ByteSink& target,
                      const ApplyOptions& options, const Progress& progress) {
  try {
    return apply_all(base, delta_bin, target, options, progress);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kLimitExceeded, "not enough memory to apply the delta", delta_bin.name());
  } catch (const std::exception& error) {
    return fail(ErrorCode::kInternal, error.what(), delta_bin.name());
  }
}

}  // namespace stella::delta
