// stella delta inspect: what is inside a delta, and why it is as large as it is; base and target are not
// needed.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "stella/delta/inspect.h"
#include "stella/delta/manifest.h"
#include "stella/operations/context.h"

namespace stella::operations {

inline constexpr std::size_t kStripCells = 64;

// One cell of the strip along the target: how many of its bytes come which way.
struct StripCell {
  std::uint64_t copy_bytes = 0;
  std::uint64_t match_bytes = 0;
  std::uint64_t literal_bytes = 0;
};

struct DeltaInspectResult {
  std::filesystem::path delta;                 // the delta.bin
  delta::Anatomy anatomy;                      // of delta.bin
  std::array<StripCell, kStripCells> strip{};  // all zero for an empty target
  std::optional<delta::Manifest> manifest;  // the one beside it, if there is one and it binds this delta.bin
  std::optional<Digest> core_sha256;
  std::vector<std::string> reasons;  // why the delta is as large as it is, one sentence each
};

// `path` is a folder or a delta.bin. Errors: kNotFound; kCorrupt for a damaged delta or manifest, or when the
// manifest names another delta.bin; those of delta::inspect().
[[nodiscard]] Result<DeltaInspectResult> delta_inspect(const std::filesystem::path& path,
                                                       const Context& context);

}  // namespace stella::operations
