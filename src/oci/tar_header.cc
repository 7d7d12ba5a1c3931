#include "tar_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "stella/base/digest.h"

namespace stella::oci {
namespace {

constexpr std::size_t kChecksumOffset = 148;
constexpr std::size_t kChecksumSize = 8;

Result<std::uint64_t> decimal(std::string_view text, std::string_view what) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = fmt::format("{} is no number", what),
                 .expected = "decimal digits",
                 .found = std::string(text.substr(0, 32))});
  }
  return value;
}

// Records are "<length> <key>=<value>\n", the length counting all of it.
Status for_each_record(ByteView records,
                       const std::function<Status(std::string_view, std::string_view)>& take) {
  std::string_view rest = as_text(records);
  while (!rest.empty()) {
    const std::size_t blank = rest.find(' ');
    if (blank == std::string_view::npos || blank > 20) {
      return fail(ErrorCode::kCorrupt, "pax record without a length");
    }
    STELLA_TRY(const std::uint64_t length, decimal(rest.substr(0, blank), "the length of a pax record"));
    if (length > rest.size() || length < blank + 3 || rest[length - 1] != '\n') {
      return fail({.code = ErrorCode::kCorrupt,
                   .message = "pax record does not end where its length says",
                   .expected = fmt::format("a newline at the end of {} bytes", length),
                   .found = fmt::format("{} bytes left", rest.size())});
    }
    const std::string_view record = rest.substr(blank + 1, length - blank - 2);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return fail(ErrorCode::kCorrupt, "pax record without a key");
    }
    STELLA_CHECK(take(record.substr(0, equals), record.substr(equals + 1)));
    rest.remove_prefix(length);
  }
  return {};
}

Result<std::optional<std::string>> text_value(std::string_view value, std::string_view key) {
  if (value.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::kCorrupt, fmt::format("pax record {} holds a NUL", key));
  }
  if (value.empty()) return std::optional<std::string>{};  // an empty value takes the record back
  return std::optional<std::string>{std::string(value)};
}

Status add_extent(TarExtras& extras, TarExtent extent, const TarLimits& limits) {
  if (extras.extents.size() >= limits.extents_max) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "sparse file has too many parts",
                 .expected = fmt::format("at most {}", limits.extents_max)});
  }
  extras.extents.push_back(extent);
  return {};
}

// GNU.sparse.map: "offset,size,offset,size…"
Status parse_sparse_map(std::string_view value, const TarLimits& limits, TarExtras& extras) {
  extras.has_extents = true;
  extras.extents.clear();
  const auto next = [&]() -> Result<std::uint64_t> {
    const std::size_t comma = std::min(value.find(','), value.size());
    STELLA_TRY(const std::uint64_t number, decimal(value.substr(0, comma), "GNU.sparse.map"));
    value.remove_prefix(std::min(comma + 1, value.size()));
    return number;
  };
  while (!value.empty()) {
    STELLA_TRY(const std::uint64_t at, next());
    STELLA_TRY(const std::uint64_t size, next());
    STELLA_CHECK(add_extent(extras, {.at_bytes = at, .size_bytes = size}, limits));
  }
  return {};
}

Status apply_record(std::string_view key, std::string_view value, const TarLimits& limits,
                    TarExtras& extras) {
  if (key == "path") {
    STELLA_TRY(extras.path, text_value(value, key));
  } else if (key == "linkpath") {
    STELLA_TRY(extras.link_path, text_value(value, key));
  } else if (key == "size") {
    STELLA_TRY(extras.size_bytes, decimal(value, key));
  } else if (key == "GNU.sparse.name") {
    STELLA_TRY(extras.sparse_name, text_value(value, key));
  } else if (key == "GNU.sparse.realsize" || key == "GNU.sparse.size") {
    STELLA_TRY(extras.sparse_size_bytes, decimal(value, key));
  } else if (key == "GNU.sparse.major") {
    extras.map_in_data = value == "1";
  } else if (key == "GNU.sparse.map") {
    return parse_sparse_map(value, limits, extras);
  } else if (key == "GNU.sparse.offset") {
    STELLA_TRY(const std::uint64_t at, decimal(value, key));
    extras.has_extents = true;
    return add_extent(extras, {.at_bytes = at, .size_bytes = 0}, limits);
  } else if (key == "GNU.sparse.numbytes") {
    if (extras.extents.empty()) {
      return fail(ErrorCode::kCorrupt, "GNU.sparse.numbytes before GNU.sparse.offset");
    }
    STELLA_TRY(extras.extents.back().size_bytes, decimal(value, key));
  }
  return {};
}

}  // namespace

bool is_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

bool checksum_fits(ByteView block) {
  std::int64_t sum_unsigned = 0;
  std::int64_t sum_signed = 0;
  for (std::size_t i = 0; i < kTarBlockBytes; ++i) {
    const bool in_checksum = i >= kChecksumOffset && i < kChecksumOffset + kChecksumSize;
    const std::uint8_t byte = in_checksum ? std::uint8_t{' '} : block[i];
    sum_unsigned += byte;
    sum_signed += static_cast<std::int8_t>(byte);
  }
  const auto stated = tar_number(block.subspan(kChecksumOffset, kChecksumSize), "checksum");
  if (!stated) return false;
  const auto value = static_cast<std::int64_t>(*stated);
  return value == sum_unsigned || value == sum_signed;
}

std::string_view tar_text(ByteView field) {
  const std::string_view text = as_text(field);
  return text.substr(0, text.find('\0'));
}

Result<std::uint64_t> tar_number(ByteView field, std::string_view what) {
  const auto corrupt = [&] {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = fmt::format("the {} in a tar header is no number", what),
                 .expected = "octal digits",
                 .found = to_hex(field)});
  };
  std::uint64_t value = 0;
  if ((field[0] & 0x80) != 0) {
    // Base-256, big-endian; 0xff begins a negative number.
    for (std::size_t i = 0; i < field.size(); ++i) {
      const std::uint8_t byte = i == 0 ? field[0] & 0x7f : field[i];
      if (value >> 56 != 0 || (i == 0 && (byte & 0x40) != 0)) return corrupt();
      value = value << 8 | byte;
    }
    return value;
  }
  std::string_view digits = as_text(field);
  digits.remove_prefix(std::min(digits.find_first_not_of(' '), digits.size()));
  const std::size_t end = std::min(digits.find_first_of(std::string_view(" \0", 2)), digits.size());
  for (const char digit : digits.substr(0, end)) {
    if (digit < '0' || digit > '7') return corrupt();
    value = value << 3 | static_cast<std::uint64_t>(digit - '0');  // 11 digits are 33 bits
  }
  return value;
}

Status parse_pax(ByteView records, const TarLimits& limits, TarExtras& extras) {
  return for_each_record(records, [&](std::string_view key, std::string_view value) {
    return apply_record(key, value, limits, extras);
  });
}

Status check_global_pax(ByteView records) {
  return for_each_record(records, [](std::string_view key, std::string_view) -> Status {
    if (key == "path" || key == "linkpath" || key == "size" || key.starts_with("GNU.sparse.")) {
      return fail(ErrorCode::kUnsupported,
                  fmt::format("a global pax header sets \"{}\" for every entry", key));
    }
    return {};
  });
}

}  // namespace stella::oci
