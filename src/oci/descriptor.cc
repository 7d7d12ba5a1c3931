#include "stella/oci/descriptor.h"

#include <fmt/format.h>

#include <utility>

namespace stella::oci {
namespace {

constexpr json::ParseLimits kDocumentLimits{.depth_max = 32, .size_max_bytes = kDocumentSizeMaxBytes};

std::string member(std::string_view where, std::string_view key) {
  return where.empty() ? std::string(key) : fmt::format("{}.{}", where, key);
}

std::unexpected<Error> wrong(std::string_view where, std::string_view key, std::string_view expected) {
  return fail({.code = ErrorCode::kCorrupt,
               .message = "OCI document has a missing or wrong field",
               .where = member(where, key),
               .expected = std::string(expected)});
}

// Absent is empty; present must be a string.
Result<std::string> optional_text(const json::Value& value, std::string_view key, std::string_view where) {
  const json::Value* found = value.find(key);
  if (found == nullptr || found->is_null()) return std::string{};
  if (found->string() == nullptr) return wrong(where, key, "a string");
  return *found->string();
}

Result<Digest> digest_of(const json::Value& value, std::string_view key, std::string_view where) {
  STELLA_TRY(const std::string text, optional_text(value, key, where));
  auto digest = parse_sha256_text(text);
  if (digest) return *digest;
  if (!text.starts_with("sha256:") && text.find(':') != std::string::npos) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "digest algorithm is not supported",
                 .where = member(where, key),
                 .expected = "sha256",
                 .found = text.substr(0, text.find(':'))});
  }
  return wrong(where, key, "\"sha256:\" and 64 hexadecimal digits");
}

Result<Annotations> annotations_of(const json::Value& value, std::string_view where) {
  Annotations annotations;
  const json::Value* found = value.find("annotations");
  if (found == nullptr || found->is_null()) return annotations;
  if (found->object() == nullptr) return wrong(where, "annotations", "an object");
  if (found->object()->size() > kAnnotationsMax) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "too many annotations",
                 .where = member(where, "annotations"),
                 .expected = fmt::format("at most {}", kAnnotationsMax)});
  }
  for (const auto& [key, text] : *found->object()) {
    if (text.string() == nullptr) return wrong(member(where, "annotations"), key, "a string");
    annotations.emplace(key, *text.string());
  }
  return annotations;
}

Result<Platform> platform_of(const json::Value& value, std::string_view where) {
  if (value.object() == nullptr) return wrong(where, "", "an object");
  Platform platform;
  STELLA_TRY(platform.os, optional_text(value, "os", where));
  STELLA_TRY(platform.architecture, optional_text(value, "architecture", where));
  STELLA_TRY(platform.variant, optional_text(value, "variant", where));
  return platform;
}

Result<std::vector<Descriptor>> descriptors_of(const json::Value& value, std::string_view key) {
  const json::Value* found = value.find(key);
  if (found == nullptr || found->array() == nullptr) return wrong("", key, "an array");
  if (found->array()->size() > kDescriptorsMax) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "too many descriptors",
                 .where = std::string(key),
                 .expected = fmt::format("at most {}", kDescriptorsMax),
                 .found = fmt::format("{}", found->array()->size())});
  }
  std::vector<Descriptor> descriptors;
  for (const json::Value& one : *found->array()) {
    STELLA_TRY(Descriptor descriptor, parse_descriptor(one, fmt::format("{}[{}]", key, descriptors.size())));
    descriptors.push_back(std::move(descriptor));
  }
  return descriptors;
}

Result<std::optional<Descriptor>> subject_of(const json::Value& value) {
  const json::Value* found = value.find("subject");
  if (found == nullptr || found->is_null()) return std::optional<Descriptor>{};
  STELLA_TRY(Descriptor subject, parse_descriptor(*found, "subject"));
  return std::optional<Descriptor>{std::move(subject)};
}

Result<json::Value> parse_document(std::string_view text) {
  STELLA_TRY(json::Value value, json::parse(text, kDocumentLimits));
  if (value.object() == nullptr) return wrong("", "(document)", "an object");
  return value;
}

Status check_schema_version(const json::Value& value) {
  const json::Value* version = value.find("schemaVersion");
  if (version == nullptr || version->integer() == nullptr) return wrong("", "schemaVersion", "2");
  if (*version->integer() == 2) return {};
  return fail({.code = ErrorCode::kUnsupported,
               .message = "version of an OCI document is not supported",
               .where = "schemaVersion",
               .expected = "2",
               .found = fmt::format("{}", *version->integer())});
}

void put_text(json::Object& object, std::string_view key, const std::string& text) {
  if (!text.empty()) object.emplace(key, text);
}
void put_annotations(json::Object& object, const Annotations& annotations) {
  if (annotations.empty()) return;
  json::Object texts;
  for (const auto& [key, text] : annotations) texts.emplace(key, text);
  object.emplace("annotations", std::move(texts));
}
json::Array to_array(const std::vector<Descriptor>& descriptors) {
  json::Array array;
  for (const Descriptor& descriptor : descriptors) array.push_back(to_json(descriptor));
  return array;
}

}  // namespace

std::string to_string(const Platform& platform) {
  std::string text = platform.os + "/" + platform.architecture;
  if (!platform.variant.empty()) text += "/" + platform.variant;
  return text;
}

bool is_index(std::string_view media_type) {
  return media_type == kMediaTypeIndex || media_type == kMediaTypeDockerIndex;
}
bool is_manifest(std::string_view media_type) {
  return media_type == kMediaTypeManifest || media_type == kMediaTypeDockerManifest;
}

Result<Descriptor> parse_descriptor(const json::Value& value, std::string_view where) {
  if (value.object() == nullptr) return wrong(where, "", "an object");
  Descriptor descriptor;
  STELLA_TRY(descriptor.media_type, optional_text(value, "mediaType", where));
  if (descriptor.media_type.empty()) return wrong(where, "mediaType", "a media type");
  STELLA_TRY(descriptor.digest, digest_of(value, "digest", where));
  const json::Value* size = value.find("size");
  if (size == nullptr || size->integer() == nullptr || *size->integer() < 0) {
    return wrong(where, "size", "a size in bytes");
  }
  descriptor.size_bytes = static_cast<std::uint64_t>(*size->integer());
  if (const json::Value* platform = value.find("platform"); platform != nullptr && !platform->is_null()) {
    STELLA_TRY(descriptor.platform, platform_of(*platform, member(where, "platform")));
  }
  STELLA_TRY(descriptor.artifact_type, optional_text(value, "artifactType", where));
  STELLA_TRY(descriptor.annotations, annotations_of(value, where));
  return descriptor;
}

Result<Index> parse_index(std::string_view text) {
  STELLA_TRY(const json::Value value, parse_document(text));
  STELLA_CHECK(check_schema_version(value));
  Index index;
  STELLA_TRY(index.media_type, optional_text(value, "mediaType", ""));
  STELLA_TRY(index.artifact_type, optional_text(value, "artifactType", ""));
  STELLA_TRY(index.manifests, descriptors_of(value, "manifests"));
  STELLA_TRY(index.subject, subject_of(value));
  STELLA_TRY(index.annotations, annotations_of(value, ""));
  return index;
}

Result<Manifest> parse_manifest(std::string_view text) {
  STELLA_TRY(const json::Value value, parse_document(text));
  STELLA_CHECK(check_schema_version(value));
  // A document that is index and manifest at once means different things to different readers
  // (CVE-2021-41190).
  if (value.find("manifests") != nullptr) return wrong("", "manifests", "no such field in a manifest");
  Manifest manifest;
  STELLA_TRY(manifest.media_type, optional_text(value, "mediaType", ""));
  STELLA_TRY(manifest.artifact_type, optional_text(value, "artifactType", ""));
  const json::Value* config = value.find("config");
  if (config == nullptr) return wrong("", "config", "a descriptor");
  STELLA_TRY(manifest.config, parse_descriptor(*config, "config"));
  STELLA_TRY(manifest.layers, descriptors_of(value, "layers"));
  STELLA_TRY(manifest.subject, subject_of(value));
  STELLA_TRY(manifest.annotations, annotations_of(value, ""));
  return manifest;
}

Result<Config> parse_config(std::string_view text) {
  STELLA_TRY(const json::Value value, parse_document(text));
  Config config;
  STELLA_TRY(config.platform, platform_of(value, ""));
  const json::Value* rootfs = value.find("rootfs");
  const json::Value* diff_ids = rootfs == nullptr ? nullptr : rootfs->find("diff_ids");
  if (diff_ids == nullptr || diff_ids->array() == nullptr) return wrong("rootfs", "diff_ids", "an array");
  if (diff_ids->array()->size() > kDescriptorsMax) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "too many layers",
                 .where = "rootfs.diff_ids",
                 .expected = fmt::format("at most {}", kDescriptorsMax)});
  }
  for (const json::Value& one : *diff_ids->array()) {
    json::Object wrapped{{"diff_id", one}};
    STELLA_TRY(const Digest digest, digest_of(json::Value(std::move(wrapped)), "diff_id", "rootfs"));
    config.diff_ids.push_back(digest);
  }
  return config;
}

json::Value to_json(const Descriptor& descriptor) {
  json::Object object{{"mediaType", descriptor.media_type},
                      {"digest", sha256_text(descriptor.digest)},
                      {"size", descriptor.size_bytes}};
  if (descriptor.platform) {
    json::Object platform;
    platform.emplace("os", descriptor.platform->os);
    platform.emplace("architecture", descriptor.platform->architecture);
    put_text(platform, "variant", descriptor.platform->variant);
    object.emplace("platform", std::move(platform));
  }
  put_text(object, "artifactType", descriptor.artifact_type);
  put_annotations(object, descriptor.annotations);
  return object;
}

json::Value to_json(const Index& index) {
  json::Object object{{"schemaVersion", 2}, {"manifests", to_array(index.manifests)}};
  put_text(object, "mediaType", index.media_type);
  put_text(object, "artifactType", index.artifact_type);
  if (index.subject) object.emplace("subject", to_json(*index.subject));
  put_annotations(object, index.annotations);
  return object;
}

json::Value to_json(const Manifest& manifest) {
  json::Object object{
      {"schemaVersion", 2}, {"config", to_json(manifest.config)}, {"layers", to_array(manifest.layers)}};
  put_text(object, "mediaType", manifest.media_type);
  put_text(object, "artifactType", manifest.artifact_type);
  if (manifest.subject) object.emplace("subject", to_json(*manifest.subject));
  put_annotations(object, manifest.annotations);
  return object;
}

}  // namespace stella::oci
