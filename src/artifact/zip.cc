#include "zip.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "stella/base/reader.h"

namespace stella::artifact {
namespace {

constexpr std::uint32_t kLocalMagic = 0x04034b50;         // 4.3.7
constexpr std::uint32_t kDescriptorMagic = 0x08074b50;    // 4.3.9
constexpr std::uint32_t kCentralMagic = 0x02014b50;       // 4.3.12
constexpr std::uint32_t kEnd64Magic = 0x06064b50;         // 4.3.14
constexpr std::uint32_t kEnd64LocatorMagic = 0x07064b50;  // 4.3.15
constexpr std::uint32_t kEndMagic = 0x06054b50;           // 4.3.16

constexpr std::uint64_t kLocalBytes = 30;
constexpr std::uint64_t kCentralBytes = 46;
constexpr std::uint64_t kEnd64Bytes = 56;
constexpr std::uint64_t kEnd64LocatorBytes = 20;
constexpr std::uint64_t kEndBytes = 22;
constexpr std::uint64_t kCommentMaxBytes = 0xffff;

constexpr std::uint16_t kFlagEncrypted = 1 << 0;  // 4.4.4
constexpr std::uint16_t kFlagDescriptor = 1 << 3;
constexpr std::uint16_t kFlagPatch = 1 << 5;
constexpr std::uint16_t kFlagMasked = 1 << 13;
constexpr std::uint8_t kMadeByUnix = 3;   // 4.4.2
constexpr std::uint16_t kExtraZip64 = 1;  // 4.5.3
constexpr std::uint32_t kIn64 = 0xffffffff;

std::unexpected<Error> corrupt(std::string_view what, std::uint64_t offset) {
  return fail(ErrorCode::kCorrupt, fmt::format("zip archive {}", what), fmt::format("offset {}", offset));
}

Result<Bytes> read_bytes(const ByteSource& source, std::uint64_t offset, std::uint64_t size) {
  if (offset > source.size() || size > source.size() - offset) return corrupt("ends too early", offset);
  Bytes bytes(size);
  STELLA_CHECK(source.read_at(offset, bytes));
  return bytes;
}

struct Directory {
  std::uint64_t entries = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t records_end = 0;  // zip64: what lies between its end record …
  std::uint64_t locator = 0;      // … and the locator belongs to nobody we know
  std::uint64_t end = 0;          // behind the last record of the archive, without its comment
};

Result<std::uint64_t> find_end_record(const ByteSource& archive) {
  const std::uint64_t tail_size = std::min(archive.size(), kEndBytes + kCommentMaxBytes);
  const std::uint64_t tail_at = archive.size() - tail_size;
  STELLA_TRY(const Bytes tail, read_bytes(archive, tail_at, tail_size));
  for (std::size_t back = kEndBytes; back <= tail.size(); ++back) {
    const std::uint8_t* at = tail.data() + tail.size() - back;
    // The comment must reach exactly to the end: a record inside of a comment is not taken for the real one.
    if (load_le<std::uint32_t>(at) == kEndMagic && load_le<std::uint16_t>(at + 20) == back - kEndBytes) {
      return archive.size() - back;
    }
  }
  return corrupt("has no end record", archive.size());
}

Result<Directory> read_directory_end(const ByteSource& archive) {
  STELLA_TRY(const std::uint64_t at, find_end_record(archive));
  STELLA_TRY(const Bytes record, read_bytes(archive, at, kEndBytes));
  const auto u16 = [&](std::size_t offset) { return load_le<std::uint16_t>(record.data() + offset); };
  Directory directory{.entries = u16(10),
                      .offset = load_le<std::uint32_t>(record.data() + 16),
                      .size = load_le<std::uint32_t>(record.data() + 12),
                      .end = at + kEndBytes};
  std::uint64_t directory_end = at;
  if (at >= kEnd64LocatorBytes) {
    STELLA_TRY(const Bytes locator, read_bytes(archive, at - kEnd64LocatorBytes, kEnd64LocatorBytes));
    if (load_le<std::uint32_t>(locator.data()) == kEnd64LocatorMagic) {
      const auto end64_at = load_le<std::uint64_t>(locator.data() + 8);
      STELLA_TRY(const Bytes end64, read_bytes(archive, end64_at, kEnd64Bytes));
      if (load_le<std::uint32_t>(end64.data()) != kEnd64Magic)
        return corrupt("has no zip64 end record", end64_at);
      directory.entries = load_le<std::uint64_t>(end64.data() + 32);
      directory.size = load_le<std::uint64_t>(end64.data() + 40);
      directory.offset = load_le<std::uint64_t>(end64.data() + 48);
      directory_end = end64_at;
      const std::uint64_t locator_at = at - kEnd64LocatorBytes;
      if (end64_at > locator_at || kEnd64Bytes > locator_at - end64_at) {
        return corrupt("has a zip64 end record that does not end where it should", end64_at);
      }
      directory.records_end = end64_at + kEnd64Bytes;
      directory.locator = locator_at;
    }
  }
  if (u16(4) != 0 && u16(4) != 0xffff) {
    return fail(ErrorCode::kUnsupported, "zip archive in several parts");
  }
  if (directory.offset > directory_end || directory.size != directory_end - directory.offset) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "zip archive has a directory that does not end where it should",
                 .where = fmt::format("offset {}", directory.offset),
                 .expected = fmt::format("an end at {}", directory_end),
                 .found = fmt::format("{} bytes", directory.size)});
  }
  return directory;
}

struct CentralEntry {
  Entry entry;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint64_t local_offset = 0;
};

// Sizes and offset that do not fit 32 bits stand in an extra field, only those, in this order.
Status apply_zip64(ByteView extra, CentralEntry& central) {
  ByteReader reader(extra, "zip extra field");
  while (reader.remaining() >= 4) {
    STELLA_TRY(const auto id, reader.le<std::uint16_t>());
    STELLA_TRY(const auto size, reader.le<std::uint16_t>());
    STELLA_TRY(const ByteView field, reader.bytes(size));
    if (id != kExtraZip64) continue;
    ByteReader values(field, "zip64 extra field");
    if (central.entry.size_bytes == kIn64) {
      STELLA_TRY(central.entry.size_bytes, values.le<std::uint64_t>());
    }
    if (central.entry.stored_bytes == kIn64) {
      STELLA_TRY(central.entry.stored_bytes, values.le<std::uint64_t>());
    }
    if (central.local_offset == kIn64) {
      STELLA_TRY(central.local_offset, values.le<std::uint64_t>());
    }
  }
  return {};
}

void set_coding(CentralEntry& central) {
  if ((central.flags & (kFlagEncrypted | kFlagMasked)) != 0) {
    central.entry.cannot_open = "encrypted";
    return;
  }
  if ((central.flags & kFlagPatch) != 0) {
    central.entry.cannot_open = "zip patch data";
    return;
  }
  switch (central.method) {  // 4.4.5
    case 0:
      central.entry.coding = Coding::kStored;
      break;
    case 8:
      central.entry.coding = Coding::kDeflate;
      break;
    case 12:
      central.entry.coding = Coding::kBzip2;
      break;
    case 93:
      central.entry.coding = Coding::kZstd;
      break;
    case 95:
      central.entry.coding = Coding::kXz;
      break;
    default:
      central.entry.cannot_open = fmt::format("zip compression method {} is not supported", central.method);
  }
}

void set_kind(std::uint8_t made_by, std::uint32_t attributes, Entry& entry) {
  if (entry.name.ends_with('/') && entry.stored_bytes == 0) entry.kind = Kind::kDirectory;
  const std::uint32_t mode = attributes >> 16;
  if (made_by != kMadeByUnix || mode == 0) return;
  entry.mode = mode & 07777;
  if (S_ISLNK(mode)) entry.kind = Kind::kSymlink;
}

class ZipReader {
 public:
  ZipReader(const ByteSource& archive, const ReadLimits& limits) : archive_(archive), limits_(limits) {}

  Result<ZipContents> read(const TakeEntry& take) {
    STELLA_TRY(const Directory directory, read_directory_end(archive_));
    if (directory.entries > limits_.entries_max) return too_many_entries(limits_);
    std::vector<CentralEntry> entries;
    std::uint64_t at = directory.offset;
    const std::uint64_t end = directory.offset + directory.size;
    while (at < end) {
      if (entries.size() == directory.entries)
        return corrupt("has more entries than its end record says", at);
      STELLA_TRY(CentralEntry central, read_central(at, end));
      STELLA_CHECK(read_local(central, directory.offset));
      entries.push_back(std::move(central));
    }
    if (entries.size() != directory.entries) return corrupt("has fewer entries than its end record says", at);
    ZipContents contents;
    STELLA_TRY(contents.outside, find_outside(directory));
    for (CentralEntry& central : entries) STELLA_CHECK(take(std::move(central.entry)));
    return contents;
  }

 private:
  Result<CentralEntry> read_central(std::uint64_t& at, std::uint64_t end) {
    if (kCentralBytes > end - at) return corrupt("has a directory that ends inside an entry", at);
    STELLA_TRY(const Bytes header, read_bytes(archive_, at, kCentralBytes));
    const auto u16 = [&](std::size_t offset) { return load_le<std::uint16_t>(header.data() + offset); };
    const auto u32 = [&](std::size_t offset) { return load_le<std::uint32_t>(header.data() + offset); };
    if (u32(0) != kCentralMagic) return corrupt("has a directory entry that is none", at);
    const std::uint64_t name_size = u16(28);
    const std::uint64_t extra_size = u16(30);
    const std::uint64_t tail_size = name_size + extra_size + u16(32);
    if (tail_size > end - at - kCentralBytes) return corrupt("has a directory that ends inside an entry", at);
    if (name_size > limits_.name_size_max_bytes) return name_too_long(limits_, name_size);
    names_bytes_ += name_size;
    if (names_bytes_ > limits_.names_total_max_bytes) return names_too_long(limits_.names_total_max_bytes);
    STELLA_TRY(const Bytes tail, read_bytes(archive_, at + kCentralBytes, tail_size));
    CentralEntry central;
    central.entry.name = as_text(tail).substr(0, name_size);
    central.flags = u16(8);
    central.method = u16(10);
    central.entry.crc32 = u32(16);
    central.entry.stored_bytes = u32(20);
    central.entry.size_bytes = u32(24);
    central.local_offset = u32(42);
    const Status extra = apply_zip64(ByteView(tail).subspan(name_size, extra_size), central);
    if (!extra) return corrupt("has a damaged extra field", at);
    set_kind(header[5], u32(38), central.entry);
    set_coding(central);
    if (central.method == 0 && central.entry.cannot_open.empty() &&
        central.entry.stored_bytes != *central.entry.size_bytes) {
      return corrupt("stores a member under two sizes", at);
    }
    at += kCentralBytes + tail_size;
    return central;
  }

  Status read_local(CentralEntry& central, std::uint64_t directory_offset) {
    const std::uint64_t at = central.local_offset;
    if (at > directory_offset || kLocalBytes > directory_offset - at) {
      return corrupt("has a local header that lies outside of it", at);
    }
    STELLA_TRY(const Bytes header, read_bytes(archive_, at, kLocalBytes));
    const auto u16 = [&](std::size_t offset) { return load_le<std::uint16_t>(header.data() + offset); };
    if (load_le<std::uint32_t>(header.data()) != kLocalMagic)
      return corrupt("has a local header that is none", at);
    const std::uint64_t name_size = u16(26);
    STELLA_TRY(const Bytes name, read_bytes(archive_, at + kLocalBytes, name_size));
    if (as_text(name) != central.entry.name || u16(8) != central.method ||
        ((u16(6) ^ central.flags) & kFlagEncrypted) != 0) {
      return corrupt(
          fmt::format("says one thing of \"{}\" in its directory and another before it", central.entry.name),
          at);
    }
    const std::uint64_t data_at = at + kLocalBytes + name_size + u16(28);
    if (data_at > directory_offset || central.entry.stored_bytes > directory_offset - data_at) {
      return corrupt("has a member that reaches into its directory", at);
    }
    central.entry.offset_bytes = data_at;
    const std::uint64_t data_end = data_at + central.entry.stored_bytes;
    std::uint64_t claimed_end = data_end;
    if ((central.flags & kFlagDescriptor) != 0) {
      STELLA_TRY(const std::uint64_t size, descriptor_size(central, data_end, directory_offset));
      claimed_end += size;
    }
    claimed_.push_back({.offset_bytes = at, .size_bytes = claimed_end - at});
    return {};
  }

  // A descriptor has its magic or not, and sizes of 4 or of 8 bytes; what it says must be what the directory
  // says. None that fits claims nothing.
  Result<std::uint64_t> descriptor_size(const CentralEntry& central, std::uint64_t at, std::uint64_t end) {
    STELLA_TRY(const Bytes bytes, read_bytes(archive_, at, std::min<std::uint64_t>(24, end - at)));
    for (const std::size_t magic_size : {std::size_t{4}, std::size_t{0}}) {
      for (const std::size_t width : {std::size_t{4}, std::size_t{8}}) {
        const std::size_t size = magic_size + 4 + 2 * width;
        if (size > bytes.size()) continue;
        if (magic_size != 0 && load_le<std::uint32_t>(bytes.data()) != kDescriptorMagic) continue;
        const std::uint8_t* sum = bytes.data() + magic_size;
        const auto number = [&](const std::uint8_t* from) {
          return width == 4 ? load_le<std::uint32_t>(from) : load_le<std::uint64_t>(from);
        };
        if (load_le<std::uint32_t>(sum) == *central.entry.crc32 &&
            number(sum + 4) == central.entry.stored_bytes &&
            number(sum + 4 + width) == *central.entry.size_bytes) {
          return size;
        }
      }
    }
    return 0;
  }

  // Entries that overlap multiply their bytes (the bomb of D. Fifield); what lies between them belongs to
  // none.
  Result<std::vector<Range>> find_outside(const Directory& directory) {
    std::ranges::sort(claimed_, {},
                      [](const Range& range) { return std::pair(range.offset_bytes, range.size_bytes); });
    std::vector<Range> outside;
    const auto add = [&](std::uint64_t from, std::uint64_t until) {
      if (from < until) outside.push_back({.offset_bytes = from, .size_bytes = until - from});
    };
    std::uint64_t end = 0;
    for (const Range& range : claimed_) {
      if (range.offset_bytes < end) return corrupt("has entries that overlap", range.offset_bytes);
      add(end, range.offset_bytes);
      end = range.offset_bytes + range.size_bytes;
    }
    add(end, directory.offset);
    add(directory.records_end, directory.locator);
    add(directory.end, archive_.size());
    return outside;
  }

  const ByteSource& archive_;
  const ReadLimits& limits_;
  std::vector<Range> claimed_;
  std::uint64_t names_bytes_ = 0;
};

}  // namespace

bool looks_like_zip(ByteView first_bytes) {
  if (first_bytes.size() < 4) return false;
  const auto magic = load_le<std::uint32_t>(first_bytes.data());
  return magic == kLocalMagic || magic == kEndMagic;
}

Result<ZipContents> read_zip(const ByteSource& archive, const ReadLimits& limits, const TakeEntry& take) {
  return ZipReader(archive, limits).read(take);
}

}  // namespace stella::artifact
