// stella delta create: a folder with delta.bin, delta-manifest.json and, unless left out, rollback/delta.bin.
#pragma once

#include <cstdint>
#include <filesystem>

#include "stella/delta/manifest.h"
#include "stella/operations/context.h"

namespace stella::operations {

inline constexpr const char* kDeltaFile = "delta.bin";
inline constexpr const char* kRollbackFile = "rollback/delta.bin";
inline constexpr const char* kFunctionsFile = "functions.json";  // where programs were compared
inline constexpr const char* kManifestFile = "delta-manifest.json";

// "app-2.0" is found in "app-2.0.delta" where nothing else is said.
[[nodiscard]] std::filesystem::path default_delta_folder(const std::filesystem::path& target);

struct DeltaCreateOptions {
  std::filesystem::path base{};
  std::filesystem::path target{};
  std::filesystem::path output{};  // empty: default_delta_folder(target)
  delta::Level level = delta::Level::kDefault;
  chunk::Algorithm chunker = chunk::Algorithm::kGear;
  std::uint32_t chunk_size_avg_bytes = 8192;
  std::uint64_t add_max_bytes = delta::kAddMaxBytesDefault;
  bool with_rollback = true;
  bool replace_output = false;
};

struct DeltaCreateResult {
  std::filesystem::path folder;
  delta::Manifest manifest;
  Digest core_sha256;
};

// The folder appears whole or not at all, and only after each delta in it was applied and gave the right
// digest. Errors: kInvalidArgument when the output exists, or an input is no regular file; kNotFound,
// kLimitExceeded, kIo.
[[nodiscard]] Result<DeltaCreateResult> delta_create(const DeltaCreateOptions& options,
                                                     const Context& context);

}  // namespace stella::operations
