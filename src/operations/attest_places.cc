// Where configuration and trust lie, and artifacts by name or digest.
#include <cstdlib>

#include "stella/base/digest.h"
#include "stella/base/source.h"
#include "stella/operations/attest_trust.h"

namespace stella::operations {
namespace {

constexpr std::size_t kHashBlockBytes = std::size_t{1} << 20;

std::filesystem::path environment_path(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::filesystem::path() : std::filesystem::path(value);
}

std::filesystem::path home_folder(const char* variable, const char* below_home) {
  const std::filesystem::path folder = environment_path(variable);
  if (folder.is_absolute()) return folder;
  const std::filesystem::path home = environment_path("HOME");
  return home.empty() ? home : home / below_home;
}

}  // namespace

std::vector<std::filesystem::path> default_policy_paths() {
  std::vector<std::filesystem::path> paths{"policy.yaml"};
  const std::filesystem::path user = home_folder("XDG_CONFIG_HOME", ".config");
  if (!user.empty()) paths.push_back(user / "stellaops" / "policy.yaml");
  paths.emplace_back("/etc/stellaops/policy.yaml");
  return paths;
}

std::filesystem::path default_trust_folder() {
  const std::filesystem::path given = environment_path("STELLAOPS_TRUST_DIR");
  if (!given.empty()) return given;
  const std::filesystem::path data = home_folder("XDG_DATA_HOME", ".local/share");
  return data.empty() ? data : data / "stellaops" / "trust";
}

bool is_digest(std::string_view file_or_digest) { return file_or_digest.starts_with("sha256:"); }

Result<Digest> digest_of(const std::string& file_or_digest) {
  if (is_digest(file_or_digest)) {
    auto digest = parse_sha256_text(file_or_digest);
    if (!digest) {
      Error error = std::move(digest).error();
      error.next = "a file of this name is meant by ./" + file_or_digest;
      return fail(std::move(error));
    }
    return *digest;
  }
  STELLA_TRY(const auto source, open_file(file_or_digest));
  Sha256 hash;
  STELLA_CHECK(for_each_block(*source, kHashBlockBytes, [&](ByteView block) -> Status {
    hash.update(block);
    return {};
  }));
  return hash.finish();
}

}  // namespace stella::operations
