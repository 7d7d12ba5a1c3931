#include "stella/attestation/trusted_root.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "proto_json.h"
#include "stella/base/base64.h"
#include "stella/base/json_view.h"

namespace stella::attestation {
namespace {

constexpr std::array<std::string_view, 4> kMediaTypes = {
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json"};
constexpr std::size_t kChainCertificatesMax = 16;

Result<Time> read_time(const json::View& view) {
  STELLA_TRY(const std::string text, view.text());
  auto time = parse_time(text);
  if (!time) return fail(std::move(time).error().at(view.path()));
  return time;
}

Result<Validity> read_validity(const json::View& owner) {
  STELLA_TRY(const json::View view, owner.at("validFor"));
  // A key without a beginning would be trusted for times before it existed.
  STELLA_TRY(const json::View start, view.at("start"));
  Validity validity;
  STELLA_TRY(validity.start, read_time(start));
  STELLA_TRY(const auto end, view.find("end"));
  if (end) {
    STELLA_TRY(validity.end, read_time(*end));
    if (*validity.end < validity.start) {
      return view.fail("a period of validity ends before it begins", "end after " + to_string(validity.start),
                       to_string(*validity.end));
    }
  }
  return validity;
}

std::string origin_of(std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos)
    url.remove_prefix(scheme + 3);
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string(url);
}

Result<TrustedLog> read_log(const json::View& view) {
  STELLA_TRY(const std::string url, optional_string(view, "baseUrl"));
  STELLA_TRY(const json::View key_view, view.at("publicKey"));
  STELLA_TRY(const Bytes raw, bytes_at(key_view, "rawBytes"));
  STELLA_TRY(const json::View details_view, key_view.at("keyDetails"));
  STELLA_TRY(const std::string details, details_view.text());
  auto algorithm = crypto::parse_key_details(details);
  if (!algorithm) return fail(std::move(algorithm).error().at(details_view.path()));
  auto key = details.starts_with("PKCS1_") ? crypto::PublicKey::from_rsa_pkcs1(raw)
                                           : crypto::PublicKey::from_spki(raw);
  if (!key) return fail(std::move(key).error().at(key_view.path()));
  if (key->type() != algorithm->key_type) {
    return details_view.fail("the key is of another kind than its details say", details,
                             std::string(crypto::to_string(key->type())));
  }
  STELLA_TRY(const Validity validity, read_validity(key_view));
  TrustedLog log{.url = url,
                 .origin = origin_of(url),
                 .key = *std::move(key),
                 .algorithm = *algorithm,
                 .valid = validity};
  STELLA_TRY(const auto id, view.find("logId"));
  if (id) {
    STELLA_TRY(log.id, bytes_at(*id, "keyId"));
  } else {
    const ByteView computed = log.key.id().view();
    log.id.assign(computed.begin(), computed.end());
  }
  STELLA_TRY(const auto checkpoint_id, view.find("checkpointKeyId"));
  if (checkpoint_id) {
    STELLA_TRY(log.checkpoint_id, bytes_at(*checkpoint_id, "keyId"));
  }
  return log;
}

// Sorts a chain, signer's side first, into roots and the others: the last is the root.
Result<TrustedAuthority> read_authority(const json::View& view) {
  TrustedAuthority authority;
  STELLA_TRY(const json::View chain, view.at("certChain"));
  STELLA_TRY(const json::View list, chain.at("certificates"));
  STELLA_TRY(const auto elements, list.elements(kChainCertificatesMax));
  for (std::size_t i = 0; i < elements.size(); ++i) {
    STELLA_TRY(const Bytes der, bytes_at(elements[i], "rawBytes"));
    auto certificate = crypto::Certificate::from_der(der);
    if (!certificate) return fail(std::move(certificate).error().at(elements[i].path()));
    auto& side = i + 1 == elements.size() ? authority.roots : authority.intermediates;
    side.push_back(*std::move(certificate));
  }
  if (authority.roots.empty()) return list.fail("an authority has no certificate");
  STELLA_TRY(authority.name, optional_string(view, "uri"));
  if (authority.name.empty()) authority.name = authority.roots.front().fields().subject;
  STELLA_TRY(authority.valid, read_validity(view));
  return authority;
}

template <typename T>
Status read_list(const json::View& root, std::string_view key, Result<T> (*read)(const json::View&),
                 std::vector<T>& to) {
  STELLA_TRY(const auto list, root.find(key));
  if (!list) return {};
  STELLA_TRY(const auto elements, list->elements(kTrustedEntriesMax));
  for (const json::View& element : elements) {
    STELLA_TRY(T value, read(element));
    to.push_back(std::move(value));
  }
  return {};
}

}  // namespace

std::string to_string(const Validity& validity) {
  return validity.end ? fmt::format("{} to {}", to_string(validity.start), to_string(*validity.end))
                      : fmt::format("from {} on", to_string(validity.start));
}

Result<TrustedRoot> parse_trusted_root(std::string_view json_text) {
  STELLA_TRY(const json::Value value,
             json::parse(json_text, {.depth_max = 32, .size_max_bytes = kTrustedRootSizeMaxBytes}));
  const json::View root(value);
  STELLA_TRY(const json::View type_view, root.at("mediaType"));
  STELLA_TRY(const std::string type, type_view.text());
  if (std::ranges::find(kMediaTypes, type) == kMediaTypes.end()) {
    return type_view.fail("not a trusted root, or one of a version that is not known",
                          std::string(kMediaTypes[0]), type, ErrorCode::kUnsupported);
  }
  TrustedRoot result;
  STELLA_CHECK(read_list(root, "tlogs", read_log, result.logs));
  STELLA_CHECK(read_list(root, "ctlogs", read_log, result.ct_logs));
  STELLA_CHECK(read_list(root, "certificateAuthorities", read_authority, result.certificate_authorities));
  STELLA_CHECK(read_list(root, "timestampAuthorities", read_authority, result.timestamp_authorities));
  return result;
}

void merge(TrustedRoot& root, const TrustedRoot& more) {
  const auto add = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  add(root.logs, more.logs);
  add(root.ct_logs, more.ct_logs);
  add(root.certificate_authorities, more.certificate_authorities);
  add(root.timestamp_authorities, more.timestamp_authorities);
}

}  // namespace stella::attestation
