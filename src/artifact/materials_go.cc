// The build information in Go programs: the compiler's version and the modules that were linked.
// Source: Go, debug/buildinfo and cmd/go/internal/modload (modinfo).
#include <algorithm>
#include <string>

#include "materials.h"
#include "stella/object/image.h"

namespace stella::artifact {
namespace {

constexpr std::string_view kMagic = "\xff Go buildinf:";
constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kAlignment = 16;
constexpr std::uint8_t kFlagBigEndian = 1;
constexpr std::uint8_t kFlagInline = 2;  // since Go 1.18: the texts follow, each behind its length
constexpr std::uint64_t kSearchMaxBytes = std::uint64_t{1} << 20;
constexpr std::uint64_t kTextMaxBytes = std::uint64_t{4} << 20;
constexpr std::size_t kFrameBytes = 16;  // before and behind the list of modules

using Texts = std::pair<std::string, std::string>;  // version, modules

class GoReader {
 public:
  GoReader(const ByteSource& program, const object::Image& image) : program_(program), image_(image) {}

  Result<std::optional<Texts>> read() {
    for (const object::FileRange& range : places()) {
      STELLA_TRY(const Bytes bytes,
                 read_range(range.offset_bytes, std::min(range.size_bytes, kSearchMaxBytes)));
      for (std::size_t at = 0; at + kHeaderBytes <= bytes.size(); at += kAlignment) {
        const ByteView header = ByteView(bytes).subspan(at, kHeaderBytes);
        if (!as_text(header).starts_with(kMagic)) continue;
        STELLA_TRY(auto texts, (header[15] & kFlagInline) != 0
                                   ? read_inline(range.offset_bytes + at + kHeaderBytes)
                                   : read_pointed(header));
        if (texts) return texts;
      }
    }
    return std::optional<Texts>{};
  }

 private:
  // The section that exists for it; else what can be written to, which is where Go puts it.
  [[nodiscard]] std::vector<object::FileRange> places() const {
    std::vector<object::FileRange> result;
    for (const object::Section& section : image_.sections) {
      if (section.name == ".go.buildinfo") {
        result.push_back({.offset_bytes = section.file_offset, .size_bytes = section.file_size});
      }
    }
    if (!result.empty()) return result;
    for (const object::Segment& segment : image_.segments) {
      if (!segment.writable || result.size() == 4) continue;
      result.push_back({.offset_bytes = segment.file_offset, .size_bytes = segment.file_size});
    }
    return result;
  }

  Result<Bytes> read_range(std::uint64_t offset, std::uint64_t size) const {
    if (offset > program_.size()) return Bytes{};
    Bytes bytes(std::min(size, program_.size() - offset));
    STELLA_CHECK(program_.read_at(offset, bytes));
    return bytes;
  }

  // A text behind its length; none when it does not lie in the file.
  Result<std::optional<std::string>> read_text(std::uint64_t& offset) const {
    STELLA_TRY(const Bytes head, read_range(offset, 10));
    std::uint64_t size = 0;
    for (std::size_t i = 0; i < head.size(); ++i) {
      size |= static_cast<std::uint64_t>(head[i] & 0x7f) << (7 * i);
      if ((head[i] & 0x80) != 0) continue;
      if (size > kTextMaxBytes) break;
      STELLA_TRY(const Bytes bytes, read_range(offset + i + 1, size));
      if (bytes.size() != size) break;
      offset += i + 1 + size;
      return std::optional<std::string>(as_text(bytes));
    }
    return std::optional<std::string>{};
  }

  Result<std::optional<Texts>> read_inline(std::uint64_t offset) const {
    STELLA_TRY(auto version, read_text(offset));
    if (!version) return std::optional<Texts>{};
    STELLA_TRY(auto modules, read_text(offset));
    return std::optional<Texts>(Texts(*std::move(version), std::move(modules).value_or("")));
  }

  // Up to Go 1.17 the header points to two Go strings, each a pointer and a length.
  Result<std::optional<Texts>> read_pointed(ByteView header) const {
    const std::size_t width = header[14];
    const bool big_endian = (header[15] & kFlagBigEndian) != 0;
    if (width != 4 && width != 8) return std::optional<Texts>{};
    const auto number = [&](ByteView at) -> std::uint64_t {
      if (width == 4)
        return big_endian ? load_be<std::uint32_t>(at.data()) : load_le<std::uint32_t>(at.data());
      return big_endian ? load_be<std::uint64_t>(at.data()) : load_le<std::uint64_t>(at.data());
    };
    const auto text = [&](std::uint64_t address) -> Result<std::string> {
      STELLA_TRY(const Bytes string, read_memory(address, 2 * width));
      if (string.size() != 2 * width) return std::string{};
      const std::uint64_t size = number(ByteView(string).subspan(width));
      if (size > kTextMaxBytes) return std::string{};
      STELLA_TRY(const Bytes bytes, read_memory(number(string), size));
      return std::string(as_text(bytes));
    };
    STELLA_TRY(std::string version, text(number(header.subspan(16))));
    STELLA_TRY(std::string modules, text(number(header.subspan(16 + width))));
    if (version.empty()) return std::optional<Texts>{};
    return std::optional<Texts>(Texts(std::move(version), std::move(modules)));
  }

  // Fewer bytes when they do not all lie in one segment.
  Result<Bytes> read_memory(std::uint64_t address, std::uint64_t size) const {
    for (const object::Segment& segment : image_.segments) {
      if (address < segment.address || address - segment.address >= segment.file_size) continue;
      const std::uint64_t skip = address - segment.address;
      return read_range(segment.file_offset + skip, std::min(size, segment.file_size - skip));
    }
    return Bytes{};
  }

  const ByteSource& program_;
  const object::Image& image_;
};

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

Found module(std::string_view path, std::string_view version) {
  Purl purl{.type = "golang",
            .name_space = {},
            .name = std::string(path),
            .version = std::string(version),
            .qualifiers = {}};
  // purl-spec: names of this type are in lower case.
  std::ranges::transform(purl.name, purl.name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  if (const std::size_t slash = purl.name.rfind('/'); slash != std::string::npos) {
    purl.name_space = purl.name.substr(0, slash);
    purl.name.erase(0, slash + 1);
  }
  return {.purl = std::move(purl)};
}

}  // namespace

Result<std::vector<Found>> read_go_program(const ByteSource& program) {
  const auto image = object::read_image(program);
  if (!image) {
    if (image.error().code == ErrorCode::kIo) return std::unexpected(image.error());
    return std::vector<Found>{};
  }
  STELLA_TRY(const auto texts, GoReader(program, *image).read());
  std::vector<Found> result;
  if (!texts || !texts->first.starts_with("go")) return result;
  const std::string_view compiler = texts->first;
  result.push_back(module("stdlib", compiler.substr(2, compiler.find(' ') - 2)));
  std::string_view list = texts->second;
  if (list.size() < 2 * kFrameBytes) return result;
  list = list.substr(kFrameBytes, list.size() - 2 * kFrameBytes);
  for (const std::string_view line : split(list, '\n')) {
    const auto words = split(line, '\t');
    if (words.size() < 2 || words[1].empty() || words[1].ends_with('/') || result.size() >= kComponentsMax)
      continue;
    const std::string_view version =
        words.size() > 2 && words[2] != "(devel)" ? words[2] : std::string_view{};
    if (words[0] == "mod" || words[0] == "dep") result.push_back(module(words[1], version));
    // What was linked instead of the module before.
    if (words[0] == "=>" && result.size() > 1) result.back() = module(words[1], version);
  }
  return result;
}

}  // namespace stella::artifact
