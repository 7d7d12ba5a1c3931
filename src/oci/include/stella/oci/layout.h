// OCI image layouts (image-layout.md), as a folder or as a tar, and the older archives of `docker save`.
// Every blob is checked against the size and digest of the descriptor that names it before it is used.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stella/base/source.h"
#include "stella/oci/descriptor.h"
#include "stella/oci/tar.h"

namespace stella::oci {

inline constexpr unsigned kIndexDepthMax = 4;    // indexes inside indexes
inline constexpr std::size_t kImagesMax = 1024;  // manifests reached from index.json
// Indexes and manifests of one layout together; a small archive may name one index many times.
inline constexpr std::uint64_t kDocumentsMaxBytes = std::uint64_t{32} << 20;
inline constexpr std::uint64_t kArchiveFilesMax = 100'000;  // entries of an image archive
// Zeros in the holes of an archive's sparse files that need no byte of it to vouch for them.
inline constexpr std::uint64_t kHolesFreeBytes = std::uint64_t{256} << 20;

// The files of a layout by their names inside it ("index.json", "blobs/sha256/…").
class LayoutFiles {
 public:
  virtual ~LayoutFiles() = default;
  // Errors: kNotFound, kIo.
  [[nodiscard]] virtual Result<std::unique_ptr<ByteSource>> open(std::string_view name) const = 0;
  // All regular files, sorted.
  [[nodiscard]] virtual const std::vector<std::string>& names() const = 0;
  // Entries of an archive that are neither of these files nor directories: links, devices, and files that a
  // later entry of the same name replaces. None in a folder.
  [[nodiscard]] virtual const std::vector<TarEntry>& leftovers() const = 0;
  // Where an archive ends, as read_tar says; none for a folder.
  [[nodiscard]] virtual std::optional<std::uint64_t> end_bytes() const = 0;
};

// Errors: kInvalidArgument when it has no oci-layout file; kIo; kLimitExceeded.
[[nodiscard]] Result<std::unique_ptr<LayoutFiles>> open_layout_folder(const std::filesystem::path& folder);
// `archive` is borrowed. Errors: those of read_tar.
[[nodiscard]] Result<std::unique_ptr<LayoutFiles>> open_layout_archive(const ByteSource& archive);

// A file of a layout that an image consists of.
struct Blob {
  std::string name;                      // in the layout: "blobs/sha256/…"
  std::optional<Descriptor> descriptor;  // none in docker-save archives
};

struct Image {
  Platform platform;          // of the configuration, else of the descriptor; may be empty
  std::string manifest_name;  // "blobs/sha256/…"; "manifest.json" in docker-save archives
  Annotations annotations;
  std::string artifact_type;  // may be empty
  Blob config;
  std::vector<Blob> layers;      // lowest first
  std::vector<Digest> diff_ids;  // as the configuration states them; empty or one for each layer
};

struct Problem {
  std::string name;  // of the file in the layout
  Error error;
};

struct Images {
  std::vector<Image> images;           // in the order of the index, nested indexes where they stand
  std::vector<Problem> problems;       // manifests that could not be read; the others are there
  std::vector<std::string> documents;  // files that were read as oci-layout, index or manifest
};

// Errors: kIo; kCorrupt and kUnsupported when index.json or oci-layout itself cannot be read; kLimitExceeded
// for indexes nested too deeply, too many images, or an index that contains itself.
[[nodiscard]] Result<Images> read_images(const LayoutFiles& files);

// Reads the whole blob once and compares. Errors: kNotFound, kCorrupt (expected and found digest or size),
// kIo.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> open_blob(const LayoutFiles& files, const Blob& blob);

// Whiteouts of layers (layer.md): "dir/.wh.name" deletes "dir/name", "dir/.wh..wh..opq" empties "dir" below.
enum class Whiteout : std::uint8_t { kNone, kDelete, kOpaque };
[[nodiscard]] Whiteout whiteout_of(std::string_view entry_name);

}  // namespace stella::oci
