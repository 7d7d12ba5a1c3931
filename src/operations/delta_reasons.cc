#include "delta_reasons.h"

#include <algorithm>

#include <fmt/format.h>

#include "stella/operations/share.h"

namespace stella::operations {
namespace {

// Above this, added bytes look compressed or encrypted, and no tool packs them further.
constexpr std::uint64_t kDenseMillibits = 7800;
constexpr std::uint64_t kSmallDeltaBytes = 512;

bool packs_its_members(std::string_view type) {
  static constexpr std::string_view kTypes[] = {"deb",  "rpm", "zip",  "jar",  "war",
                                                "gzip", "xz",  "zstd", "bzip2"};
  return std::ranges::find(kTypes, type) != std::end(kTypes);
}

void from_manifest(const delta::Manifest& m, std::vector<std::string>& to) {
  if (m.members.payload_equal && m.delta.add_bytes > 0) {
    to.push_back(
        "Base and target have the same payload: they differ only in packing, such as order, times or "
        "compression.");
  }
  if (packs_its_members(m.artifact_type) && m.delta.add_bytes > m.target_digest.size_bytes / 4) {
    to.push_back(
        fmt::format("The target is compressed ({}): one changed byte changes all that is packed behind it.",
                    m.artifact_type));
  } else if (m.composition.add_entropy_millibits >= kDenseMillibits && m.delta.add_bytes > kSmallDeltaBytes) {
    to.push_back(fmt::format(
        "The bytes that the base does not have are dense ({}.{:03} bits a byte), as compressed or "
        "encrypted data is.",
        m.composition.add_entropy_millibits / 1000, m.composition.add_entropy_millibits % 1000));
  }
  if (!m.composition.parts.empty() && m.delta.add_bytes > 0) {
    const delta::Part& part = m.composition.parts.front();
    to.push_back(fmt::format("{} of the added bytes are in {}.", share(part.add_bytes, m.delta.add_bytes),
                             part.name.empty() ? "the artifact itself" : part.name));
  }
}

}  // namespace

std::vector<std::string> reasons_of(const DeltaInspectResult& result) {
  const delta::Anatomy& a = result.anatomy;
  std::vector<std::string> reasons;
  if (a.header.base_sha256 == a.header.target_sha256) {
    reasons.push_back("Base and target are the same file: all of it is copied.");
    return reasons;
  }
  reasons.push_back(
      fmt::format("{} of the target is copied from the base as whole chunks; the rest is added.",
                  share(a.copy.target_bytes, a.header.target_size_bytes)));
  if (a.match.target_bytes > 0) {
    reasons.push_back(
        fmt::format("{} of it nearly equals other bytes of the base and is stored as corrections.",
                    share(a.match.target_bytes, a.header.target_size_bytes)));
  }
  if (result.manifest) from_manifest(*result.manifest, reasons);
  const struct {
    std::string_view what;
    std::uint64_t bytes;
  } streams[] = {{"new bytes that the base has nothing like", a.packed.literal_bytes},
                 {"corrections of nearly equal bytes", a.packed.correction_bytes},
                 {"where each stretch comes from", a.packed.segment_bytes},
                 {"load segments and tables of the executables", a.packed.address_map_bytes},
                 {"header, digests and parameters", a.packed.framing_bytes}};
  const auto& largest = *std::ranges::max_element(streams, {}, [](const auto& s) { return s.bytes; });
  reasons.push_back(fmt::format("{} of delta.bin: {}.", share(largest.bytes, a.size_bytes), largest.what));
  return reasons;
}

}  // namespace stella::operations
