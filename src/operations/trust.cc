#include "stella/operations/trust.h"

#include <unistd.h>

#include <optional>
#include <utility>

#include "stella/base/file.h"
#include "stella/net/http.h"
#include "stella/operations/attest_trust.h"

namespace stella::operations {
namespace {

constexpr std::size_t kFirstRootSizeMaxBytes = attestation::tuf::kRootSizeMaxBytes;

bool is_remote(const std::string& url) { return url.starts_with("http://") || url.starts_with("https://"); }

// Files of disks and of servers; the network is opened at the first URL that needs it.
class AnyFetcher final : public attestation::tuf::Fetcher {
 public:
  explicit AnyFetcher(bool offline) : offline_(offline) {}

  Result<Bytes> fetch(const std::string& url, std::size_t size_max_bytes) override {
    if (!is_remote(url)) return folder_.fetch(url, size_max_bytes);
    if (offline_) {
      return fail({.code = ErrorCode::kOffline,
                   .message = "the repository is on the network, which --offline forbids",
                   .where = url,
                   .next = "Give a mirror on a disk by --url, or leave --offline out."});
    }
    if (!http_) {
      STELLA_TRY(http_, net::HttpClient::create());
    }
    return http_->get(url, size_max_bytes);
  }

 private:
  bool offline_;
  attestation::tuf::FolderFetcher folder_;
  std::optional<net::HttpClient> http_;
};

Result<attestation::TrustStore> store_in(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder.empty() ? default_trust_folder() : folder;
  if (path.empty()) {
    return fail({.code = ErrorCode::kInvalidArgument,
                 .message = "there is no place for the folder of trust: HOME is not set",
                 .next = "Name one by --trust-dir or STELLAOPS_TRUST_DIR."});
  }
  return attestation::TrustStore(path);
}

// What the folder holds, verified.
Result<TrustResult> loaded(const char* verb, const std::filesystem::path& folder) {
  STELLA_TRY(const attestation::TrustStore store, store_in(folder));
  TrustResult result;
  result.verb = verb;
  result.folder = store.folder();
  result.updated = true;
  STELLA_TRY(result.source, store.source());
  STELLA_TRY(result.trust, store.load());
  return result;
}

attestation::TrustSource completed(attestation::TrustSource source) {
  if (source.targets_url.empty()) {
    source.targets_url = source.metadata_url + (source.metadata_url.ends_with('/') ? "targets" : "/targets");
  }
  return source;
}

}  // namespace

Result<TrustResult> trust_init(const TrustInitOptions& options) {
  STELLA_TRY(const attestation::TrustStore store, store_in(options.folder));
  TrustResult result{.verb = "trust init", .folder = store.folder(), .source = options.source};
  const attestation::BuiltInTufRoot& built_in = attestation::public_good_tuf_root();
  Bytes root(built_in.root.begin(), built_in.root.end());
  if (options.root.empty()) {
    if (result.source.metadata_url.empty()) result.source = built_in.source;  // else a mirror of it
  } else {
    if (result.source.metadata_url.empty()) {
      return fail({.code = ErrorCode::kInvalidArgument,
                   .message = "a first root was given, but not whose it is",
                   .expected = "--url with the repository's URL or folder"});
    }
    STELLA_TRY(root, read_file(options.root, kFirstRootSizeMaxBytes));
  }
  result.source = completed(result.source);
  STELLA_CHECK(store.init(root, result.source));
  return result;
}

Result<TrustResult> trust_update(const TrustUpdateOptions& options) {
  STELLA_TRY(const attestation::TrustStore store, store_in(options.folder));
  TrustResult result{.verb = "trust update", .folder = store.folder(), .updated = true};
  if (options.source.metadata_url.empty()) {
    STELLA_TRY(result.source, store.source());
    if (!options.source.targets_url.empty()) result.source.targets_url = options.source.targets_url;
  } else {
    result.source = completed(options.source);
  }
  std::vector<std::string> targets = options.targets;
  if (targets.empty() && !options.metadata_only) targets.emplace_back(attestation::kTrustedRootTarget);
  AnyFetcher fetcher(options.offline);
  STELLA_TRY(result.trust, store.update(fetcher, result.source, options.now, targets));
  return result;
}

Result<TrustResult> trust_show(const TrustShowOptions& options) {
  STELLA_TRY(TrustResult result, loaded("trust show", options.folder));
  result.expired = result.trust.expires <= options.now;
  return result;
}

Result<TrustResult> trust_export(const TrustExportOptions& options) {
  STELLA_TRY(TrustResult result, loaded("trust export", options.folder));
  result.output = options.output;
  const auto target = result.trust.targets.find(options.target);
  if (target == result.trust.targets.end()) {
    return fail({.code = ErrorCode::kNotFound,
                 .message = "the folder of trust does not keep this file",
                 .where = result.folder.string(),
                 .found = options.target,
                 .next = "`stella trust update --target " + options.target + "` fetches it"});
  }
  if (options.output == "-") {
    STELLA_CHECK(write_descriptor(STDOUT_FILENO, target->second, "standard output"));
  } else {
    STELLA_CHECK(
        write_file(options.output, target->second,
                   options.replace_output ? AtomicFile::Existing::kReplace : AtomicFile::Existing::kRefuse));
  }
  return result;
}

}  // namespace stella::operations
