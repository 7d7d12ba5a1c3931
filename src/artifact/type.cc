#include "stella/artifact/type.h"

#include <algorithm>
#include <string>

#include "ar.h"
#include "cpio.h"
#include "stella/oci/tar.h"
#include "zip.h"

namespace stella::artifact {
namespace {

constexpr std::size_t kPrefixBytes = 4096;
constexpr std::size_t kTarBlockBytes = 512;
constexpr ReadLimits kZipLimits{.entries_max = 1'000'000,
                                .name_size_max_bytes = 0xffff,
                                .names_total_max_bytes = std::uint64_t{256} << 20};

using namespace std::string_view_literals;

bool is_pe(ByteView prefix) {
  constexpr std::size_t kHeaderOffsetAt = 0x3c;
  if (!as_text(prefix).starts_with("MZ") || prefix.size() < kHeaderOffsetAt + 4) return false;
  const auto at = load_le<std::uint32_t>(prefix.data() + kHeaderOffsetAt);
  return at <= prefix.size() - 4 && as_text(prefix.subspan(at, 4)) == "PE\0\0"sv;
}

bool is_elf(ByteView prefix) {
  // Class and byte order are 1 or 2.
  return as_text(prefix).starts_with(
             "\x7f"
             "ELF") &&
         prefix.size() >= 16 && (prefix[4] == 1 || prefix[4] == 2) && (prefix[5] == 1 || prefix[5] == 2);
}

bool is_gzip(ByteView prefix) {  // magic, method 8 (deflate), no reserved flag
  return prefix.size() >= 10 && prefix[0] == 0x1f && prefix[1] == 0x8b && prefix[2] == 8 &&
         (prefix[3] & 0xe0) == 0;
}

bool is_zstd(ByteView prefix) {
  if (prefix.size() < 5) return false;
  const auto magic = load_le<std::uint32_t>(prefix.data());
  return magic == 0xfd2fb528 || (magic & 0xfffffff0) == 0x184d2a50;  // or a skippable frame
}

bool is_bzip2(ByteView prefix) {  // level and the first block's or the end's magic
  const std::string_view text = as_text(prefix);
  return text.starts_with("BZh") && text.size() >= 10 && text[3] >= '1' && text[3] <= '9' &&
         (text.substr(4, 6) == "1AY&SY" || text.substr(4, 6) == "\x17\x72\x45\x38\x50\x90");
}

// deb(5): the first member is debian-binary.
bool is_deb(ByteView prefix) { return as_text(prefix).substr(kArMagic.size()).starts_with("debian-binary"); }

// An image archive holds nothing but what its kind knows; the first other name ends the search, so that a
// large tar is not read twice.
Result<Type> type_of_tar(const ByteSource& source) {
  bool layout = false;
  bool index = false;
  bool docker_manifest = false;
  const auto hexadecimal = [](std::string_view name) {
    const std::string_view digits = name.substr(0, 64);
    return digits.size() == 64 && digits.find_first_not_of("0123456789abcdef") == std::string_view::npos &&
           (name.size() == 64 || name[64] == '/' || name.substr(64) == ".json");
  };
  bool foreign = false;
  const auto read = oci::read_tar(source, {}, [&](oci::TarEntry&& entry) -> Status {
    std::string_view name = entry.name;
    if (name.starts_with("./")) name.remove_prefix(2);
    layout |= name == "oci-layout";
    index |= name == "index.json";
    docker_manifest |= name == "manifest.json";
    foreign = !(name.empty() || name == "oci-layout" || name == "index.json" || name == "manifest.json" ||
                name == "repositories" || name == "blobs" || name.starts_with("blobs/") || hexadecimal(name));
    if (foreign) return fail(ErrorCode::kUnsupported, "no image");
    return {};
  });
  if (!read && read.error().code == ErrorCode::kIo) return std::unexpected(read.error());
  if (foreign || !read) return Type::kTar;
  if (layout && index) return Type::kOciArchive;
  return docker_manifest ? Type::kDockerArchive : Type::kTar;
}

Result<Type> type_of_zip(const ByteSource& source) {
  bool manifest = false;
  bool web = false;
  const auto read = read_zip(source, kZipLimits, [&](Entry&& entry) -> Status {
    manifest |= entry.name == "META-INF/MANIFEST.MF";
    web |= entry.name.starts_with("WEB-INF/");
    return {};
  });
  if (!read && read.error().code == ErrorCode::kIo) return std::unexpected(read.error());
  if (!read) return Type::kZip;
  if (web) return Type::kWar;
  return manifest ? Type::kJar : Type::kZip;
}

}  // namespace

std::string_view to_string(Type type) {
  switch (type) {
    case Type::kPlain:
      return "plain";
    case Type::kElf:
      return "elf";
    case Type::kPe:
      return "pe";
    case Type::kTar:
      return "tar";
    case Type::kAr:
      return "ar";
    case Type::kDeb:
      return "deb";
    case Type::kCpio:
      return "cpio";
    case Type::kRpm:
      return "rpm";
    case Type::kZip:
      return "zip";
    case Type::kJar:
      return "jar";
    case Type::kWar:
      return "war";
    case Type::kGzip:
      return "gzip";
    case Type::kXz:
      return "xz";
    case Type::kZstd:
      return "zstd";
    case Type::kBzip2:
      return "bzip2";
    case Type::kOciLayout:
      return "oci-layout";
    case Type::kOciArchive:
      return "oci-archive";
    case Type::kDockerArchive:
      return "docker-archive";
  }
  return "plain";
}

bool is_packed_stream(Type type) {
  return type == Type::kGzip || type == Type::kXz || type == Type::kZstd || type == Type::kBzip2;
}

bool is_container(Type type) {
  switch (type) {
    case Type::kPlain:
    case Type::kElf:
    case Type::kPe:
    case Type::kGzip:
    case Type::kXz:
    case Type::kZstd:
    case Type::kBzip2:
      return false;
    default:
      return true;
  }
}

Result<Type> recognise(const ByteSource& source) {
  Bytes prefix(static_cast<std::size_t>(std::min<std::uint64_t>(kPrefixBytes, source.size())));
  STELLA_CHECK(source.read_at(0, prefix));
  const std::string_view text = as_text(prefix);
  if (is_elf(prefix)) return Type::kElf;
  if (is_pe(prefix)) return Type::kPe;
  if (is_gzip(prefix)) return Type::kGzip;
  if (text.starts_with("\xfd"
                       "7zXZ\0"sv))
    return Type::kXz;
  if (is_zstd(prefix)) return Type::kZstd;
  if (is_bzip2(prefix)) return Type::kBzip2;
  if (text.starts_with(kArMagic)) return is_deb(prefix) ? Type::kDeb : Type::kAr;
  if (text.starts_with("\xed\xab\xee\xdb")) return Type::kRpm;
  if (text.starts_with(kCpioMagic) || text.starts_with(kCpioMagicCrc)) return Type::kCpio;
  if (looks_like_zip(prefix)) return type_of_zip(source);
  if (prefix.size() >= kTarBlockBytes && oci::looks_like_tar(prefix)) return type_of_tar(source);
  return Type::kPlain;
}

}  // namespace stella::artifact
