// A layout's files: in a folder, or in a tar.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "stella/base/file.h"
#include "stella/oci/layout.h"

namespace stella::oci {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> no_such_file(std::string_view name) {
  return fail({.code = ErrorCode::kNotFound,
               .message = "image layout lacks a file",
               .where = std::string(name),
               .next = "get the whole image again"});
}

class FolderFiles final : public LayoutFiles {
 public:
  explicit FolderFiles(fs::path folder) : folder_(std::move(folder)) {}

  Status list() {
    std::error_code error;
    for (auto at = fs::recursive_directory_iterator(folder_, error); !error && at != fs::end(at);
         at.increment(error)) {
      // Links are not followed: a layout is looked at, not what it points to.
      if (!at->is_regular_file(error) || at->is_symlink(error)) continue;
      names_.push_back(at->path().lexically_relative(folder_).generic_string());
      if (names_.size() > TarLimits{}.entries_max) {
        return fail(ErrorCode::kLimitExceeded, "folder has too many files", folder_.string());
      }
    }
    if (error) return fail(os_error(error.value(), "cannot list the folder", folder_.string()));
    std::ranges::sort(names_);
    return {};
  }

  Result<std::unique_ptr<ByteSource>> open(std::string_view name) const override {
    // Only listed names are opened, so that no name from a document leads out of the folder.
    if (!std::ranges::binary_search(names_, name)) return no_such_file(name);
    return open_file(folder_ / name);
  }
  const std::vector<std::string>& names() const override { return names_; }
  const std::vector<TarEntry>& leftovers() const override { return leftovers_; }
  std::optional<std::uint64_t> end_bytes() const override { return std::nullopt; }

 private:
  fs::path folder_;
  std::vector<std::string> names_;
  std::vector<TarEntry> leftovers_;
};

class ArchiveFiles final : public LayoutFiles {
 public:
  explicit ArchiveFiles(const ByteSource& archive) : archive_(archive) {}

  Status list() {
    const TarLimits limits{.entries_max = kArchiveFilesMax};
    STELLA_TRY(end_, read_tar(archive_, limits, [&](TarEntry&& entry) -> Status {
                 STELLA_CHECK(count_holes(entry));
                 std::string_view name = entry.name;
                 if (name.starts_with("./")) name.remove_prefix(2);
                 // docker save links layers that occur twice to the first one: "../<id>/layer.tar".
                 if (entry.kind == TarKind::kSymlink || entry.kind == TarKind::kHardlink) {
                   std::string target = (fs::path(name).parent_path() / entry.link_target).lexically_normal();
                   links_.insert_or_assign(std::string(name),
                                           entry.kind == TarKind::kSymlink ? target : entry.link_target);
                 }
                 if (entry.kind == TarKind::kDirectory) return {};
                 if (entry.kind != TarKind::kFile) {
                   leftovers_.push_back(std::move(entry));
                   return {};
                 }
                 // The last one counts, as when extracted; others may read the first.
                 const auto [kept, is_new] = entries_.try_emplace(std::string(name));
                 if (!is_new) leftovers_.push_back(std::move(kept->second));
                 kept->second = std::move(entry);
                 return {};
               }));
    for (const auto& [name, entry] : entries_) names_.push_back(name);
    return {};
  }

  Result<std::unique_ptr<ByteSource>> open(std::string_view name) const override {
    auto found = entries_.find(name);
    if (found == entries_.end()) {
      const auto link = links_.find(name);
      if (link != links_.end()) found = entries_.find(link->second);
    }
    if (found == entries_.end()) return no_such_file(name);
    return tar_entry_bytes(archive_, found->second);
  }
  const std::vector<std::string>& names() const override { return names_; }
  const std::vector<TarEntry>& leftovers() const override { return leftovers_; }
  std::optional<std::uint64_t> end_bytes() const override { return end_; }

 private:
  // Holes cost no stored byte, yet each reader has to go through them.
  Status count_holes(const TarEntry& entry) {
    const std::uint64_t limit = std::max(kHolesFreeBytes, archive_.size());
    const std::uint64_t holes = entry.sparse ? entry.size_bytes - entry.stored_bytes : 0;
    if (holes <= limit - holes_bytes_) {
      holes_bytes_ += holes;
      return {};
    }
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "sparse files of an image archive are too large",
                 .where = entry.name,
                 .expected = fmt::format("at most {} bytes of holes", limit),
                 .found = "more"});
  }

  const ByteSource& archive_;
  std::map<std::string, TarEntry, std::less<>> entries_;
  std::map<std::string, std::string, std::less<>> links_;
  std::vector<std::string> names_;
  std::vector<TarEntry> leftovers_;
  std::uint64_t end_ = 0;
  std::uint64_t holes_bytes_ = 0;
};

}  // namespace

Result<std::unique_ptr<LayoutFiles>> open_layout_folder(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_regular_file(folder / "oci-layout", error) ||
      !fs::is_regular_file(folder / "index.json", error)) {
    return fail({.code = ErrorCode::kInvalidArgument,
                 .message = "folder is no OCI image layout",
                 .where = folder.string(),
                 .expected = "the files oci-layout and index.json in it",
                 .next = "give a file, or the folder of an image layout"});
  }
  auto files = std::make_unique<FolderFiles>(folder);
  STELLA_CHECK(files->list());
  return files;
}

Result<std::unique_ptr<LayoutFiles>> open_layout_archive(const ByteSource& archive) {
  auto files = std::make_unique<ArchiveFiles>(archive);
  STELLA_CHECK(files->list());
  return files;
}

}  // namespace stella::oci
