#include "rpm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "stella/base/reader.h"

namespace stella::artifact {
namespace {

constexpr std::uint64_t kLeadBytes = 96;
constexpr std::uint32_t kLeadMagic = 0xedabeedb;
constexpr std::uint32_t kHeaderMagic = 0x8eade801;  // with version 1
constexpr std::uint64_t kHeaderIntroBytes = 16;
constexpr std::uint64_t kIndexEntryBytes = 16;

enum Type : std::uint32_t {
  kNull,
  kChar,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kString,
  kBinary,
  kStringArray,
  kI18nString
};

// rpmtag.h: RSAHEADER, DSAHEADER, FILESIGNATURES, FILESIGNATURELENGTH, VERITYSIGNATURES, VERITYSIGNATUREALGO,
// OPENPGP; in the signature header also PGP and GPG.
constexpr std::array<std::uint32_t, 9> kSignatureTags{267, 268, 274, 275, 276, 277, 278, 1002, 1005};

// Below 1000 stand regions, digests and signatures. SIZE 1009 and scripts stay.
constexpr std::uint32_t kFirstOwnTag = 1000;
constexpr std::uint32_t kRequireFlags = 1048;
constexpr std::uint32_t kRequireName = 1049;
constexpr std::uint32_t kRequireVersion = 1050;
constexpr std::array<std::uint32_t, 20> kPackingTags{
    1006,  // BUILDTIME
    1007,  // BUILDHOST
    1034,  // FILEMTIMES
    1039,  // FILEUSERNAME
    1040,  // FILEGROUPNAME
    1046,  // ARCHIVESIZE
    1064,  // RPMVERSION
    1094,  // COOKIE
    1095,  // FILEDEVICES
    1096,  // FILEINODES
    1122,  // OPTFLAGS
    1124,  // PAYLOADFORMAT
    1125,  // PAYLOADCOMPRESSOR
    1126,  // PAYLOADFLAGS
    1132,  // PLATFORM
    1146,  // SOURCEPKGID: the digest of a package, times and all
    5009,  // LONGARCHIVESIZE
    5092,  // PAYLOADDIGEST
    5093,  // PAYLOADDIGESTALGO
    5097,  // PAYLOADDIGESTALT
};

std::unexpected<Error> corrupt(std::string_view what) {
  return fail(ErrorCode::kCorrupt, fmt::format("rpm header {}", what));
}

Result<std::uint64_t> size_of_value(std::uint32_t type, std::uint32_t count, ByteView data) {
  const std::uint64_t n = count;
  switch (type) {
    case kNull:
      return 0U;
    case kChar:
    case kInt8:
    case kBinary:
      return n;
    case kInt16:
      return 2 * n;
    case kInt32:
      return 4 * n;
    case kInt64:
      return 8 * n;
    case kString:
    case kStringArray:
    case kI18nString:
      break;
    default:
      return corrupt(fmt::format("has a value of unknown type {}", type));
  }
  if (type == kString && n != 1) return corrupt("has a text that is several");
  const std::string_view text = as_text(data);
  std::size_t end = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    const std::size_t zero = text.find('\0', end);
    if (zero == std::string_view::npos) return corrupt("has a text that does not end");
    end = zero + 1;
  }
  return end;
}

Result<Bytes> read_header_bytes(const ByteSource& package, std::uint64_t offset) {
  std::array<std::uint8_t, kHeaderIntroBytes> intro{};
  if (offset > package.size() || intro.size() > package.size() - offset) return corrupt("is cut off");
  STELLA_CHECK(package.read_at(offset, intro));
  if (load_be<std::uint32_t>(intro.data()) != kHeaderMagic) return corrupt("does not begin as one");
  const std::uint64_t tags = load_be<std::uint32_t>(intro.data() + 8);
  const std::uint64_t store = load_be<std::uint32_t>(intro.data() + 12);
  if (tags > kRpmTagsMax || store > kRpmHeaderMaxBytes) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "rpm header is too large",
                 .expected = fmt::format("at most {} tags and {} bytes", kRpmTagsMax, kRpmHeaderMaxBytes),
                 .found = fmt::format("{} tags and {} bytes", tags, store)});
  }
  const std::uint64_t size = kHeaderIntroBytes + tags * kIndexEntryBytes + store;
  if (size > package.size() - offset) return corrupt("is cut off");
  Bytes bytes(size);
  STELLA_CHECK(package.read_at(offset, bytes));
  return bytes;
}

Result<Coding> coding_of(const RpmHeader& header) {
  const std::string name = header.text(kRpmPayloadCompressor).value_or("gzip");
  if (name == "gzip") return Coding::kGzip;
  if (name == "bzip2") return Coding::kBzip2;
  if (name == "xz") return Coding::kXz;
  if (name == "lzma") return Coding::kLzma;
  if (name == "zstd") return Coding::kZstd;
  if (name == "none" || name == "uncompressed") return Coding::kStored;
  return fail({.code = ErrorCode::kUnsupported,
               .message = "compression of the rpm's payload is not supported",
               .found = name});
}

}  // namespace

Result<RpmHeader> RpmHeader::parse(ByteView bytes) {
  ByteReader reader(bytes, "rpm header");
  STELLA_TRY(const auto magic, reader.be<std::uint32_t>());
  if (magic != kHeaderMagic) return corrupt("does not begin as one");
  STELLA_CHECK(reader.skip(4));
  STELLA_TRY(const auto tags, reader.be<std::uint32_t>());
  STELLA_TRY(const auto store_size, reader.be<std::uint32_t>());
  if (tags > kRpmTagsMax || store_size > kRpmHeaderMaxBytes) {
    return fail(ErrorCode::kLimitExceeded, "rpm header is too large");
  }
  STELLA_TRY(const ByteView index, reader.bytes(tags * kIndexEntryBytes));
  STELLA_TRY(const ByteView store, reader.bytes(store_size));
  RpmHeader header;
  header.size_bytes_ = reader.offset();
  header.store_.assign(store.begin(), store.end());
  std::uint64_t bytes_seen = 0;
  for (std::uint32_t i = 0; i < tags; ++i) {
    const std::uint8_t* at = index.data() + i * kIndexEntryBytes;
    Value value{.tag = load_be<std::uint32_t>(at),
                .type = load_be<std::uint32_t>(at + 4),
                .count = load_be<std::uint32_t>(at + 12),
                .offset = load_be<std::uint32_t>(at + 8),
                .size = 0};
    if (value.offset > store.size()) return corrupt("has a value outside of its store");
    STELLA_TRY(value.size, size_of_value(value.type, value.count, store.subspan(value.offset)));
    if (value.size > store.size() - value.offset) return corrupt("has a value that leaves its store");
    // Values do not overlap in honest packages; without this, a small header could make us read much.
    bytes_seen += value.size;
    if (bytes_seen > 2 * std::uint64_t{store_size}) return corrupt("has values that overlap");
    header.values_.push_back(value);
  }
  std::ranges::sort(header.values_, {}, [](const Value& value) {
    return std::tie(value.tag, value.offset, value.type, value.count);
  });
  return header;
}

const RpmHeader::Value* RpmHeader::find(std::uint32_t tag) const {
  const auto found = std::ranges::lower_bound(values_, tag, {}, &Value::tag);
  return found != values_.end() && found->tag == tag ? &*found : nullptr;
}

std::optional<std::string> RpmHeader::text(std::uint32_t tag) const {
  const Value* value = find(tag);
  if (value == nullptr || value->size == 0) return std::nullopt;
  if (value->type != kString && value->type != kStringArray && value->type != kI18nString)
    return std::nullopt;
  const std::string_view all = as_text(ByteView(store_).subspan(value->offset, value->size));
  return std::string(all.substr(0, all.find('\0')));
}

std::optional<std::uint32_t> RpmHeader::number(std::uint32_t tag) const {
  const Value* value = find(tag);
  if (value == nullptr || value->type != kInt32 || value->count == 0) return std::nullopt;
  return load_be<std::uint32_t>(store_.data() + value->offset);
}

void RpmHeader::add_to(Sha256& hash, const Value& value) const {
  std::array<std::uint8_t, 16> intro{};
  store_le(intro.data(), value.tag);
  store_le(intro.data() + 4, value.type);
  store_le(intro.data() + 8, value.size);
  hash.update(intro);
  hash.update(ByteView(store_).subspan(value.offset, value.size));
}

// Requirements named "rpmlib(…)" say what rpm must be able to unpack: "rpmlib(PayloadIsZstd)".
void RpmHeader::add_requirements_to(Sha256& hash) const {
  const Value* names = find(kRequireName);
  const Value* versions = find(kRequireVersion);
  const Value* flags = find(kRequireFlags);
  if (names == nullptr || versions == nullptr || flags == nullptr || flags->type != kInt32 ||
      names->count != versions->count || names->count != flags->count) {
    for (const Value* value : {names, versions, flags}) {
      if (value != nullptr) add_to(hash, *value);
    }
    return;
  }
  const auto take_text = [](std::string_view& texts) {
    const std::size_t size = texts.find('\0') + 1;
    const std::string_view text = texts.substr(0, size);
    texts.remove_prefix(size);
    return text;
  };
  const auto texts_of = [&](const Value& value) {
    return as_text(ByteView(store_).subspan(value.offset, value.size));
  };
  std::string_view names_left = texts_of(*names);
  std::string_view versions_left = texts_of(*versions);
  for (std::uint32_t i = 0; i < names->count && !names_left.empty() && !versions_left.empty(); ++i) {
    const std::string_view name = take_text(names_left);
    const std::string_view version = take_text(versions_left);
    if (name.starts_with("rpmlib(")) continue;
    hash.update(as_bytes(name));
    hash.update(as_bytes(version));
    hash.update(ByteView(store_).subspan(flags->offset + 4 * std::uint64_t{i}, 4));
  }
}

Digest RpmHeader::payload_digest() const {
  Sha256 hash;
  add_requirements_to(hash);
  for (const Value& value : values_) {
    if (value.tag == kRequireName || value.tag == kRequireVersion || value.tag == kRequireFlags) continue;
    if (value.tag >= kFirstOwnTag && !std::ranges::binary_search(kPackingTags, value.tag))
      add_to(hash, value);
  }
  return hash.finish();
}

std::optional<Digest> RpmHeader::signature_digest() const {
  Sha256 hash;
  bool any = false;
  for (const Value& value : values_) {
    if (!std::ranges::binary_search(kSignatureTags, value.tag)) continue;
    add_to(hash, value);
    any = true;
  }
  if (!any) return std::nullopt;
  return hash.finish();
}

Result<RpmLayout> read_rpm(const ByteSource& package) {
  std::array<std::uint8_t, 4> magic{};
  if (package.size() < kLeadBytes) return corrupt("is cut off");
  STELLA_CHECK(package.read_at(0, magic));
  if (load_be<std::uint32_t>(magic.data()) != kLeadMagic) return corrupt("does not follow an rpm's lead");
  RpmLayout layout;
  const auto read = [&](std::uint64_t offset, Range& range, RpmHeader& header) -> Status {
    STELLA_TRY(const Bytes bytes, read_header_bytes(package, offset));
    STELLA_TRY(header, RpmHeader::parse(bytes));
    range = {.offset_bytes = offset, .size_bytes = bytes.size()};
    return {};
  };
  STELLA_CHECK(read(kLeadBytes, layout.signature, layout.signature_header));
  // The signature header is padded to a multiple of 8 bytes, from the lead on, which is one itself.
  const std::uint64_t signature_end = layout.signature.offset_bytes + layout.signature.size_bytes;
  STELLA_CHECK(read((signature_end + 7) / 8 * 8, layout.header, layout.main_header));
  const std::uint64_t header_end = layout.header.offset_bytes + layout.header.size_bytes;
  layout.payload = {.offset_bytes = header_end, .size_bytes = package.size() - header_end};
  STELLA_TRY(layout.coding, coding_of(layout.main_header));
  return layout;
}

}  // namespace stella::artifact
