#include "stella/oci/tar.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "tar_header.h"

namespace stella::oci {
namespace {

constexpr std::uint64_t round_up(std::uint64_t size) {
  return (size + kTarBlockBytes - 1) / kTarBlockBytes * kTarBlockBytes;
}

// A block of the old GNU sparse format: pairs of offset and size, then a flag that another block follows.
struct SparseTable {
  std::size_t first_pair;
  std::size_t pairs;
  std::size_t more_flag;
};
constexpr SparseTable kSparseInHeader{.first_pair = 386, .pairs = 4, .more_flag = 482};
constexpr SparseTable kSparseInBlock{.first_pair = 0, .pairs = 21, .more_flag = 504};
constexpr std::size_t kSparseRealSize = 483;
constexpr std::size_t kNumberBytes = 12;

class TarReader {
 public:
  TarReader(const ByteSource& archive, const TarLimits& limits) : archive_(archive), limits_(limits) {}

  Result<std::uint64_t> read(const std::function<Status(TarEntry&&)>& take) {
    std::uint64_t entries = 0;
    Bytes block(kTarBlockBytes);
    while (offset_ < archive_.size()) {
      const std::uint64_t start = offset_;
      STELLA_CHECK(read_into(block));
      if (is_zero(block)) return start;
      if (!checksum_fits(block)) {
        return fail(ErrorCode::kCorrupt, "tar header has a wrong checksum", fmt::format("offset {}", start));
      }
      const auto type = static_cast<char>(block[offsetof(TarHeader, typeflag)]);
      auto step = read_special(type, block);
      if (!step) return std::unexpected(std::move(step).error().at(fmt::format("offset {}", start)));
      if (*step) continue;
      if (++entries > limits_.entries_max) {
        return fail({.code = ErrorCode::kLimitExceeded,
                     .message = "tar has too many entries",
                     .expected = fmt::format("at most {}", limits_.entries_max)});
      }
      auto entry = read_entry(type, block);
      if (!entry) return std::unexpected(std::move(entry).error().at(fmt::format("offset {}", start)));
      extras_ = {};
      STELLA_CHECK(count_index(*entry));
      STELLA_CHECK(take(*std::move(entry)));
    }
    if (dangling_) return fail(ErrorCode::kCorrupt, "tar ends after a header that announces an entry");
    return offset_;
  }

 private:
  Status read_into(MutableByteView to) {
    if (to.size() > archive_.size() - offset_) {
      return fail({.code = ErrorCode::kCorrupt,
                   .message = "tar ends too early",
                   .where = fmt::format("offset {}", offset_),
                   .expected = fmt::format("{} more bytes", to.size()),
                   .found = fmt::format("{}", archive_.size() - offset_)});
    }
    STELLA_CHECK(archive_.read_at(offset_, to));
    offset_ += to.size();
    return {};
  }

  // Moves behind `size` bytes of data and their padding. The last padding of an archive may be missing.
  Status skip_data(std::uint64_t size) {
    if (size > archive_.size() - offset_) {
      return fail({.code = ErrorCode::kCorrupt,
                   .message = "tar entry reaches behind the end of the archive",
                   .where = fmt::format("offset {}", offset_),
                   .expected = fmt::format("{} more bytes", size),
                   .found = fmt::format("{}", archive_.size() - offset_)});
    }
    offset_ = std::min(offset_ + round_up(size), archive_.size());
    return {};
  }

  Status count_index(const TarEntry& entry) {
    index_bytes_ += entry.name.size() + entry.link_target.size() + entry.extents.size() * sizeof(TarExtent);
    if (index_bytes_ <= limits_.index_size_max_bytes) return {};
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "names of a tar's entries are too long altogether",
                 .where = fmt::format("offset {}", offset_),
                 .expected = fmt::format("at most {} bytes", limits_.index_size_max_bytes),
                 .found = "more"});
  }

  // Reads headers that only say something about the next one; true when this was one.
  Result<bool> read_special(char type, ByteView block) {
    if (std::string_view("xXgLK").find(type) == std::string_view::npos) return false;
    STELLA_TRY(const std::uint64_t size,
               tar_number(block.subspan(offsetof(TarHeader, size), kNumberBytes), "size"));
    if (size > limits_.header_size_max_bytes) {
      return fail({.code = ErrorCode::kLimitExceeded,
                   .message = "extended header of a tar entry is too large",
                   .expected = fmt::format("at most {} bytes", limits_.header_size_max_bytes),
                   .found = fmt::format("{}", size)});
    }
    if (size > archive_.size() - offset_) return fail(ErrorCode::kCorrupt, "extended header is cut off");
    Bytes data(size);
    STELLA_CHECK(archive_.read_at(offset_, data));
    STELLA_CHECK(skip_data(size));
    dangling_ = type != 'g';
    switch (type) {
      case 'g':
        STELLA_CHECK(check_global_pax(data));
        break;
      case 'L':
        long_name_ = tar_text(data);
        break;
      case 'K':
        long_link_ = tar_text(data);
        break;
      default:
        STELLA_CHECK(parse_pax(data, limits_, extras_));
    }
    return true;
  }

  Result<TarEntry> read_entry(char type, ByteView block) {
    dangling_ = false;
    TarEntry entry;
    STELLA_CHECK(read_names(block, entry));
    STELLA_TRY(entry.kind, kind_of(type, entry.name));
    STELLA_TRY(const std::uint64_t mode,
               tar_number(block.subspan(offsetof(TarHeader, mode), sizeof(TarHeader::mode)), "mode"));
    entry.mode = static_cast<std::uint32_t>(mode & 07777);
    STELLA_TRY(entry.stored_bytes,
               tar_number(block.subspan(offsetof(TarHeader, size), kNumberBytes), "size"));
    if (extras_.size_bytes) entry.stored_bytes = *extras_.size_bytes;
    // Links and the like have no data, whatever their size field says (GNU tar and Go read it so too).
    if (entry.kind != TarKind::kFile && type != 'D') entry.stored_bytes = 0;
    if (type == 'S') STELLA_CHECK(read_old_sparse(block));
    entry.offset_bytes = offset_;
    entry.size_bytes = entry.stored_bytes;
    STELLA_CHECK(skip_data(entry.stored_bytes));
    if (entry.kind == TarKind::kDirectory) entry.stored_bytes = entry.size_bytes = 0;
    if (entry.kind == TarKind::kFile) STELLA_CHECK(finish_sparse(entry));
    return entry;
  }

  Status read_names(ByteView block, TarEntry& entry) {
    const auto field = [&](std::size_t offset, std::size_t size) {
      return std::string(tar_text(block.subspan(offset, size)));
    };
    entry.name = field(offsetof(TarHeader, name), sizeof(TarHeader::name));
    const bool posix =
        as_text(block.subspan(offsetof(TarHeader, magic), 6)) == std::string_view("ustar\0", 6);
    const std::string prefix = field(offsetof(TarHeader, prefix), sizeof(TarHeader::prefix));
    if (posix && !prefix.empty()) entry.name = prefix + "/" + entry.name;
    entry.link_target = field(offsetof(TarHeader, linkname), sizeof(TarHeader::linkname));
    if (auto name = std::exchange(long_name_, {})) entry.name = *std::move(name);
    if (auto name = std::exchange(long_link_, {})) entry.link_target = *std::move(name);
    if (extras_.path) entry.name = *extras_.path;
    if (extras_.link_path) entry.link_target = *extras_.link_path;
    if (extras_.sparse_name) entry.name = *extras_.sparse_name;
    const std::size_t longest = std::max(entry.name.size(), entry.link_target.size());
    if (longest > limits_.name_size_max_bytes) {
      return fail({.code = ErrorCode::kLimitExceeded,
                   .message = "name of a tar entry is too long",
                   .expected = fmt::format("at most {} bytes", limits_.name_size_max_bytes),
                   .found = fmt::format("{}", longest)});
    }
    return {};
  }

  static Result<TarKind> kind_of(char type, std::string_view name) {
    switch (type) {
      case '\0':  // v7 marks a directory by its name only
      case '0':
        return name.ends_with('/') ? TarKind::kDirectory : TarKind::kFile;
      case '1':
        return TarKind::kHardlink;
      case '2':
        return TarKind::kSymlink;
      case '3':
      case '4':
        return TarKind::kDevice;
      case '5':
      case 'D':
      case 'V':
        return TarKind::kDirectory;
      case '6':
        return TarKind::kFifo;
      case 'M':
        return fail(ErrorCode::kUnsupported, "tar of several volumes");
      default:
        return TarKind::kFile;  // as POSIX demands for what a reader does not know
    }
  }

  Status read_pairs(ByteView block, const SparseTable& table) {
    for (std::size_t i = 0; i < table.pairs; ++i) {
      const std::size_t at = table.first_pair + i * 2 * kNumberBytes;
      if (block[at] == 0) break;
      TarExtent extent;
      STELLA_TRY(extent.at_bytes, tar_number(block.subspan(at, kNumberBytes), "sparse offset"));
      STELLA_TRY(extent.size_bytes,
                 tar_number(block.subspan(at + kNumberBytes, kNumberBytes), "sparse size"));
      if (extras_.extents.size() >= limits_.extents_max) {
        return fail({.code = ErrorCode::kLimitExceeded,
                     .message = "sparse file has too many parts",
                     .expected = fmt::format("at most {}", limits_.extents_max)});
      }
      extras_.extents.push_back(extent);
    }
    return {};
  }

  Status read_old_sparse(ByteView header) {
    extras_.extents.clear();
    extras_.has_extents = true;
    STELLA_TRY(extras_.sparse_size_bytes,
               tar_number(header.subspan(kSparseRealSize, kNumberBytes), "real size"));
    STELLA_CHECK(read_pairs(header, kSparseInHeader));
    Bytes block(kTarBlockBytes);
    for (bool more = header[kSparseInHeader.more_flag] != 0; more;) {
      STELLA_CHECK(read_into(block));
      STELLA_CHECK(read_pairs(block, kSparseInBlock));
      more = block[kSparseInBlock.more_flag] != 0;
    }
    return {};
  }

  // Format 1.0: decimal lines before the data, padded to a block: count, then offset and size of each part.
  Status read_map_in_data(TarEntry& entry) {
    std::uint64_t used = 0;
    const auto next = [&]() -> Result<std::uint64_t> {
      std::string digits;
      for (std::uint8_t byte = 0;; digits += static_cast<char>(byte)) {
        if (used == entry.stored_bytes || digits.size() > 20) {
          return fail(ErrorCode::kCorrupt, "map of a sparse file does not end");
        }
        STELLA_CHECK(map_byte(entry, used++, byte));
        if (byte == '\n') break;
      }
      std::uint64_t number = 0;
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
      if (error != std::errc{} || end != digits.data() + digits.size()) {
        return fail(ErrorCode::kCorrupt, "map of a sparse file holds no number");
      }
      return number;
    };
    STELLA_TRY(const std::uint64_t count, next());
    if (count > limits_.extents_max) {
      return fail({.code = ErrorCode::kLimitExceeded,
                   .message = "sparse file has too many parts",
                   .expected = fmt::format("at most {}", limits_.extents_max),
                   .found = fmt::format("{}", count)});
    }
    for (std::uint64_t i = 0; i < count; ++i) {
      TarExtent extent;
      STELLA_TRY(extent.at_bytes, next());
      STELLA_TRY(extent.size_bytes, next());
      extras_.extents.push_back(extent);
    }
    const std::uint64_t map_bytes = std::min(round_up(used), entry.stored_bytes);
    entry.offset_bytes += map_bytes;
    entry.stored_bytes -= map_bytes;
    return {};
  }

  Status map_byte(const TarEntry& entry, std::uint64_t index, std::uint8_t& byte) {
    if (index % kTarBlockBytes == 0) {
      map_block_.resize(
          static_cast<std::size_t>(std::min<std::uint64_t>(kTarBlockBytes, entry.stored_bytes - index)));
      STELLA_CHECK(archive_.read_at(entry.offset_bytes + index, map_block_));
    }
    byte = map_block_[index % kTarBlockBytes];
    return {};
  }

  Status finish_sparse(TarEntry& entry) {
    if (extras_.map_in_data) {
      extras_.extents.clear();
      STELLA_CHECK(read_map_in_data(entry));
    } else if (!extras_.has_extents) {
      return {};
    }
    entry.sparse = true;
    entry.size_bytes = extras_.sparse_size_bytes.value_or(0);
    entry.extents = std::move(extras_.extents);
    std::uint64_t end = 0;
    std::uint64_t stored = 0;
    for (const TarExtent& extent : entry.extents) {
      if (extent.at_bytes < end || extent.at_bytes > entry.size_bytes ||
          extent.size_bytes > entry.size_bytes - extent.at_bytes) {
        return fail(ErrorCode::kCorrupt, "parts of a sparse file overlap or lie outside of it", entry.name);
      }
      end = extent.at_bytes + extent.size_bytes;
      stored += extent.size_bytes;
    }
    if (stored != entry.stored_bytes) {
      return fail({.code = ErrorCode::kCorrupt,
                   .message = "parts of a sparse file do not add up",
                   .where = entry.name,
                   .expected = fmt::format("{} bytes", entry.stored_bytes),
                   .found = fmt::format("{}", stored)});
    }
    std::erase_if(entry.extents, [](const TarExtent& extent) { return extent.size_bytes == 0; });
    return {};
  }

  const ByteSource& archive_;
  const TarLimits& limits_;
  std::uint64_t offset_ = 0;
  std::uint64_t index_bytes_ = 0;
  TarExtras extras_;
  std::optional<std::string> long_name_;
  std::optional<std::string> long_link_;
  bool dangling_ = false;  // the last header announced an entry
  Bytes map_block_;
};

}  // namespace

bool looks_like_tar(ByteView block) {
  return block.size() >= kTarBlockBytes && !is_zero(block.first(kTarBlockBytes)) &&
         checksum_fits(block.first(kTarBlockBytes));
}

Result<std::uint64_t> read_tar(const ByteSource& archive, const TarLimits& limits,
                               const std::function<Status(TarEntry&&)>& take) {
  return TarReader(archive, limits).read(take);
}

}  // namespace stella::oci
