// stella delta apply and stella delta rollback.
#pragma once

#include <cstdint>
#include <filesystem>

#include "stella/delta/format.h"
#include "stella/operations/context.h"

namespace stella::operations {

struct DeltaApplyOptions {
  std::filesystem::path base{};
  std::filesystem::path delta{};   // a folder or a delta.bin; empty: beside the target
  std::filesystem::path output{};  // "-": standard output, once both digests match
  std::uint64_t add_max_bytes = delta::kAddMaxBytesDefault;
  bool replace_output = false;
};

struct DeltaRollbackOptions {
  std::filesystem::path target{};
  std::filesystem::path delta{};  // a folder or a rollback/delta.bin; empty: beside the target
  std::filesystem::path output{};
  std::uint64_t add_max_bytes = delta::kAddMaxBytesDefault;
  bool replace_output = false;
  // There are no signed rollback statements yet, so every rollback is unsigned.
  bool allow_unsigned = false;
};

struct DeltaApplyResult {
  std::filesystem::path output;
  std::filesystem::path delta;  // the delta.bin that was used
  Digest input_sha256;
  Digest output_sha256;
  std::uint64_t delta_size_bytes = 0;
  std::uint64_t output_size_bytes = 0;
};

// The output appears whole or not at all, with the mode of the input. Errors: those of delta::apply();
// kInvalidArgument when the output exists; kNotFound; kIo.
[[nodiscard]] Result<DeltaApplyResult> delta_apply(const DeltaApplyOptions& options, const Context& context);

// Errors: also kUntrusted without allow_unsigned.
[[nodiscard]] Result<DeltaApplyResult> delta_rollback(const DeltaRollbackOptions& options,
                                                      const Context& context);

}  // namespace stella::operations
