#include "stella/oci/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace stella::oci {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

std::string blob_name(const Digest& digest) { return "blobs/sha256/" + to_hex(digest.view()); }

// Walks the indexes of a layout. An image that cannot be read is a problem of its own and does not hide the
// others; what is wrong with the tree itself is an error.
class ImageReader {
 public:
  explicit ImageReader(const LayoutFiles& files) : files_(files) {}

  Result<Images> read() {
    STELLA_CHECK(check_layout_version());
    result_.documents.emplace_back("index.json");
    STELLA_TRY(const std::string text, read_text("index.json"));
    auto index = parse_index(text);
    if (!index) return std::unexpected(std::move(index).error().at("index.json"));
    STELLA_CHECK(read_manifests(*index, 0));
    return std::move(result_);
  }

 private:
  Result<std::string> read_text(const std::string& name) {
    STELLA_TRY(const auto source, files_.open(name));
    STELLA_TRY(const Bytes bytes, read_all(*source, kDocumentSizeMaxBytes));
    return std::string(as_text(bytes));
  }

  Status check_layout_version() {
    STELLA_TRY(const std::string text, read_text("oci-layout"));
    result_.documents.emplace_back("oci-layout");
    STELLA_TRY(const json::Value value, json::parse(text));
    const json::Value* version = value.find("imageLayoutVersion");
    if (version != nullptr && version->string() != nullptr && version->string()->starts_with("1.")) return {};
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "version of the image layout is not supported",
                 .where = "oci-layout",
                 .expected = "imageLayoutVersion 1.*"});
  }

  Status read_manifests(const Index& index, unsigned depth) {
    for (const Descriptor& descriptor : index.manifests) {
      const std::string name = blob_name(descriptor.digest);
      if (++visited_ > kImagesMax) {
        return fail({.code = ErrorCode::kLimitExceeded,
                     .message = "image layout has too many manifests",
                     .where = name,
                     .expected = fmt::format("at most {}", kImagesMax)});
      }
      // One image under several tags, or a million times in a small index, is read once.
      if (!is_index(descriptor.media_type) && !manifests_.insert(name).second) continue;
      Status read = is_index(descriptor.media_type) ? read_index(name, descriptor, depth + 1)
                                                    : read_image(name, descriptor);
      if (read) continue;
      const ErrorCode code = read.error().code;
      if (code == ErrorCode::kIo || code == ErrorCode::kLimitExceeded) return read;
      result_.problems.push_back({.name = name, .error = std::move(read).error()});
    }
    return {};
  }

  Status read_index(const std::string& name, const Descriptor& descriptor, unsigned depth) {
    if (depth > kIndexDepthMax) {
      return fail({.code = ErrorCode::kLimitExceeded,
                   .message = "indexes of the image lie too deep inside each other",
                   .where = name,
                   .expected = fmt::format("at most {} levels", kIndexDepthMax)});
    }
    STELLA_TRY(const std::string text, read_document(name, descriptor));
    auto index = parse_index(text);
    if (!index) return std::unexpected(std::move(index).error().at(name));
    return read_manifests(*index, depth);
  }

  Status read_image(const std::string& name, const Descriptor& descriptor) {
    STELLA_TRY(const std::string text, read_document(name, descriptor));
    auto parsed = parse_manifest(text);
    if (!parsed) return std::unexpected(std::move(parsed).error().at(name));
    Manifest manifest = *std::move(parsed);
    Image image;
    image.manifest_name = name;
    image.annotations = std::move(manifest.annotations);
    image.artifact_type =
        manifest.artifact_type.empty() ? descriptor.artifact_type : std::move(manifest.artifact_type);
    image.config = {.name = blob_name(manifest.config.digest), .descriptor = manifest.config};
    for (Descriptor& layer : manifest.layers) {
      std::string layer_name = blob_name(layer.digest);
      image.layers.push_back({.name = std::move(layer_name), .descriptor = std::move(layer)});
    }
    add_image(std::move(image), descriptor.platform);
    return {};
  }

  // What the configuration says goes into the image; when it cannot be read, whoever walks the image will say
  // so.
  void add_image(Image image, const std::optional<Platform>& stated) {
    if (stated) image.platform = *stated;
    if (const auto& config = config_of(image.config)) {
      if (!config->platform.os.empty()) image.platform = config->platform;
      if (config->diff_ids.size() == image.layers.size()) image.diff_ids = config->diff_ids;
    }
    result_.images.push_back(std::move(image));
  }

  // Read once, however many images share it.
  const std::optional<Config>& config_of(const Blob& blob) {
    const auto [known, is_new] = configs_.try_emplace(blob.name);
    if (!is_new || blob.descriptor->size_bytes > kDocumentSizeMaxBytes) return known->second;
    const auto source = open_blob(files_, blob);
    const auto bytes = source ? read_all(**source, kDocumentSizeMaxBytes) : Result<Bytes>{};
    if (auto config = parse_config(as_text(bytes ? ByteView(*bytes) : ByteView{}))) {
      known->second = *std::move(config);
    }
    return known->second;
  }

  Result<std::string> read_document(const std::string& name, const Descriptor& descriptor) {
    if (descriptor.size_bytes > kDocumentSizeMaxBytes) {
      return fail({.code = ErrorCode::kUnsupported,
                   .message = "manifest is too large",
                   .where = name,
                   .expected = fmt::format("at most {} bytes", kDocumentSizeMaxBytes),
                   .found = fmt::format("{}", descriptor.size_bytes)});
    }
    if (descriptor.size_bytes > kDocumentsMaxBytes - documents_bytes_) {
      return fail({.code = ErrorCode::kLimitExceeded,
                   .message = "indexes and manifests of the image are too large altogether",
                   .where = name,
                   .expected = fmt::format("at most {} bytes", kDocumentsMaxBytes),
                   .found = "more"});
    }
    documents_bytes_ += descriptor.size_bytes;
    STELLA_TRY(const auto source, open_blob(files_, {.name = name, .descriptor = descriptor}));
    STELLA_TRY(const Bytes bytes, read_all(*source, kDocumentSizeMaxBytes));
    result_.documents.push_back(name);
    return std::string(as_text(bytes));
  }

  const LayoutFiles& files_;
  Images result_;
  std::size_t visited_ = 0;
  std::uint64_t documents_bytes_ = 0;
  std::map<std::string, std::optional<Config>> configs_;
  std::set<std::string> manifests_;
};

Result<std::string> text_at(const json::Value& value, std::string_view key) {
  const json::Value* found = value.find(key);
  if (found == nullptr || found->string() == nullptr) {
    return fail(ErrorCode::kCorrupt, "manifest.json has a missing or wrong field", std::string(key));
  }
  return *found->string();
}

// manifest.json of `docker save`: [{"Config": name, "Layers": [name…]}…].
Result<Images> read_docker_images(const LayoutFiles& files) {
  STELLA_TRY(const auto source, files.open("manifest.json"));
  STELLA_TRY(const Bytes bytes, read_all(*source, kDocumentSizeMaxBytes));
  STELLA_TRY(const json::Value list, json::parse(as_text(bytes)));
  if (list.array() == nullptr || list.array()->size() > kImagesMax) {
    return fail(ErrorCode::kCorrupt, "manifest.json is no list of images", "manifest.json");
  }
  Images images;
  images.documents.emplace_back("manifest.json");
  std::map<std::string, std::optional<Config>> configs;  // read once, however many images share it
  for (const json::Value& one : *list.array()) {
    Image image;
    image.manifest_name = "manifest.json";
    STELLA_TRY(image.config.name, text_at(one, "Config"));
    const json::Value* layers = one.find("Layers");
    if (layers == nullptr || layers->array() == nullptr || layers->array()->size() > kDescriptorsMax) {
      return fail(ErrorCode::kCorrupt, "manifest.json has a missing or wrong field", "Layers");
    }
    for (const json::Value& layer : *layers->array()) {
      if (layer.string() == nullptr) {
        return fail(ErrorCode::kCorrupt, "manifest.json names a layer that is no string", "Layers");
      }
      image.layers.push_back({.name = *layer.string(), .descriptor = {}});
    }
    const auto [config, is_new] = configs.try_emplace(image.config.name);
    if (is_new) {
      STELLA_TRY(const auto config_source, files.open(image.config.name));
      STELLA_TRY(const Bytes config_bytes, read_all(*config_source, kDocumentSizeMaxBytes));
      if (auto parsed = parse_config(as_text(config_bytes))) config->second = *std::move(parsed);
    }
    if (const auto& config_read = config->second) {
      image.platform = config_read->platform;
      if (config_read->diff_ids.size() == image.layers.size()) image.diff_ids = config_read->diff_ids;
    }
    images.images.push_back(std::move(image));
  }
  return images;
}

}  // namespace

Result<Images> read_images(const LayoutFiles& files) {
  const auto has = [&](std::string_view name) { return std::ranges::binary_search(files.names(), name); };
  if (!has("index.json") && has("manifest.json")) return read_docker_images(files);
  return ImageReader(files).read();
}

Result<std::unique_ptr<ByteSource>> open_blob(const LayoutFiles& files, const Blob& blob) {
  STELLA_TRY(auto source, files.open(blob.name));
  if (!blob.descriptor) return source;
  if (source->size() != blob.descriptor->size_bytes) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "blob has another size than its descriptor says",
                 .where = blob.name,
                 .expected = fmt::format("{} bytes", blob.descriptor->size_bytes),
                 .found = fmt::format("{}", source->size())});
  }
  Sha256 hash;
  STELLA_CHECK(for_each_block(*source, kBlockBytes, [&](ByteView block) -> Status {
    hash.update(block);
    return {};
  }));
  const Digest digest = hash.finish();
  if (digest != blob.descriptor->digest) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "blob has another digest than its descriptor says",
                 .where = blob.name,
                 .expected = sha256_text(blob.descriptor->digest),
                 .found = sha256_text(digest)});
  }
  return source;
}

Whiteout whiteout_of(std::string_view entry_name) {
  while (entry_name.ends_with('/')) entry_name.remove_suffix(1);
  const std::string_view name = entry_name.substr(entry_name.rfind('/') + 1);
  if (name == ".wh..wh..opq") return Whiteout::kOpaque;
  // ".wh..wh." begins names of AUFS's own files.
  if (name.starts_with(".wh.") && !name.starts_with(".wh..wh.") && name.size() > 4) return Whiteout::kDelete;
  return Whiteout::kNone;
}

}  // namespace stella::oci
