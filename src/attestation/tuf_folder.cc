// Metadata in folders: the client's own store, and repositories on a disk.
#include <filesystem>
#include <optional>

#include "stella/attestation/tuf_client.h"
#include "stella/base/file.h"

namespace stella::attestation::tuf {
namespace {

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const auto byte = parse_hex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1 || byte->front() == 0) return std::nullopt;
    decoded += static_cast<char>(byte->front());
    i += 2;
  }
  return decoded;
}

}  // namespace

Result<Bytes> FolderStore::load(const std::string& name) const {
  return read_file(std::filesystem::path(folder_) / name, kMetadataSizeMaxBytes);
}

Status FolderStore::save(const std::string& name, ByteView bytes) {
  return write_file(std::filesystem::path(folder_) / name, bytes);
}

Result<Bytes> FolderFetcher::fetch(const std::string& url, std::size_t size_max_bytes) {
  constexpr std::string_view kScheme = "file://";
  // Names in a mirror's folder are those of the URLs, as a copying program left them: encoded. A file://
  // URL's own encoding is undone only where no such file is there.
  const std::string path = url.starts_with(kScheme) ? url.substr(kScheme.size()) : url;
  if (path.starts_with("../") || path.find("/../") != std::string::npos || path.ends_with("/..")) {
    return fail(ErrorCode::kInvalidArgument, "a path in a repository leaves it", url);
  }
  auto bytes = read_file(path, size_max_bytes);
  if (bytes || bytes.error().code != ErrorCode::kNotFound) return bytes;
  const auto decoded = percent_decode(path);
  if (!decoded || *decoded == path || decoded->find("..") != std::string::npos) return bytes;
  return read_file(*decoded, size_max_bytes);
}

}  // namespace stella::attestation::tuf
