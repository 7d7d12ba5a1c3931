// A trusted root put together from PEM files.
#include <fmt/format.h>

#include "stella/attestation/trusted_root.h"
#include "stella/base/base64.h"

namespace stella::attestation {
namespace {

// The beginning of time, as far as certificates go: given keys are trusted whenever they were used.
constexpr Time kAlways{.seconds = -62'135'596'800};  // 0001-01-01T00:00:00Z

struct Part {
  std::vector<crypto::Certificate> certificates{};
  std::vector<crypto::PublicKey> keys{};
};

Result<Part> read_part(std::string_view pem, std::string_view what) {
  Part part;
  auto blocks = parse_pem(pem);
  if (!blocks) return fail(std::move(blocks).error().at(what));
  for (const PemBlock& block : *blocks) {
    if (block.label == "CERTIFICATE") {
      auto certificate = crypto::Certificate::from_der(block.der);
      if (!certificate) return fail(std::move(certificate).error().at(what));
      part.certificates.push_back(*std::move(certificate));
    } else if (block.label == "PUBLIC KEY" || block.label == "RSA PUBLIC KEY") {
      auto key = block.label == "PUBLIC KEY" ? crypto::PublicKey::from_spki(block.der)
                                             : crypto::PublicKey::from_rsa_pkcs1(block.der);
      if (!key) return fail(std::move(key).error().at(what));
      part.keys.push_back(*std::move(key));
    }
  }
  if (part.certificates.empty() && part.keys.empty()) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "no certificate and no public key in PEM",
                 .where = std::string(what),
                 .expected = "-----BEGIN CERTIFICATE----- or -----BEGIN PUBLIC KEY-----"});
  }
  return part;
}

bool is_self_issued(const crypto::Certificate& certificate) {
  return certificate.fields().issuer_der == certificate.fields().subject_der;
}

Status add_logs(const std::vector<std::string>& pems, std::string_view what, std::vector<TrustedLog>& to) {
  for (const std::string& pem : pems) {
    STELLA_TRY(const Part part, read_part(pem, what));
    const auto add = [&](const crypto::PublicKey& key, Validity valid) {
      const ByteView id = key.id().view();
      to.push_back({.key = key,
                    .algorithm = crypto::default_algorithm(key),
                    .id = Bytes(id.begin(), id.end()),
                    .valid = valid});
    };
    for (const crypto::PublicKey& key : part.keys) add(key, {.start = kAlways});
    for (const crypto::Certificate& certificate : part.certificates) {
      add(certificate.key(),
          {.start = certificate.fields().not_before, .end = certificate.fields().not_after});
    }
  }
  return {};
}

// Self-issued certificates are the roots. Where a file has none, its last certificate is what the user chose
// to trust.
Status add_authority(const std::string& pem, std::string_view what, TrustedAuthority& to) {
  STELLA_TRY(Part part, read_part(pem, what));
  bool has_root = false;
  for (const crypto::Certificate& certificate : part.certificates)
    has_root = has_root || is_self_issued(certificate);
  for (std::size_t i = 0; i < part.certificates.size(); ++i) {
    const bool is_root = has_root ? is_self_issued(part.certificates[i]) : i + 1 == part.certificates.size();
    (is_root ? to.roots : to.intermediates).push_back(part.certificates[i]);
  }
  to.root_keys.insert(to.root_keys.end(), part.keys.begin(), part.keys.end());
  return {};
}

}  // namespace

Result<TrustedRoot> trusted_root_from_parts(const TrustedParts& parts) {
  TrustedRoot root;
  STELLA_CHECK(add_logs(parts.logs, "log root", root.logs));
  STELLA_CHECK(add_logs(parts.ct_logs, "CT log root", root.ct_logs));
  // Roots and chains are one pool: a chain file may hold the intermediates of a root from another file.
  TrustedAuthority authority{.name = "given certificate authority", .valid = {.start = kAlways}};
  for (const std::string& pem : parts.certificate_authorities) {
    STELLA_CHECK(add_authority(pem, "certificate authority root", authority));
  }
  for (const std::string& pem : parts.certificate_chains) {
    // With a root of its own choice, the user's chain adds intermediates; without one, its end is the root.
    TrustedAuthority chain;
    STELLA_CHECK(add_authority(pem, "certificate chain", chain));
    const bool adds_roots = parts.certificate_authorities.empty();
    auto& side = adds_roots ? authority.roots : authority.intermediates;
    side.insert(side.end(), chain.roots.begin(), chain.roots.end());
    authority.intermediates.insert(authority.intermediates.end(), chain.intermediates.begin(),
                                   chain.intermediates.end());
    if (adds_roots)
      authority.root_keys.insert(authority.root_keys.end(), chain.root_keys.begin(), chain.root_keys.end());
  }
  if (!authority.roots.empty() || !authority.root_keys.empty())
    root.certificate_authorities.push_back(authority);
  for (const std::string& pem : parts.timestamp_authorities) {
    TrustedAuthority timestamps{.name = "given timestamp authority", .valid = {.start = kAlways}};
    STELLA_CHECK(add_authority(pem, "timestamp authority root", timestamps));
    root.timestamp_authorities.push_back(std::move(timestamps));
  }
  return root;
}

}  // namespace stella::attestation
