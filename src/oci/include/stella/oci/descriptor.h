// The JSON documents of the OCI image specification 1.1: descriptors, indexes, manifests, configurations.
// Source: https://github.com/opencontainers/image-spec (descriptor.md, image-index.md, manifest.md,
// config.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/base/json.h"

namespace stella::oci {

inline constexpr std::string_view kMediaTypeIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kMediaTypeManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kMediaTypeConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kMediaTypeDockerIndex =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kMediaTypeDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";

// Limits on what one document may hold. Registries refuse manifests above 4 MiB.
inline constexpr std::uint64_t kDocumentSizeMaxBytes = std::uint64_t{4} << 20;
inline constexpr std::size_t kDescriptorsMax = 4096;  // manifests of an index, layers of a manifest
inline constexpr std::size_t kAnnotationsMax = 4096;

struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;  // may be empty
  friend bool operator==(const Platform&, const Platform&) = default;
};
[[nodiscard]] std::string to_string(const Platform& platform);  // "linux/arm64/v8"

using Annotations = std::map<std::string, std::string>;

struct Descriptor {
  std::string media_type;
  Digest digest;  // SHA-256; other algorithms are kUnsupported
  std::uint64_t size_bytes = 0;
  std::optional<Platform> platform;
  std::string artifact_type;  // may be empty
  Annotations annotations;
  friend bool operator==(const Descriptor&, const Descriptor&) = default;
};

struct Index {
  std::string media_type;     // may be empty in an image layout's index.json
  std::string artifact_type;  // may be empty
  std::vector<Descriptor> manifests;
  std::optional<Descriptor> subject;
  Annotations annotations;
  friend bool operator==(const Index&, const Index&) = default;
};

struct Manifest {
  std::string media_type;     // may be empty
  std::string artifact_type;  // may be empty
  Descriptor config;
  std::vector<Descriptor> layers;
  std::optional<Descriptor> subject;
  Annotations annotations;
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

// What we need of an image's configuration; the rest stays in its bytes.
struct Config {
  Platform platform;
  std::vector<Digest> diff_ids;  // of the layers' tars, unpacked, lowest first
  friend bool operator==(const Config&, const Config&) = default;
};

[[nodiscard]] bool is_index(std::string_view media_type);     // OCI's or Docker's
[[nodiscard]] bool is_manifest(std::string_view media_type);  // OCI's or Docker's

// Errors of the parsers: kCorrupt naming the field, kLimitExceeded, kUnsupported (schemaVersion, digest
// algorithm). Unknown fields are ignored, as the specification demands.
[[nodiscard]] Result<Descriptor> parse_descriptor(const json::Value& value, std::string_view where);
[[nodiscard]] Result<Index> parse_index(std::string_view text);
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view text);
[[nodiscard]] Result<Config> parse_config(std::string_view text);

[[nodiscard]] json::Value to_json(const Descriptor& descriptor);
[[nodiscard]] json::Value to_json(const Index& index);
[[nodiscard]] json::Value to_json(const Manifest& manifest);

}  // namespace stella::oci
