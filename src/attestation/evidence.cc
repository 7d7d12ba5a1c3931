// Where bundles come from: files of one or several, and bare envelopes with their proofs beside them.
#include <fmt/format.h>

#include "stella/attestation/bundle.h"
#include "stella/base/file.h"
#include "stella/base/json_view.h"

namespace stella::attestation {
namespace {

constexpr std::string_view kEnvelopeSuffix = ".dsse.json";
constexpr std::string_view kProofName = "rekor-proof.json";
constexpr std::string_view kChainName = "cert-chain.pem";
constexpr std::size_t kPartSizeMaxBytes = std::size_t{4} << 20;

constexpr json::ParseLimits kLimits{.depth_max = 32, .size_max_bytes = kBundleSizeMaxBytes};

// A bundle, or an object whose member `bundle` is one, as GitHub's API wraps it.
Result<Bundle> bundle_or_wrapped(const json::Value& value) {
  const json::Value* inner = value.find("bundle");
  return bundle_from_json(inner != nullptr && value.find("mediaType") == nullptr ? *inner : value);
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

// The file `<stem>.<name>` or `<name>` in the folder of `path`; empty when there is neither.
Result<std::string> read_beside(const std::filesystem::path& path, std::string_view name) {
  const std::string file_name = path.filename().string();
  const std::string stem = file_name.substr(0, file_name.size() - kEnvelopeSuffix.size());
  for (const std::string& candidate : {fmt::format("{}.{}", stem, name), std::string(name)}) {
    auto bytes = read_file(path.parent_path() / candidate, kPartSizeMaxBytes);
    if (bytes) return std::string(as_text(*bytes));
    if (bytes.error().code != ErrorCode::kNotFound) return std::unexpected(std::move(bytes).error());
  }
  return std::string();
}

}  // namespace

Result<std::vector<Bundle>> parse_bundles(std::string_view text) {
  std::vector<Bundle> bundles;
  const std::size_t first_line = text.find('\n');
  if (first_line != std::string_view::npos && !is_blank(text.substr(first_line))) {
    // JSON lines: the first line is a whole value.
    if (json::parse(text.substr(0, first_line), kLimits)) {
      std::size_t number = 0;
      while (!text.empty()) {
        ++number;
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (is_blank(line)) continue;
        if (bundles.size() >= kBundlesMax) {
          return fail(ErrorCode::kLimitExceeded,
                      fmt::format("more than {} bundles in one file", kBundlesMax));
        }
        auto value = json::parse(line, kLimits);
        if (!value) return fail(std::move(value).error().at(fmt::format("line {}", number)));
        auto bundle = bundle_or_wrapped(*value);
        if (!bundle) return fail(std::move(bundle).error().at(fmt::format("line {}", number)));
        bundles.push_back(*std::move(bundle));
      }
      return bundles;
    }
  }
  STELLA_TRY(const json::Value value, json::parse(text, kLimits));
  STELLA_TRY(Bundle bundle, bundle_or_wrapped(value));
  bundles.push_back(std::move(bundle));
  return bundles;
}

Result<Bundle> bundle_from_parts(std::string_view envelope_json, std::string_view rekor_proof_json,
                                 std::string_view certificate_chain_pem) {
  Bundle bundle;
  bundle.version = BundleVersion::kDetached;
  STELLA_TRY(statement::Envelope envelope, statement::parse_envelope(envelope_json));
  if (envelope.signatures.size() != 1) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "an envelope must have exactly one signature",
                 .expected = "1",
                 .found = fmt::format("{}", envelope.signatures.size())});
  }
  bundle.signer = KeyHint{envelope.signatures[0].key_id};
  bundle.content = std::move(envelope);
  if (!is_blank(certificate_chain_pem)) {
    auto chain = crypto::certificates_from_pem(certificate_chain_pem);
    if (!chain) return fail(std::move(chain).error().at(kChainName));
    if (chain->size() > kBundleCertificatesMax) {
      return fail(ErrorCode::kLimitExceeded, fmt::format("more than {} certificates", kBundleCertificatesMax),
                  std::string(kChainName));
    }
    bundle.signer = *std::move(chain);
  }
  if (is_blank(rekor_proof_json)) return bundle;
  auto value = json::parse(rekor_proof_json, kLimits);
  if (!value) return fail(std::move(value).error().at(kProofName));
  const json::View view(*value, std::string(kProofName));
  std::vector<json::View> entries{view};
  if (value->array() != nullptr) {
    STELLA_TRY(entries, view.elements(kLogEntriesMax));
  }
  for (const json::View& element : entries) {
    STELLA_TRY(LogEntry entry, log_entry_from_json(element.value(), element.path()));
    bundle.log_entries.push_back(std::move(entry));
  }
  return bundle;
}

Result<std::vector<Bundle>> load_bundles(const std::filesystem::path& path) {
  STELLA_TRY(const Bytes bytes, read_file(path, kBundleSizeMaxBytes));
  if (!path.filename().string().ends_with(kEnvelopeSuffix)) {
    auto bundles = parse_bundles(as_text(bytes));
    if (!bundles) return fail(std::move(bundles).error().at(path.string()));
    return bundles;
  }
  STELLA_TRY(const std::string proof, read_beside(path, kProofName));
  STELLA_TRY(const std::string chain, read_beside(path, kChainName));
  auto bundle = bundle_from_parts(as_text(bytes), proof, chain);
  if (!bundle) return fail(std::move(bundle).error().at(path.string()));
  return std::vector<Bundle>{*std::move(bundle)};
}

}  // namespace stella::attestation
