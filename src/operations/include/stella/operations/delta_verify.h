// stella delta verify: is this delta what base and target give?
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "stella/delta/manifest.h"
#include "stella/operations/context.h"

namespace stella::operations {

inline constexpr std::size_t kDifferencesMax = 100;

struct DeltaVerifyOptions {
  std::filesystem::path base{};
  std::filesystem::path target{};
  std::filesystem::path delta{};  // the folder; empty: default_delta_folder(target)
};

struct Difference {
  std::string where;     // a file, or a place in the manifest such as "$.ops[3].chunk"
  std::string expected;  // as recomputed
  std::string found;     // in the delta
};

struct DeltaVerifyResult {
  std::filesystem::path folder;
  bool ok = false;
  bool same_build = false;  // the delta was made by this version with these packing libraries
  Digest core_sha256;       // of the manifest that was found
  Digest recomputed_core_sha256;
  std::vector<Difference> differences;  // the first kDifferencesMax
};

// Recomputes the manifest's core and every delta, and compares byte for byte. A delta of another build may be
// packed otherwise: then its operations must be those recomputed, and applying it must give the right
// digests. Errors: kNotFound, kCorrupt for a broken manifest; those of delta_create().
[[nodiscard]] Result<DeltaVerifyResult> delta_verify(const DeltaVerifyOptions& options,
                                                     const Context& context);

}  // namespace stella::operations
