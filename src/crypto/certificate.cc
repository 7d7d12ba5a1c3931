#include "stella/crypto/certificate.h"

#include <fmt/format.h>

#include "der.h"
#include "extensions.h"
#include "name.h"
#include "stella/base/base64.h"

namespace stella::crypto {

struct Certificate::Data {
  Bytes der{};
  ByteView tbs{};        // into der
  ByteView signature{};  // into der
  IssuerAlgorithm algorithm{};
  CertificateFields fields{};
  PublicKey key;
  Digest id{};
};

namespace {

constexpr std::string_view kWhat = "certificate";
constexpr std::size_t kSerialSizeMaxBytes = 32;  // RFC 5280 allows 20

struct Tbs {
  CertificateFields fields{};
  ByteView spki{};
  ByteView algorithm{};
};

Result<Tbs> read_tbs(ByteView whole) {
  der::Reader outer(whole, kWhat);
  STELLA_TRY(der::Reader tbs, outer.enter(der::kSequence, "tbsCertificate"));
  Tbs result;
  CertificateFields& fields = result.fields;
  STELLA_TRY(der::Reader version, tbs.enter(der::context_constructed(0), "version"));
  STELLA_TRY(const std::uint64_t number, version.small_integer("version"));
  STELLA_CHECK(version.end());
  if (number != 2) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "a certificate is of another version",
                 .expected = "v3",
                 .found = fmt::format("v{}", number + 1)});
  }
  STELLA_TRY(fields.serial, tbs.integer("serialNumber"));
  if (fields.serial.size() > kSerialSizeMaxBytes) {
    return der::malformed(kWhat, "serialNumber", fmt::format("longer than {} bytes", kSerialSizeMaxBytes));
  }
  STELLA_TRY(const der::Element algorithm, tbs.take(der::kSequence, "signature"));
  result.algorithm = algorithm.whole;
  STELLA_TRY(const der::Element issuer, tbs.take(der::kSequence, "issuer"));
  STELLA_TRY(der::Reader validity, tbs.enter(der::kSequence, "validity"));
  STELLA_TRY(fields.not_before, validity.time("notBefore"));
  STELLA_TRY(fields.not_after, validity.time("notAfter"));
  STELLA_CHECK(validity.end());
  STELLA_TRY(const der::Element subject, tbs.take(der::kSequence, "subject"));
  STELLA_TRY(const der::Element spki, tbs.take(der::kSequence, "subjectPublicKeyInfo"));
  result.spki = spki.whole;
  fields.issuer_der.assign(issuer.whole.begin(), issuer.whole.end());
  fields.subject_der.assign(subject.whole.begin(), subject.whole.end());
  STELLA_TRY(fields.issuer, name_text(issuer.whole));
  STELLA_TRY(fields.subject, name_text(subject.whole));
  if (!tbs.at_end()) {
    STELLA_TRY(der::Reader wrapper, tbs.enter(der::context_constructed(3), "extensions"));
    STELLA_TRY(const der::Reader list, wrapper.enter(der::kSequence, "extensions"));
    STELLA_CHECK(wrapper.end());
    STELLA_CHECK(read_extensions(list, fields));
  }
  STELLA_CHECK(tbs.end());
  return result;
}

}  // namespace

std::string_view to_string(SubjectAlternativeName::Kind kind) {
  switch (kind) {
    case SubjectAlternativeName::Kind::kEmail:
      return "email";
    case SubjectAlternativeName::Kind::kUri:
      return "URI";
    case SubjectAlternativeName::Kind::kDns:
      return "DNS";
    case SubjectAlternativeName::Kind::kOtherName:
      return "user name";
  }
  return "unknown";
}

Result<Certificate> Certificate::from_der(ByteView der) {
  if (der.size() > kCertificateSizeMaxBytes) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "a certificate is too large",
                 .expected = fmt::format("at most {} bytes", kCertificateSizeMaxBytes),
                 .found = fmt::format("{} bytes", der.size())});
  }
  Bytes owned(der.begin(), der.end());
  der::Reader outer(owned, kWhat);
  STELLA_TRY(der::Reader parts, outer.enter(der::kSequence, "Certificate"));
  STELLA_CHECK(outer.end());
  STELLA_TRY(const der::Element tbs, parts.take(der::kSequence, "tbsCertificate"));
  STELLA_TRY(const der::Element algorithm, parts.take(der::kSequence, "signatureAlgorithm"));
  STELLA_TRY(const ByteView signature, parts.bit_string("signatureValue"));
  STELLA_CHECK(parts.end());
  STELLA_TRY(const IssuerAlgorithm issuer_algorithm, read_algorithm(der::Reader(algorithm.content, kWhat)));
  STELLA_TRY(Tbs fields, read_tbs(tbs.whole));
  if (!std::ranges::equal(fields.algorithm, algorithm.whole)) {
    return der::malformed(kWhat, "signatureAlgorithm", "the algorithm outside differs from the signed one");
  }
  STELLA_TRY(PublicKey key, PublicKey::from_spki(fields.spki));
  Data data{.der = {},
            .tbs = tbs.whole,
            .signature = signature,
            .algorithm = issuer_algorithm,
            .fields = std::move(fields.fields),
            .key = std::move(key),
            .id = sha256(owned)};
  data.der = std::move(owned);  // a moved vector keeps its bytes where they are, so the views stay valid
  return Certificate(std::make_shared<const Data>(std::move(data)));
}

const CertificateFields& Certificate::fields() const { return data_->fields; }
const PublicKey& Certificate::key() const { return data_->key; }
ByteView Certificate::der() const { return data_->der; }
ByteView Certificate::tbs() const { return data_->tbs; }
ByteView Certificate::signature() const { return data_->signature; }
const Digest& Certificate::id() const { return data_->id; }
std::string Certificate::to_pem() const { return stella::to_pem("CERTIFICATE", data_->der); }

const Extension* Certificate::find(std::string_view oid) const {
  for (const Extension& extension : data_->fields.extensions) {
    if (extension.oid == oid) return &extension;
  }
  return nullptr;
}

bool Certificate::valid_at(Time time) const {
  return data_->fields.not_before.seconds <= time.seconds && time.seconds <= data_->fields.not_after.seconds;
}

bool Certificate::allows(KeyUsage usage) const {
  return !data_->fields.key_usage || (*data_->fields.key_usage & static_cast<std::uint16_t>(usage)) != 0;
}

Status Certificate::signed_by(const PublicKey& issuer) const {
  STELLA_TRY(const SignatureAlgorithm algorithm, algorithm_for(data_->algorithm, issuer));
  return verify_signature(issuer, algorithm, data_->tbs, data_->signature);
}

Result<std::vector<Certificate>> certificates_from_pem(std::string_view pem) {
  STELLA_TRY(const std::vector<PemBlock> blocks, parse_pem(pem));
  std::vector<Certificate> certificates;
  for (const PemBlock& block : blocks) {
    if (block.label != "CERTIFICATE") continue;
    auto certificate = Certificate::from_der(block.der);
    if (!certificate) {
      return fail(
          std::move(certificate).error().at(fmt::format("PEM certificate {}", certificates.size() + 1)));
    }
    certificates.push_back(*std::move(certificate));
  }
  if (certificates.empty()) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "no certificate in PEM",
                 .expected = "-----BEGIN CERTIFICATE-----"});
  }
  return certificates;
}

}  // namespace stella::crypto
