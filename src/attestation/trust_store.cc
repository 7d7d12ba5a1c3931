#include "stella/attestation/trust_store.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "stella/base/base64.h"
#include "stella/base/file.h"
#include "stella/base/json_view.h"

namespace stella::attestation {
namespace {

constexpr const char* kSourceFile = "source.json";
constexpr const char* kTrustedFile = "trusted.json";
constexpr const char* kMetadataFolder = "metadata";
constexpr std::size_t kFilesMax = 4096;
constexpr int kFormatVersion = 1;

using Files = std::map<std::string, Bytes, std::less<>>;

// Files held in memory, or taken from another store and remembered.
class MemoryStore final : public tuf::Store {
 public:
  explicit MemoryStore(Files files) : files_(std::move(files)) {}
  explicit MemoryStore(const tuf::Store& from) : from_(&from) {}

  Result<Bytes> load(const std::string& name) const override {
    const auto found = files_.find(name);
    if (found != files_.end()) return found->second;
    if (from_ == nullptr) return fail(ErrorCode::kNotFound, "a piece of metadata is missing", name);
    auto bytes = from_->load(name);
    if (bytes) files_[name] = *bytes;
    return bytes;
  }
  Status save(const std::string&, ByteView) override {
    return fail(ErrorCode::kInternal, "a store is read only");
  }

  [[nodiscard]] const Files& files() const { return files_; }

 private:
  mutable Files files_;
  const tuf::Store* from_ = nullptr;
};

Result<StoredTrust> verify_all(const tuf::Store& metadata, Files targets) {
  StoredTrust trust;
  bool first = true;
  for (const auto& [path, bytes] : targets) {
    STELLA_TRY(const tuf::StoredTarget stored, tuf::verify_stored_target(metadata, path, bytes));
    trust.root_version = stored.root_version;
    trust.timestamp_version = stored.timestamp_version;
    trust.expires = first ? stored.expires : std::min(trust.expires, stored.expires);
    first = false;
  }
  trust.targets = std::move(targets);
  return trust;
}

json::Object to_json(const Files& files) {
  json::Object object;
  for (const auto& [name, bytes] : files) object.emplace(name, to_base64(bytes));
  return object;
}

Result<Files> files_from_json(const json::View& view) {
  STELLA_TRY(const auto members, view.members(kFilesMax));
  Files files;
  for (const auto& [name, member] : members) {
    STELLA_TRY(files[name], member.base64());
  }
  return files;
}

struct Trusted {
  Files metadata;
  Files targets;
};

Result<Trusted> read_trusted(const std::filesystem::path& path) {
  STELLA_TRY(const Bytes bytes, read_file(path, kTrustStoreSizeMaxBytes));
  const auto parsed = [&]() -> Result<Trusted> {
    STELLA_TRY(const json::Value value,
               json::parse(as_text(bytes), {.size_max_bytes = kTrustStoreSizeMaxBytes}));
    const json::View root(value);
    STELLA_CHECK(root.closed({"version", "metadata", "targets"}));
    STELLA_TRY(const json::View version, root.at("version"));
    STELLA_CHECK(version.integer(kFormatVersion, kFormatVersion));
    Trusted trusted;
    STELLA_TRY(const json::View metadata, root.at("metadata"));
    STELLA_TRY(trusted.metadata, files_from_json(metadata));
    STELLA_TRY(const json::View targets, root.at("targets"));
    STELLA_TRY(trusted.targets, files_from_json(targets));
    return trusted;
  }();
  if (!parsed) return fail(Error(parsed.error()).at(path.string()));
  return parsed;
}

}  // namespace

Status TrustStore::init(ByteView first_root, const TrustSource& source) const {
  std::error_code error;
  std::filesystem::create_directories(folder_ / kMetadataFolder, error);
  if (error) return fail(os_error(error.value(), "cannot make the folder of trust", folder_.string()));
  tuf::FolderStore store((folder_ / kMetadataFolder).string());
  STELLA_CHECK(tuf::Client::init(store, first_root));
  const std::string text =
      json::pretty(json::Object{{"metadataUrl", source.metadata_url}, {"targetsUrl", source.targets_url}});
  return write_file(folder_ / kSourceFile, as_bytes(text));
}

Result<TrustSource> TrustStore::source() const {
  const std::filesystem::path path = folder_ / kSourceFile;
  const auto bytes = read_file(path, 1 << 20);
  if (!bytes) {
    Error error = bytes.error();
    if (error.code == ErrorCode::kNotFound) error.next = "Begin with \"stella trust init\".";
    return fail(std::move(error));
  }
  const auto parsed = [&]() -> Result<TrustSource> {
    STELLA_TRY(const json::Value value, json::parse(as_text(*bytes)));
    const json::View root(value);
    TrustSource source;
    STELLA_TRY(const json::View metadata, root.at("metadataUrl"));
    STELLA_TRY(source.metadata_url, metadata.string());
    STELLA_TRY(const json::View targets, root.at("targetsUrl"));
    STELLA_TRY(source.targets_url, targets.string());
    return source;
  }();
  if (!parsed) return fail(Error(parsed.error()).at(path.string()));
  return parsed;
}

Result<StoredTrust> TrustStore::update(tuf::Fetcher& fetcher, const TrustSource& source, Time now,
                                       const std::vector<std::string>& targets) const {
  const std::filesystem::path trusted_path = folder_ / kTrustedFile;
  // A damaged trusted.json is no reason not to make a new one.
  const Files kept = read_trusted(trusted_path).value_or(Trusted{}).targets;
  std::vector<std::string> wanted = targets;
  for (const auto& [path, bytes] : kept) wanted.push_back(path);
  std::ranges::sort(wanted);
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  if (wanted.size() > kTrustTargetsMax) {
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("more than {} files are to be kept", kTrustTargetsMax));
  }

  tuf::FolderStore store((folder_ / kMetadataFolder).string());
  tuf::Client client(store, fetcher,
                     {.metadata_url = source.metadata_url, .targets_url = source.targets_url, .now = now});
  STELLA_CHECK(client.refresh());
  Files files;
  for (const std::string& path : wanted) {
    const auto known = kept.find(path);
    auto bytes = client.download(path, known == kept.end() ? std::nullopt : std::optional(known->second));
    // A repository may withdraw a file that was once kept; one that was asked for must be there.
    const bool asked = std::ranges::find(targets, path) != targets.end();
    if (!bytes && !asked && bytes.error().code == ErrorCode::kNotFound) continue;
    if (!bytes) return std::unexpected(std::move(bytes).error());
    files.emplace(path, *std::move(bytes));
  }

  const MemoryStore used(store);  // exactly the metadata that the targets need
  STELLA_TRY(StoredTrust trust, verify_all(used, std::move(files)));
  if (trust.targets.empty()) return trust;
  const std::string text = json::canonical(json::Object{
      {"version", kFormatVersion}, {"metadata", to_json(used.files())}, {"targets", to_json(trust.targets)}});
  STELLA_CHECK(write_file(trusted_path, as_bytes(text)));
  return trust;
}

Result<StoredTrust> TrustStore::load() const {
  auto trusted = read_trusted(folder_ / kTrustedFile);
  if (!trusted) {
    Error error = std::move(trusted).error();
    if (error.code == ErrorCode::kNotFound) error.next = "Fetch it by \"stella trust update\".";
    return fail(std::move(error));
  }
  const MemoryStore metadata(std::move(trusted->metadata));
  auto trust = verify_all(metadata, std::move(trusted->targets));
  if (!trust) return fail(std::move(trust).error().at((folder_ / kTrustedFile).string()));
  return trust;
}

}  // namespace stella::attestation
