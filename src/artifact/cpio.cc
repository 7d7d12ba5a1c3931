#include "cpio.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <charconv>

namespace stella::artifact {
namespace {

struct CpioHeader {  // cpio(5), "New ASCII Format": hexadecimal numbers
  char magic[6];
  char inode[8];
  char mode[8];
  char uid[8];
  char gid[8];
  char link_count[8];
  char mtime[8];
  char file_size[8];
  char device_major[8];
  char device_minor[8];
  char special_major[8];
  char special_minor[8];
  char name_size[8];
  char check[8];
};
static_assert(sizeof(CpioHeader) == 110 && alignof(CpioHeader) == 1);

constexpr std::string_view kTrailer = "TRAILER!!!";

std::unexpected<Error> corrupt(std::string_view what, std::uint64_t offset) {
  return fail(ErrorCode::kCorrupt, fmt::format("cpio archive {}", what), fmt::format("offset {}", offset));
}

Result<std::uint32_t> number(const char (&field)[8], std::uint64_t offset) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(field, field + sizeof field, value, 16);
  if (error != std::errc{} || end != field + sizeof field)
    return corrupt("has no number in a header", offset);
  return value;
}

Kind kind_of(std::uint32_t mode) {
  if (S_ISDIR(mode)) return Kind::kDirectory;
  if (S_ISLNK(mode)) return Kind::kSymlink;
  if (S_ISFIFO(mode)) return Kind::kFifo;
  if (S_ISCHR(mode) || S_ISBLK(mode) || S_ISSOCK(mode)) return Kind::kDevice;
  return Kind::kFile;
}

constexpr std::uint64_t round_up4(std::uint64_t size) { return (size + 3) / 4 * 4; }

class CpioReader {
 public:
  CpioReader(const ByteSource& archive, const ReadLimits& limits) : archive_(archive), limits_(limits) {}

  Result<std::uint64_t> read(const TakeEntry& take) {
    for (std::uint64_t entries = 1;; ++entries) {
      if (entries > limits_.entries_max) return too_many_entries(limits_);
      STELLA_TRY(Entry entry, read_entry());
      if (entry.name == kTrailer) return offset_;
      STELLA_CHECK(take(std::move(entry)));
    }
  }

 private:
  // Moves over `size` bytes and their padding to a multiple of 4.
  Result<std::uint64_t> claim(std::uint64_t size, std::string_view what) {
    const std::uint64_t at = offset_;
    if (size > archive_.size() - at) return corrupt(fmt::format("ends inside {}", what), at);
    offset_ = std::min(round_up4(at + size), archive_.size());
    return at;
  }

  Result<Entry> read_entry() {
    const std::uint64_t start = offset_;
    CpioHeader header{};
    if (sizeof header > archive_.size() - start) return corrupt("ends without a trailer", start);
    STELLA_CHECK(archive_.read_at(start, {reinterpret_cast<std::uint8_t*>(&header), sizeof header}));
    const std::string_view magic(header.magic, sizeof header.magic);
    if (magic == "07070X") {
      return fail(ErrorCode::kUnsupported,
                  "cpio archive whose headers lie in the rpm header (files above 4 GiB)",
                  fmt::format("offset {}", start));
    }
    if (magic != kCpioMagic && magic != kCpioMagicCrc) return corrupt("has a header that is none", start);
    STELLA_TRY(const std::uint32_t mode, number(header.mode, start));
    STELLA_TRY(const std::uint32_t size, number(header.file_size, start));
    STELLA_TRY(const std::uint32_t name_size, number(header.name_size, start));
    if (name_size == 0) return corrupt("has a member without a name", start);
    if (name_size - 1 > limits_.name_size_max_bytes) return name_too_long(limits_, name_size);
    // Header and name are padded together.
    offset_ = start + sizeof header;
    if (name_size > archive_.size() - offset_) return corrupt("ends inside a name", start);
    std::string name(name_size, '\0');
    STELLA_CHECK(archive_.read_at(offset_, {reinterpret_cast<std::uint8_t*>(name.data()), name.size()}));
    if (name.find('\0') != name.size() - 1)
      return corrupt("has a name that does not end where it should", start);
    name.pop_back();
    offset_ = std::min(start + round_up4(sizeof header + name_size), archive_.size());

    Entry entry;
    entry.name = std::move(name);
    entry.kind = kind_of(mode);
    entry.mode = mode & 07777;
    STELLA_TRY(entry.offset_bytes, claim(size, "a member"));
    if (size != 0 && entry.kind != Kind::kFile && entry.kind != Kind::kSymlink) {
      return corrupt("has bytes for what is no file", start);
    }
    entry.stored_bytes = size;
    entry.size_bytes = size;
    if (entry.kind == Kind::kSymlink) {
      if (size > limits_.name_size_max_bytes) return name_too_long(limits_, size);
      entry.link_target.resize(size);
      STELLA_CHECK(archive_.read_at(entry.offset_bytes,
                                    {reinterpret_cast<std::uint8_t*>(entry.link_target.data()), size}));
    }
    return entry;
  }

  const ByteSource& archive_;
  const ReadLimits& limits_;
  std::uint64_t offset_ = 0;
};

}  // namespace

Result<std::uint64_t> read_cpio(const ByteSource& archive, const ReadLimits& limits, const TakeEntry& take) {
  return CpioReader(archive, limits).read(take);
}

}  // namespace stella::artifact
