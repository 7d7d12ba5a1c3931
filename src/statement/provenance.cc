#include "stella/statement/provenance.h"

#include "stella/base/json_view.h"

namespace stella::statement {
namespace {

// The text of an optional member; empty if it is absent.
Result<std::string> optional_text(const json::View& view, std::string_view key) {
  STELLA_TRY(const auto member, view.find(key));
  if (!member) return std::string();
  return member->string();
}

Result<std::vector<Material>> materials_from_json(const json::View& view) {
  STELLA_TRY(const auto elements, view.elements(kMaterialsMax));
  std::vector<Material> materials;
  materials.reserve(elements.size());
  for (const json::View& element : elements) {
    Material material;
    STELLA_TRY(material.uri, optional_text(element, "uri"));
    STELLA_TRY(material.name, optional_text(element, "name"));
    STELLA_TRY(const auto digest, element.find("digest"));
    if (digest) {
      STELLA_TRY(material.digests, digest_set_from_json(digest->value(), digest->path()));
    }
    materials.push_back(std::move(material));
  }
  return materials;
}

Result<Provenance> provenance_v02(const json::View& predicate) {
  Provenance provenance;
  STELLA_TRY(const json::View builder, predicate.at("builder"));
  STELLA_TRY(const json::View id, builder.at("id"));
  STELLA_TRY(provenance.builder_id, id.text());
  STELLA_TRY(const json::View build_type, predicate.at("buildType"));
  STELLA_TRY(provenance.build_type, build_type.text());
  STELLA_TRY(const auto metadata, predicate.find("metadata"));
  if (metadata) {
    STELLA_TRY(provenance.invocation, optional_text(*metadata, "buildInvocationId"));
    STELLA_TRY(provenance.started_on, optional_text(*metadata, "buildStartedOn"));
    STELLA_TRY(provenance.finished_on, optional_text(*metadata, "buildFinishedOn"));
  }
  STELLA_TRY(const auto materials, predicate.find("materials"));
  if (materials) {
    STELLA_TRY(provenance.materials, materials_from_json(*materials));
  }
  return provenance;
}

Result<Provenance> provenance_v1(const json::View& predicate) {
  Provenance provenance;
  STELLA_TRY(const json::View run, predicate.at("runDetails"));
  STELLA_TRY(const json::View builder, run.at("builder"));
  STELLA_TRY(const json::View id, builder.at("id"));
  STELLA_TRY(provenance.builder_id, id.text());
  STELLA_TRY(const auto metadata, run.find("metadata"));
  if (metadata) {
    STELLA_TRY(provenance.invocation, optional_text(*metadata, "invocationId"));
    STELLA_TRY(provenance.started_on, optional_text(*metadata, "startedOn"));
    STELLA_TRY(provenance.finished_on, optional_text(*metadata, "finishedOn"));
  }
  STELLA_TRY(const json::View definition, predicate.at("buildDefinition"));
  STELLA_TRY(const json::View build_type, definition.at("buildType"));
  STELLA_TRY(provenance.build_type, build_type.text());
  STELLA_TRY(const auto dependencies, definition.find("resolvedDependencies"));
  if (dependencies) {
    STELLA_TRY(provenance.materials, materials_from_json(*dependencies));
  }
  return provenance;
}

}  // namespace

bool is_slsa_provenance(std::string_view predicate_type) {
  return predicate_type == kSlsaProvenanceV02 || predicate_type == kSlsaProvenanceV1;
}

Result<Provenance> provenance_of(const Statement& statement) {
  if (!is_slsa_provenance(statement.predicate_type)) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "the statement is no SLSA provenance that is known here",
                 .where = "$.predicateType",
                 .expected = std::string(kSlsaProvenanceV1) + " or " + std::string(kSlsaProvenanceV02),
                 .found = statement.predicate_type});
  }
  const json::View predicate(statement.predicate, "$.predicate");
  STELLA_TRY(Provenance provenance, statement.predicate_type == kSlsaProvenanceV1
                                        ? provenance_v1(predicate)
                                        : provenance_v02(predicate));
  provenance.predicate_type = statement.predicate_type;
  return provenance;
}

}  // namespace stella::statement
