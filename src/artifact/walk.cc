#include "stella/artifact/walk.h"

#include <algorithm>
#include <atomic>

#include "stella/base/progress.h"
#include "walker.h"

namespace stella::artifact {
namespace {

// Says how far into the artifact reading has come.
class WatchedSource final : public ByteSource {
 public:
  WatchedSource(const ByteSource& source, const Progress& progress) : source_(source), progress_(progress) {}
  std::uint64_t size() const override { return source_.size(); }
  const std::string& name() const override { return source_.name(); }
  Status read_at(std::uint64_t offset, MutableByteView to) const override {
    constexpr std::uint64_t kStepBytes = std::uint64_t{1} << 20;
    STELLA_CHECK(source_.read_at(offset, to));
    const std::uint64_t end = offset + to.size();
    std::uint64_t shown = shown_.load();
    if (end < shown + kStepBytes && end != size()) return {};
    if (end > shown && shown_.compare_exchange_strong(shown, end))
      report_progress(progress_, "opening", end, size());
    return {};
  }

 private:
  const ByteSource& source_;
  const Progress& progress_;
  mutable std::atomic<std::uint64_t> shown_{0};
};

}  // namespace

Status walk(const ByteSource& source, const Limits& limits, Visitor& visitor, const Progress& progress) {
  const WatchedSource watched(source, progress);
  return Walker(source.size(), limits, visitor).walk_file_artifact(watched);
}

Status walk(const std::filesystem::path& path, const Limits& limits, Visitor& visitor,
            const Progress& progress) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    STELLA_TRY(const auto source, open_file(path));
    return walk(*source, limits, visitor, progress);
  }
  STELLA_TRY(const auto files, oci::open_layout_folder(path));
  std::uint64_t size = 0;
  for (const std::string& name : files->names()) {
    STELLA_TRY(const auto file, files->open(name));
    size += file->size();
  }
  return Walker(size, limits, visitor).walk_layout_folder(*files);
}

}  // namespace stella::artifact
