// Fulcio's extensions. Source: sigstore/fulcio, docs/oid-info.md; numbers above 23 as public certificates
// carry them.
#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "der.h"
#include "name.h"
#include "stella/crypto/certificate.h"

namespace stella::crypto {
namespace {

constexpr std::string_view kArc = "1.3.6.1.4.1.57264.1.";
constexpr int kUserNameInAlternativeName = 7;  // no extension
constexpr int kIssuerRaw = 1;
constexpr int kIssuer = 8;

constexpr std::array<FulcioExtensionName, 23> kNames = {{{1, "issuer_raw"},
                                                         {2, "github_workflow_trigger"},
                                                         {3, "github_workflow_sha"},
                                                         {4, "github_workflow_name"},
                                                         {5, "github_workflow_repository"},
                                                         {6, "github_workflow_ref"},
                                                         {8, "issuer"},
                                                         {9, "build_signer_uri"},
                                                         {10, "build_signer_digest"},
                                                         {11, "runner_environment"},
                                                         {12, "repository"},
                                                         {13, "digest"},
                                                         {14, "ref"},
                                                         {15, "repository_id"},
                                                         {16, "owner"},
                                                         {17, "owner_id"},
                                                         {18, "build_config_uri"},
                                                         {19, "build_config_digest"},
                                                         {20, "trigger"},
                                                         {21, "run_uri"},
                                                         {22, "visibility"},
                                                         {23, "environment"},
                                                         {24, "token_subject"}}};

Result<std::string> read_value(int number, const Extension& extension) {
  std::string_view text = as_text(extension.value);
  der::Reader value(extension.value, "Fulcio extension");
  if (number > kUserNameInAlternativeName) {
    STELLA_TRY(const der::Element string, value.take(der::kUtf8String, extension.oid));
    STELLA_CHECK(value.end());
    text = as_text(string.content);
  }
  if (!is_printable(text))
    return der::malformed("Fulcio extension", extension.oid, "it holds unprintable characters");
  return std::string(text);
}

}  // namespace

std::span<const FulcioExtensionName> fulcio_extension_names() { return kNames; }

Result<std::vector<FulcioExtension>> fulcio_extensions(const Certificate& certificate) {
  std::vector<FulcioExtension> found;
  for (const Extension& extension : certificate.fields().extensions) {
    std::string_view oid = extension.oid;
    if (!oid.starts_with(kArc)) continue;
    oid.remove_prefix(kArc.size());
    int number = 0;
    const auto [end, error] = std::from_chars(oid.data(), oid.data() + oid.size(), number);
    if (error != std::errc() || end != oid.data() + oid.size()) continue;
    if (number == kUserNameInAlternativeName) continue;
    for (const FulcioExtensionName& known : kNames) {
      if (known.number != number) continue;
      STELLA_TRY(std::string value, read_value(number, extension));
      found.push_back({.number = number, .name = known.name, .value = std::move(value)});
    }
  }
  std::ranges::sort(found, {}, &FulcioExtension::number);

  const FulcioExtension* raw = nullptr;
  const FulcioExtension* issuer = nullptr;
  for (const FulcioExtension& extension : found) {
    if (extension.number == kIssuerRaw) raw = &extension;
    if (extension.number == kIssuer) issuer = &extension;
  }
  if (raw != nullptr && issuer != nullptr && raw->value != issuer->value) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "the two issuer extensions of a certificate contradict each other",
                 .expected = issuer->value,
                 .found = raw->value});
  }
  return found;
}

}  // namespace stella::crypto
