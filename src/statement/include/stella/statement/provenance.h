// SLSA provenance, as much of it as a verifier decides on: who built, how, and from what.
// Source: slsa.dev/spec/v0.2/provenance and slsa.dev/spec/v1.0/provenance (v1.1 and v1.2 share v1's predicate
// type).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/error.h"
#include "stella/statement/in_toto.h"

namespace stella::statement {

inline constexpr std::string_view kSlsaProvenanceV02 = "https://slsa.dev/provenance/v0.2";
inline constexpr std::string_view kSlsaProvenanceV1 = "https://slsa.dev/provenance/v1";

inline constexpr std::size_t kMaterialsMax = 100'000;

struct Material {
  std::string uri{};   // empty if there is none
  std::string name{};  // v1 only; empty if there is none
  DigestSet digests{};

  friend bool operator==(const Material&, const Material&) = default;
};

struct Provenance {
  std::string predicate_type{};
  std::string builder_id{};           // never empty
  std::string build_type{};           // never empty
  std::string invocation{};           // id of the run; empty if there is none
  std::string started_on{};           // RFC 3339 as it stands there; empty if there is none
  std::string finished_on{};          // likewise
  std::vector<Material> materials{};  // v0.2 materials, v1 resolvedDependencies, in their order
};

[[nodiscard]] bool is_slsa_provenance(std::string_view predicate_type);

// Errors: kUnsupported when the statement's predicate is no SLSA provenance of a known version; kCorrupt with
// the JSON path; kLimitExceeded.
[[nodiscard]] Result<Provenance> provenance_of(const Statement& statement);

}  // namespace stella::statement
