#include "ar.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace stella::artifact {
namespace {

struct ArHeader {  // ar(5)
  char name[16];
  char time[12];
  char uid[6];
  char gid[6];
  char mode[8];
  char size[10];
  char end[2];
};
static_assert(sizeof(ArHeader) == 60 && alignof(ArHeader) == 1);

constexpr std::uint64_t kNameTableMaxBytes = std::uint64_t{16} << 20;

std::string_view trimmed(const char* field, std::size_t size) {
  std::string_view text(field, size);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::unexpected<Error> corrupt(std::string_view what, std::uint64_t offset) {
  return fail(ErrorCode::kCorrupt, fmt::format("ar archive {}", what), fmt::format("offset {}", offset));
}

Result<std::uint64_t> number(std::string_view text, int base, std::string_view what, std::uint64_t offset) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return corrupt(fmt::format("has no number as {}", what), offset);
  }
  return value;
}

class ArReader {
 public:
  ArReader(const ByteSource& archive, const ReadLimits& limits) : archive_(archive), limits_(limits) {}

  Status read(const TakeEntry& take) {
    std::array<std::uint8_t, kArMagic.size()> magic{};
    if (archive_.size() < magic.size()) return corrupt("is too short", 0);
    STELLA_CHECK(archive_.read_at(0, magic));
    if (as_text(magic) != kArMagic) return corrupt("does not begin as one", 0);
    std::uint64_t entries = 0;
    for (offset_ = magic.size(); offset_ < archive_.size();) {
      if (++entries > limits_.entries_max) return too_many_entries(limits_);
      STELLA_TRY(Entry entry, read_header());
      if (entry.name == "//") {
        STELLA_CHECK(read_name_table(entry));
        continue;
      }
      STELLA_CHECK(take(std::move(entry)));
    }
    return {};
  }

 private:
  Result<Entry> read_header() {
    const std::uint64_t start = offset_;
    ArHeader header{};
    if (sizeof header > archive_.size() - start) return corrupt("ends inside a header", start);
    STELLA_CHECK(archive_.read_at(start, {reinterpret_cast<std::uint8_t*>(&header), sizeof header}));
    if (header.end[0] != '`' || header.end[1] != '\n')
      return corrupt("has a header that does not end as one", start);
    Entry entry;
    STELLA_TRY(entry.stored_bytes, number(trimmed(header.size, sizeof header.size), 10, "size", start));
    entry.offset_bytes = start + sizeof header;
    if (entry.stored_bytes > archive_.size() - entry.offset_bytes) {
      return corrupt(fmt::format("has a member of {} bytes that reaches behind its end", entry.stored_bytes),
                     start);
    }
    // Members begin at even offsets; the last one may lack its padding.
    offset_ = entry.offset_bytes + entry.stored_bytes;
    if (offset_ % 2 != 0 && offset_ < archive_.size()) ++offset_;

    const std::string_view mode = trimmed(header.mode, sizeof header.mode);
    if (!mode.empty()) {  // GNU leaves it empty for its tables
      STELLA_TRY(const std::uint64_t bits, number(mode, 8, "mode", start));
      entry.mode = static_cast<std::uint32_t>(bits & 07777);
    }
    STELLA_CHECK(read_name(trimmed(header.name, sizeof header.name), start, entry));
    entry.size_bytes = entry.stored_bytes;
    return entry;
  }

  Status read_name(std::string_view field, std::uint64_t start, Entry& entry) {
    if (field.starts_with("#1/")) {  // BSD: the name stands before the data
      STELLA_TRY(const std::uint64_t size, number(field.substr(3), 10, "length of a name", start));
      if (size > entry.stored_bytes) return corrupt("has a name that is longer than its member", start);
      if (size > limits_.name_size_max_bytes) return name_too_long(limits_, size);
      Bytes name(size);
      STELLA_CHECK(archive_.read_at(entry.offset_bytes, name));
      entry.name = as_text(name).substr(0, as_text(name).find('\0'));
      entry.offset_bytes += size;
      entry.stored_bytes -= size;
      return {};
    }
    if (field.size() > 1 && field[0] == '/' && field[1] >= '0' && field[1] <= '9') {
      STELLA_TRY(const std::uint64_t at, number(field.substr(1), 10, "place of a name", start));
      if (at >= names_.size()) return corrupt("refers to a name behind its table of names", start);
      const std::size_t end = std::min(names_.find('\n', at), names_.size());
      entry.name = names_.substr(at, end - at);
      if (entry.name.size() > limits_.name_size_max_bytes) return name_too_long(limits_, entry.name.size());
    } else {
      entry.name = field;
    }
    // GNU ends names with "/", but its tables are called "/", "//" and "/SYM64/".
    if (entry.name.size() > 1 && entry.name.ends_with('/') && entry.name[0] != '/') entry.name.pop_back();
    return {};
  }

  Status read_name_table(const Entry& entry) {
    if (entry.stored_bytes > kNameTableMaxBytes) {
      return fail({.code = ErrorCode::kLimitExceeded,
                   .message = "table of names in an ar archive is too large",
                   .expected = fmt::format("at most {} bytes", kNameTableMaxBytes),
                   .found = fmt::format("{}", entry.stored_bytes)});
    }
    names_.resize(entry.stored_bytes);
    return archive_.read_at(entry.offset_bytes,
                            {reinterpret_cast<std::uint8_t*>(names_.data()), names_.size()});
  }

  const ByteSource& archive_;
  const ReadLimits& limits_;
  std::uint64_t offset_ = 0;
  std::string names_;
};

}  // namespace

std::unexpected<Error> too_many_entries(const ReadLimits& limits) {
  return fail({.code = ErrorCode::kLimitExceeded,
               .message = "artifact has too many members",
               .expected = fmt::format("at most {}", limits.entries_max)});
}

std::unexpected<Error> name_too_long(const ReadLimits& limits, std::uint64_t found) {
  return fail({.code = ErrorCode::kLimitExceeded,
               .message = "name of a member is too long",
               .expected = fmt::format("at most {} bytes", limits.name_size_max_bytes),
               .found = fmt::format("{}", found)});
}

std::unexpected<Error> names_too_long(std::uint64_t total_max_bytes) {
  return fail({.code = ErrorCode::kLimitExceeded,
               .message = "names of the members are too long altogether",
               .expected = fmt::format("at most {} bytes", total_max_bytes),
               .found = "more"});
}

Status read_ar(const ByteSource& archive, const ReadLimits& limits, const TakeEntry& take) {
  return ArReader(archive, limits).read(take);
}

}  // namespace stella::artifact
