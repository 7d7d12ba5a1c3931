// RPM packages: lead, signature header, header, packed cpio.
// Source: RPM "Package format" (docs/manual/format_v4.md), rpmtag.h for the numbers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "decode.h"
#include "stella/artifact/walk.h"
#include "stella/base/digest.h"

namespace stella::artifact {

inline constexpr std::uint64_t kRpmHeaderMaxBytes = std::uint64_t{64} << 20;
inline constexpr std::uint32_t kRpmTagsMax = 0xffff;  // as rpm itself

enum RpmTag : std::uint32_t {
  kRpmName = 1000,
  kRpmVersion = 1001,
  kRpmRelease = 1002,
  kRpmEpoch = 1003,
  kRpmVendor = 1011,
  kRpmArch = 1022,
  kRpmSourceRpm = 1044,
  kRpmPayloadCompressor = 1125,
};

// One header structure: numbered values.
class RpmHeader {
 public:
  // `bytes` begin with the header's magic; `size_bytes` says how long it is. Every tag's data is checked to
  // lie in the store. Errors: kCorrupt, kLimitExceeded.
  [[nodiscard]] static Result<RpmHeader> parse(ByteView bytes);

  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }
  [[nodiscard]] std::optional<std::string> text(std::uint32_t tag) const;  // the first, of a list
  [[nodiscard]] std::optional<std::uint32_t> number(std::uint32_t tag) const;
  [[nodiscard]] bool has(std::uint32_t tag) const { return find(tag) != nullptr; }

  // A digest of the tags and their data, in the order of the tags, without those that say when, where and how
  // the package was built and packed, and who owns its files.
  [[nodiscard]] Digest payload_digest() const;
  // A digest of the signatures in a signature header; none when it holds only sizes and digests.
  [[nodiscard]] std::optional<Digest> signature_digest() const;

 private:
  struct Value {
    std::uint32_t tag;
    std::uint32_t type;
    std::uint32_t count;
    std::uint64_t offset;
    std::uint64_t size;
  };
  [[nodiscard]] const Value* find(std::uint32_t tag) const;
  void add_to(Sha256& hash, const Value& value) const;
  void add_requirements_to(Sha256& hash) const;

  std::vector<Value> values_;  // sorted by tag
  Bytes store_;
  std::uint64_t size_bytes_ = 0;
};

struct RpmLayout {
  Range signature;  // the signature header
  Range header;
  Range payload;
  RpmHeader signature_header;
  RpmHeader main_header;
  Coding coding = Coding::kGzip;
};

// Errors: kCorrupt with the offset, kUnsupported (payload's compression), kLimitExceeded, kIo.
[[nodiscard]] Result<RpmLayout> read_rpm(const ByteSource& package);

}  // namespace stella::artifact
