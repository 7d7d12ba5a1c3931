// A whole predicate from two files.
#pragma once

#include "stella/operations/context.h"
#include "stella/operations/delta_sig.h"

namespace stella::operations {

// All but computed_at. Errors: kUnsupported when there is no program in either artifact; those of
// compare_functions().
[[nodiscard]] Result<statement::DeltaSig> make_delta_sig(const DeltaSigInputs& inputs,
                                                         const DeltaSigAttachments& attachments,
                                                         const Context& context);

// The digest of an SBOM: of its canonical form (RFC 8785) when it is JSON, else of the file.
[[nodiscard]] Result<Digest> sbom_digest(const std::filesystem::path& sbom);

[[nodiscard]] Result<std::vector<statement::LargeBlob>> large_blobs(const std::vector<std::string>& given);

// Reads and checks a predicate; its errors name the file.
struct LoadedPredicate {
  statement::DeltaSig predicate{};
  Digest sha256{};
};
[[nodiscard]] Result<LoadedPredicate> load_predicate(const std::filesystem::path& file);

}  // namespace stella::operations
