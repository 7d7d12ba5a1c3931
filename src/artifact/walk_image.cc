// An image's members: of each image its configuration, its annotations and its layers in order; and the files
// that no image refers to. Names that are digests change when layers are packed again, so members are named
// by platform and number: "linux/amd64!layer-2!etc/passwd".
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "walker.h"

namespace stella::artifact {
namespace {

constexpr std::string_view kCreatedAnnotation = "org.opencontainers.image.created";

std::string name_of(const oci::Image& image) {
  if (!image.platform.os.empty()) return to_string(image.platform);
  return image.artifact_type.empty() ? "image" : image.artifact_type;
}

void erase_created(json::Value& value) {
  if (json::Object* object = value.object()) object->erase("created");
}

// A configuration without the times of its making.
std::optional<Digest> payload_of_config(ByteView text) {
  auto config = json::parse(as_text(text));
  if (!config || config->object() == nullptr) return std::nullopt;
  erase_created(*config);
  const auto history = config->object()->find("history");
  if (history != config->object()->end() && history->second.array() != nullptr) {
    for (json::Value& step : *history->second.array()) erase_created(step);
  }
  return sha256(as_bytes(json::canonical(*config)));
}

// The manifest.json beside an index.json says the same for older programs. Whether it names only `known`
// files.
bool repeats_the_index(const oci::LayoutFiles& files, const std::set<std::string>& known) {
  const auto source = files.open("manifest.json");
  if (!source) return false;
  const auto bytes = read_all(**source, oci::kDocumentSizeMaxBytes);
  if (!bytes) return false;
  const auto list = json::parse(as_text(*bytes));
  if (!list || list->array() == nullptr) return false;
  const auto knows = [&](const json::Value* name) {
    return name != nullptr && name->string() != nullptr && known.contains(*name->string());
  };
  return std::ranges::all_of(*list->array(), [&](const json::Value& image) {
    const json::Value* layers = image.find("Layers");
    return knows(image.find("Config")) && layers != nullptr && layers->array() != nullptr &&
           std::ranges::all_of(*layers->array(), [&](const json::Value& layer) { return knows(&layer); });
  });
}

}  // namespace

Status Walker::read_image_members(Container& container, const oci::LayoutFiles& files) {
  STELLA_TRY(const oci::Images images, oci::read_images(files));
  for (const oci::Problem& problem : images.problems) {
    STELLA_TRY(const Member member, child(container, in_path(problem.name), in_path(problem.name)));
    STELLA_CHECK(
        report({.path = member.path, .code = problem.error.code, .reason = to_string(problem.error)}));
  }
  std::set<std::tuple<std::string, std::string, std::vector<std::string>>> seen;
  for (const oci::Image& image : images.images) {
    // One image under several tags is one image. In a docker-save archive, one configuration may stand with
    // two lists of layers.
    std::vector<std::string> layers;
    for (const oci::Blob& layer : image.layers) layers.push_back(layer.name);
    if (!seen.emplace(image.manifest_name, image.config.name, std::move(layers)).second) continue;
    STELLA_CHECK(read_image(container, files, image));
  }
  return read_other_files(container, files, images);
}

// A small artifact may name one file a million times, and each time costs its reading. Honest ones name each
// file about once, which is a small part of what they may unpack to.
Status Walker::charge_file(const oci::LayoutFiles& files, const std::string& name) {
  const auto file = files.open(name);
  return file ? budget_.charge((*file)->size()) : Status{};  // who needs it will say what is wrong
}

Status Walker::read_image(Container& container, const oci::LayoutFiles& files, const oci::Image& image) {
  std::string prefix = in_path(name_of(image));
  if (unsigned& count = container.names[prefix]; ++count > 1) prefix += fmt::format("#{}", count);
  STELLA_CHECK(read_image_config(container, files, image, prefix));

  json::Object annotations;
  for (const auto& [key, value] : image.annotations) {
    if (key != kCreatedAnnotation) annotations.emplace(key, value);
  }
  if (!annotations.empty()) {
    STELLA_CHECK(count_entry());
    const std::string text = json::canonical(annotations);
    STELLA_TRY(Member member, child(container, prefix + "!(annotations)", prefix + "!(annotations)"));
    member.size_bytes = text.size();
    member.sha256 = sha256(as_bytes(text));
    STELLA_CHECK(leaf(member, nullptr));
  }
  for (std::size_t i = 0; i < image.layers.size(); ++i) {
    STELLA_CHECK(read_layer(container, files, image, i, prefix));
  }
  return {};
}

Status Walker::read_image_config(Container& container, const oci::LayoutFiles& files, const oci::Image& image,
                                 const std::string& prefix) {
  STELLA_CHECK(count_entry());
  STELLA_TRY(Member member, child(container, prefix + "!config", prefix + "!config"));
  STELLA_CHECK(charge_file(files, image.config.name));
  const auto config = oci::open_blob(files, image.config);
  if (!config) {
    if (config.error().code == ErrorCode::kIo) return std::unexpected(config.error());
    return report({.path = member.path, .code = config.error().code, .reason = to_string(config.error())});
  }
  if ((*config)->size() <= oci::kDocumentSizeMaxBytes) {
    STELLA_TRY(const Bytes text, read_all(**config, oci::kDocumentSizeMaxBytes));
    member.payload_sha256 = payload_of_config(text);
  }
  return walk_bytes(member, {.bytes = **config}, container.depth);
}

Status Walker::read_layer(Container& container, const oci::LayoutFiles& files, const oci::Image& image,
                          std::size_t index, const std::string& prefix) {
  STELLA_CHECK(count_entry());
  const oci::Blob& blob = image.layers[index];
  const std::string name = fmt::format("{}!layer-{}", prefix, index + 1);
  STELLA_TRY(Member member, child(container, name, name));
  member.image_layer = static_cast<unsigned>(index + 1);
  STELLA_CHECK(charge_file(files, blob.name));
  auto layer = oci::open_blob(files, blob);
  if (!layer) {
    const Error error = std::move(layer).error();
    const auto as_it_is = files.open(blob.name);
    if (error.code == ErrorCode::kIo) return std::unexpected(error);
    if (as_it_is) return give_up(member, **as_it_is, error);
    return report({.path = member.path, .code = error.code, .reason = to_string(error)});
  }
  STELLA_CHECK(walk_bytes(member, {.bytes = **layer}, container.depth));
  if (index >= image.diff_ids.size() || image.diff_ids[index] == member.sha256) return {};
  return report(
      {.path = member.path,
       .code = ErrorCode::kCorrupt,
       .reason = fmt::format("layer unpacks to another digest than the configuration says (expected "
                             "{}, found {})",
                             sha256_text(image.diff_ids[index]), sha256_text(member.sha256))});
}

// What nothing refers to could still be run by somebody: it is a member like any other.
Status Walker::read_other_files(Container& container, const oci::LayoutFiles& files,
                                const oci::Images& images) {
  std::set<std::string> known(images.documents.begin(), images.documents.end());
  for (const oci::Image& image : images.images) {
    known.insert(image.config.name);
    for (const oci::Blob& layer : image.layers) known.insert(layer.name);
  }
  if (known.contains("index.json") && repeats_the_index(files, known)) {
    known.insert("manifest.json");
    known.insert("repositories");
  }
  for (const std::string& name : files.names()) {
    if (known.contains(name)) continue;
    STELLA_CHECK(count_entry());
    STELLA_TRY(Member member, child(container, in_path(name), in_path(name)));
    STELLA_TRY(const auto bytes, files.open(name));
    STELLA_CHECK(walk_bytes(member, {.bytes = *bytes}, container.depth));
  }
  for (oci::TarEntry entry : files.leftovers()) {
    // Links to a layer that occurs twice: the layer has been read through them.
    if (entry.kind == oci::TarKind::kSymlink && known.contains(entry.name)) continue;
    STELLA_CHECK(take_tar_entry(container, std::move(entry)));
  }
  return {};
}

}  // namespace stella::artifact
