#include "extensions.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "name.h"

namespace stella::crypto {
namespace {

constexpr std::string_view kWhat = "certificate";
constexpr std::string_view kOidSubjectKeyId = "2.5.29.14";
constexpr std::string_view kOidKeyUsage = "2.5.29.15";
constexpr std::string_view kOidAlternativeNames = "2.5.29.17";
constexpr std::string_view kOidBasicConstraints = "2.5.29.19";
constexpr std::string_view kOidAuthorityKeyId = "2.5.29.35";
constexpr std::string_view kOidExtendedKeyUsage = "2.5.29.37";
constexpr std::string_view kOidFulcioUserName = "1.3.6.1.4.1.57264.1.7";

Status read_basic_constraints(der::Reader value, CertificateFields& fields) {
  STELLA_TRY(der::Reader constraints, value.enter(der::kSequence, "basicConstraints"));
  STELLA_CHECK(value.end());
  if (constraints.next_is(der::kBoolean)) {
    STELLA_TRY(fields.is_ca, constraints.boolean("cA"));
  }
  if (constraints.next_is(der::kInteger)) {
    STELLA_TRY(const std::uint64_t length, constraints.small_integer("pathLenConstraint"));
    if (!fields.is_ca) return der::malformed(kWhat, "pathLenConstraint", "a path length, and yet no CA");
    fields.path_length_max = static_cast<std::uint32_t>(std::min<std::uint64_t>(length, 255));
  }
  return constraints.end();
}

Status read_key_usage(der::Reader value, CertificateFields& fields) {
  STELLA_TRY(const der::Element bits, value.take(der::kBitString, "keyUsage"));
  STELLA_CHECK(value.end());
  if (bits.content.size() < 2 || bits.content.size() > 3 || bits.content[0] > 7) {
    return der::malformed(kWhat, "keyUsage", "not a short bit string");
  }
  // Bit 0 of the RFC is the highest bit of the first byte.
  std::uint16_t usage = 0;
  for (std::size_t bit = 0; bit < (bits.content.size() - 1) * 8; ++bit) {
    if ((bits.content[1 + bit / 8] >> (7 - bit % 8) & 1) != 0)
      usage = static_cast<std::uint16_t>(usage | 1U << bit);
  }
  fields.key_usage = usage;
  return {};
}

Status read_extended_key_usage(der::Reader value, bool critical, CertificateFields& fields) {
  STELLA_TRY(der::Reader list, value.enter(der::kSequence, "extKeyUsage"));
  STELLA_CHECK(value.end());
  while (!list.at_end()) {
    if (fields.extended_key_usage.size() >= kCertificateNamesMax) {
      return fail(ErrorCode::kLimitExceeded, "a certificate has too many extended key usages");
    }
    STELLA_TRY(std::string oid, list.object_id("KeyPurposeId"));
    fields.extended_key_usage.push_back(std::move(oid));
  }
  if (fields.extended_key_usage.empty()) return der::malformed(kWhat, "extKeyUsage", "the list is empty");
  fields.extended_key_usage_critical = critical;
  return {};
}

Status add_name(SubjectAlternativeName::Kind kind, ByteView value, CertificateFields& fields) {
  // A NUL or a line break would let one name look like another to whoever reads it as text.
  if (value.empty() || !is_printable(as_text(value))) {
    return der::malformed(kWhat, "subjectAltName", "a name is empty or holds unprintable characters");
  }
  fields.names.push_back({.kind = kind, .value = std::string(as_text(value))});
  return {};
}

Status read_alternative_names(der::Reader value, CertificateFields& fields) {
  using Kind = SubjectAlternativeName::Kind;
  STELLA_TRY(der::Reader list, value.enter(der::kSequence, "subjectAltName"));
  STELLA_CHECK(value.end());
  std::size_t count = 0;
  while (!list.at_end()) {
    if (++count > kCertificateNamesMax) {
      return fail(ErrorCode::kLimitExceeded,
                  fmt::format("a certificate has more than {} alternative names", kCertificateNamesMax));
    }
    STELLA_TRY(const der::Element name, list.any("GeneralName"));
    if (name.tag == der::context(1)) {
      STELLA_CHECK(add_name(Kind::kEmail, name.content, fields));
    } else if (name.tag == der::context(2)) {
      STELLA_CHECK(add_name(Kind::kDns, name.content, fields));
    } else if (name.tag == der::context(6)) {
      STELLA_CHECK(add_name(Kind::kUri, name.content, fields));
    } else if (name.tag == der::context_constructed(0)) {
      der::Reader other(name.content, kWhat);
      STELLA_TRY(const std::string oid, other.object_id("otherName"));
      STELLA_TRY(der::Reader wrapped, other.enter(der::context_constructed(0), "otherName"));
      STELLA_CHECK(other.end());
      if (oid != kOidFulcioUserName) continue;
      STELLA_TRY(const der::Element text, wrapped.take(der::kUtf8String, "otherName"));
      STELLA_CHECK(wrapped.end());
      STELLA_CHECK(add_name(Kind::kOtherName, text.content, fields));
    }
  }
  return {};
}

Status read_known(const Extension& extension, CertificateFields& fields) {
  der::Reader value(extension.value, kWhat);
  if (extension.oid == kOidBasicConstraints) return read_basic_constraints(value, fields);
  if (extension.oid == kOidKeyUsage) return read_key_usage(value, fields);
  if (extension.oid == kOidExtendedKeyUsage)
    return read_extended_key_usage(value, extension.critical, fields);
  if (extension.oid == kOidAlternativeNames) return read_alternative_names(value, fields);
  if (extension.oid == kOidSubjectKeyId) {
    STELLA_TRY(const der::Element id, value.take(der::kOctetString, "subjectKeyIdentifier"));
    fields.subject_key_id.assign(id.content.begin(), id.content.end());
    return value.end();
  }
  if (extension.oid == kOidAuthorityKeyId) {
    STELLA_TRY(der::Reader ids, value.enter(der::kSequence, "authorityKeyIdentifier"));
    if (!ids.next_is(der::context(0))) return {};
    STELLA_TRY(const der::Element id, ids.take(der::context(0), "keyIdentifier"));
    fields.authority_key_id.assign(id.content.begin(), id.content.end());
  }
  return {};
}

}  // namespace

bool is_understood(std::string_view oid) {
  return oid == kOidBasicConstraints || oid == kOidKeyUsage || oid == kOidExtendedKeyUsage ||
         oid == kOidAlternativeNames;
}

Status read_extensions(der::Reader list, CertificateFields& fields) {
  if (list.at_end()) return der::malformed(kWhat, "extensions", "the list is empty");
  while (!list.at_end()) {
    if (fields.extensions.size() >= kCertificateExtensionsMax) {
      return fail({.code = ErrorCode::kLimitExceeded,
                   .message = "a certificate has too many extensions",
                   .where = "extensions",
                   .expected = fmt::format("at most {}", kCertificateExtensionsMax)});
    }
    STELLA_TRY(der::Reader parts, list.enter(der::kSequence, "Extension"));
    Extension extension;
    STELLA_TRY(extension.oid, parts.object_id("extnID"));
    if (parts.next_is(der::kBoolean)) {
      STELLA_TRY(extension.critical, parts.boolean("critical"));
    }
    STELLA_TRY(const der::Element value, parts.take(der::kOctetString, "extnValue"));
    STELLA_CHECK(parts.end());
    extension.value.assign(value.content.begin(), value.content.end());
    // Of two extensions of one kind, two readers could take different ones.
    if (std::ranges::any_of(fields.extensions, [&](const Extension& e) { return e.oid == extension.oid; })) {
      return der::malformed(kWhat, extension.oid, "an extension is there twice");
    }
    if (auto status = read_known(extension, fields); !status) {
      return fail(std::move(status).error().at("extension " + extension.oid));
    }
    fields.extensions.push_back(std::move(extension));
  }
  return {};
}

namespace {

struct KnownAlgorithm {
  std::string_view oid;
  IssuerAlgorithm::Kind kind;
  Hash hash;
};
constexpr std::array<KnownAlgorithm, 7> kAlgorithms = {
    {{"1.2.840.10045.4.3.2", IssuerAlgorithm::Kind::kEcdsa, Hash::kSha256},
     {"1.2.840.10045.4.3.3", IssuerAlgorithm::Kind::kEcdsa, Hash::kSha384},
     {"1.2.840.10045.4.3.4", IssuerAlgorithm::Kind::kEcdsa, Hash::kSha512},
     {"1.2.840.113549.1.1.11", IssuerAlgorithm::Kind::kRsa, Hash::kSha256},
     {"1.2.840.113549.1.1.12", IssuerAlgorithm::Kind::kRsa, Hash::kSha384},
     {"1.2.840.113549.1.1.13", IssuerAlgorithm::Kind::kRsa, Hash::kSha512},
     {"1.3.101.112", IssuerAlgorithm::Kind::kEd25519, Hash::kSha512}}};
constexpr std::string_view kOidRsaEncryption = "1.2.840.113549.1.1.1";

}  // namespace

Result<IssuerAlgorithm> read_algorithm(der::Reader algorithm, std::optional<Hash> hash_if_absent) {
  STELLA_TRY(const std::string oid, algorithm.object_id("algorithm"));
  if (algorithm.next_is(der::kNull)) {
    STELLA_TRY(const der::Element null, algorithm.take(der::kNull, "parameters"));
    if (!null.content.empty()) return der::malformed(algorithm.what(), "parameters", "not NULL");
  }
  STELLA_CHECK(algorithm.end());
  for (const KnownAlgorithm& known : kAlgorithms) {
    if (known.oid == oid) return IssuerAlgorithm{.kind = known.kind, .hash = known.hash};
  }
  if (oid == kOidRsaEncryption && hash_if_absent) {
    return IssuerAlgorithm{.kind = IssuerAlgorithm::Kind::kRsa, .hash = *hash_if_absent};
  }
  return fail({.code = ErrorCode::kUnsupported,
               .message = fmt::format("{} is signed by an algorithm that is not accepted", algorithm.what()),
               .expected = "ECDSA or RSA (PKCS#1 v1.5) with SHA-256, SHA-384 or SHA-512, or Ed25519",
               .found = oid});
}

Result<Hash> read_hash_algorithm(der::Reader algorithm) {
  STELLA_TRY(const std::string oid, algorithm.object_id("hashAlgorithm"));
  if (algorithm.next_is(der::kNull)) {
    STELLA_TRY(const der::Element null, algorithm.take(der::kNull, "parameters"));
    if (!null.content.empty()) return der::malformed(algorithm.what(), "parameters", "not NULL");
  }
  STELLA_CHECK(algorithm.end());
  if (oid == "2.16.840.1.101.3.4.2.1") return Hash::kSha256;
  if (oid == "2.16.840.1.101.3.4.2.2") return Hash::kSha384;
  if (oid == "2.16.840.1.101.3.4.2.3") return Hash::kSha512;
  return fail({.code = ErrorCode::kUnsupported,
               .message = fmt::format("{} uses a hash that is not accepted", algorithm.what()),
               .expected = "SHA-256, SHA-384 or SHA-512",
               .found = oid});
}

Result<SignatureAlgorithm> algorithm_for(const IssuerAlgorithm& algorithm, const PublicKey& key) {
  using Kind = IssuerAlgorithm::Kind;
  const Kind kind = key.type() == KeyType::kRsa       ? Kind::kRsa
                    : key.type() == KeyType::kEd25519 ? Kind::kEd25519
                                                      : Kind::kEcdsa;
  if (kind != algorithm.kind) {
    return fail({.code = ErrorCode::kUntrusted,
                 .message = "the signature is of another kind than the key",
                 .expected = std::string(to_string(key.type()))});
  }
  return SignatureAlgorithm{.key_type = key.type(), .hash = algorithm.hash};
}

}  // namespace stella::crypto
