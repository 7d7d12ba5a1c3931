// The frame of a delta.bin: header, sections, windows, digest. Shared by apply, inspect and create.
// Source: docs/format/delta.md, sections 2 to 4.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "address_map.h"
#include "literals.h"
#include "stella/base/error.h"
#include "stella/base/source.h"
#include "stella/delta/format.h"

namespace stella::delta {

inline constexpr std::array<std::uint8_t, 4> kMagic = {'S', 't', 'D', 0x1a};
inline constexpr std::size_t kDigestBytes = 32;
inline constexpr std::size_t kHeaderMaxBytes = 128;
inline constexpr std::size_t kWindowHeadMaxBytes = 64;

// Types below 128 are critical: a reader that does not know one refuses. Others may be skipped.
enum class SectionType : std::uint8_t {
  kParameters = 1,
  kAddressMap = 2,
  kWindow = 3,
  // 16 to 31 are kept for opened streams: recipes that rebuild packed members of base and target, so that
  // windows describe what is inside of them.
};
inline constexpr std::uint8_t kSectionVersion = 1;
inline constexpr std::uint8_t kSkippableFrom = 128;

enum class CorrectionCoding : std::uint8_t { kMixed = 1, kPlain = 2 };

struct StreamPlace {
  std::uint64_t offset_bytes = 0;
  std::uint64_t size_bytes = 0;
};

// A window's head: where its streams lie in the file.
struct WindowHead {
  std::uint64_t target_offset_bytes = 0;
  std::uint64_t target_size_bytes = 0;
  std::uint64_t segment_count = 0;
  StreamPlace segments{};
  StreamPlace corrections{};
  CorrectionCoding correction_coding = CorrectionCoding::kMixed;
  std::uint64_t literal_size_bytes = 0;  // unpacked
  LiteralCoding literal_coding = LiteralCoding::kStored;
  unsigned dictionary_bits = kDictionaryBitsMin;
  StreamPlace literals{};
};

[[nodiscard]] Bytes serialize_header(const Header& header);
[[nodiscard]] Bytes serialize_parameters(const Header& header);
// Type, version and size of a section with a body of that size.
[[nodiscard]] Bytes section_head(SectionType type, std::uint64_t size_bytes);
// Offsets are of no account here.
[[nodiscard]] Bytes serialize_window_head(const WindowHead& head);

// Walks the sections of a delta.bin once, in order.
class DeltaFile {
 public:
  // Reads header and parameters. `source` is borrowed.
  [[nodiscard]] static Result<DeltaFile> open(const ByteSource& source);

  [[nodiscard]] const Header& header() const { return header_; }
  // The digest of the whole file. Errors: kCorrupt when its last 32 bytes are not the SHA-256 of all before
  // them.
  [[nodiscard]] Result<Digest> check_digest() const;
  // The next window, or nothing behind the last one. Errors: kCorrupt, kUnsupported, kLimitExceeded.
  [[nodiscard]] Result<std::optional<WindowHead>> next_window();
  // The executables of the window that came last; empty when there are none.
  [[nodiscard]] const Images& images() const { return images_; }
  [[nodiscard]] std::uint64_t address_map_bytes() const { return address_map_bytes_; }  // of all so far
  // The segments of a window.
  [[nodiscard]] Result<std::vector<Segment>> segments(const WindowHead& window) const;

 private:
  explicit DeltaFile(const ByteSource& source) : source_(&source) {}

  struct Section {
    std::uint8_t type = 0;
    StreamPlace body;
  };
  [[nodiscard]] Status read_head();
  [[nodiscard]] Result<Section> next_section();
  [[nodiscard]] Result<Bytes> body_of(const Section& section, std::uint64_t size_max_bytes) const;
  [[nodiscard]] Status read_parameters(const Section& section);
  [[nodiscard]] Status read_address_map(const Section& section);
  [[nodiscard]] Result<WindowHead> read_window(const Section& section) const;

  const ByteSource* source_;
  Header header_;
  Images images_;
  std::uint64_t offset_bytes_ = 0;  // of the next section
  std::uint64_t end_bytes_ = 0;     // of the last section: where the digest begins
  std::uint64_t target_done_bytes_ = 0;
  std::uint64_t address_map_bytes_ = 0;
};

}  // namespace stella::delta
