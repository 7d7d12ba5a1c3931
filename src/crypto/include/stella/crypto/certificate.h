// X.509 certificates (RFC 5280) as plain values, and Fulcio's extensions in them.
// Read by our own bounded DER reader, strictly: what is not DER is refused, so that one certificate has one
// meaning.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/base/time.h"
#include "stella/crypto/key.h"
#include "stella/crypto/signature.h"

namespace stella::crypto {

inline constexpr std::size_t kCertificateSizeMaxBytes = 64 << 10;
inline constexpr std::size_t kCertificateExtensionsMax = 128;  // Fulcio's leaves have about 30
inline constexpr std::size_t kCertificateNamesMax = 128;
inline constexpr std::size_t kCertificatesMax = 256;  // in one PEM file

struct Extension {
  std::string oid{};  // dotted
  bool critical = false;
  Bytes value{};  // the contents of extnValue

  friend bool operator==(const Extension&, const Extension&) = default;
};

struct SubjectAlternativeName {
  enum class Kind {
    kEmail,
    kUri,
    kDns,
    kOtherName
  };  // kOtherName: Fulcio's user names, 1.3.6.1.4.1.57264.1.7
  Kind kind = Kind::kUri;
  std::string value{};

  friend bool operator==(const SubjectAlternativeName&, const SubjectAlternativeName&) = default;
};
[[nodiscard]] std::string_view to_string(SubjectAlternativeName::Kind kind);

// Bits of the key usage extension.
enum class KeyUsage : std::uint16_t { kDigitalSignature = 1 << 0, kCertSign = 1 << 5, kCrlSign = 1 << 6 };

inline constexpr std::string_view kOidCodeSigning = "1.3.6.1.5.5.7.3.3";
inline constexpr std::string_view kOidTimeStamping = "1.3.6.1.5.5.7.3.8";
inline constexpr std::string_view kOidAnyExtendedKeyUsage = "2.5.29.37.0";
inline constexpr std::string_view kOidSctList = "1.3.6.1.4.1.11129.2.4.2";
inline constexpr std::string_view kOidCtPoison = "1.3.6.1.4.1.11129.2.4.3";

struct CertificateFields {
  Bytes serial{};      // big-endian, as encoded
  Bytes issuer_der{};  // Name, as encoded: chains are built by comparing these bytes
  Bytes subject_der{};
  std::string issuer{};   // "O=sigstore.dev, CN=sigstore-intermediate", for people
  std::string subject{};  // empty for Fulcio's leaves
  Time not_before{};
  Time not_after{};  // the last second in which it is valid
  std::vector<SubjectAlternativeName> names{};
  std::vector<Extension> extensions{};  // each OID once
  bool is_ca = false;
  std::optional<std::uint32_t> path_length_max{};
  std::optional<std::uint16_t> key_usage{};       // bits of KeyUsage; none when the extension is absent
  std::vector<std::string> extended_key_usage{};  // OIDs
  bool extended_key_usage_critical = false;
  Bytes subject_key_id{};
  Bytes authority_key_id{};
};

// Immutable, cheap to copy, safe to use from several threads.
class Certificate {
 public:
  // Errors: kCorrupt with the field; kLimitExceeded; kUnsupported (version, key, signature algorithm).
  [[nodiscard]] static Result<Certificate> from_der(ByteView der);

  [[nodiscard]] const CertificateFields& fields() const;
  [[nodiscard]] const PublicKey& key() const;
  [[nodiscard]] ByteView der() const;
  [[nodiscard]] ByteView tbs() const;  // what is signed
  [[nodiscard]] ByteView signature() const;
  [[nodiscard]] const Digest& id() const;  // SHA-256 of the DER
  [[nodiscard]] const Extension* find(std::string_view oid) const;
  [[nodiscard]] bool valid_at(Time time) const;     // both ends included, to the second
  [[nodiscard]] bool allows(KeyUsage usage) const;  // true when there is no key usage extension
  [[nodiscard]] std::string to_pem() const;

  // Errors: kUntrusted when `issuer` did not sign this certificate. Looks at nothing but the signature.
  [[nodiscard]] Status signed_by(const PublicKey& issuer) const;

  friend bool operator==(const Certificate& a, const Certificate& b) { return a.id() == b.id(); }

  struct Data;

 private:
  explicit Certificate(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

// All "CERTIFICATE" blocks of a text, in order. Errors: those of from_der; kCorrupt when there is none.
[[nodiscard]] Result<std::vector<Certificate>> certificates_from_pem(std::string_view pem);

// One of Fulcio's extensions 1.3.6.1.4.1.57264.1.N (sigstore/fulcio, docs/oid-info.md).
struct FulcioExtension {
  int number = 0;
  std::string_view
      name{};  // as users write it: "repository", "ref", "environment" …; those without a name are left out
  std::string value{};
};

// Numbers 1 to 6 hold raw text, later ones a DER UTF8String. Sorted by number. Issuer (8) wins over its raw
// form (1): when both are there they must agree. Errors: kCorrupt.
[[nodiscard]] Result<std::vector<FulcioExtension>> fulcio_extensions(const Certificate& certificate);

// The names that fulcio_extensions uses, in the order of their numbers.
struct FulcioExtensionName {
  int number = 0;
  std::string_view name{};
};
[[nodiscard]] std::span<const FulcioExtensionName> fulcio_extension_names();

}  // namespace stella::crypto
