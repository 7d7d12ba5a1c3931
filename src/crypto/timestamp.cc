#include "stella/crypto/timestamp.h"

#include <openssl/sha.h>

#include <algorithm>

#include <fmt/format.h>

#include "der.h"
#include "extensions.h"

namespace stella::crypto {
namespace {

constexpr std::string_view kWhat = "timestamp";
constexpr std::string_view kOidSignedData = "1.2.840.113549.1.7.2";
constexpr std::string_view kOidTstInfo = "1.2.840.113549.1.9.16.1.4";
constexpr std::string_view kOidContentType = "1.2.840.113549.1.9.3";
constexpr std::string_view kOidMessageDigest = "1.2.840.113549.1.9.4";
constexpr std::string_view kOidSigningCertificate = "1.2.840.113549.1.9.16.2.12";
constexpr std::string_view kOidSigningCertificateV2 = "1.2.840.113549.1.9.16.2.47";
constexpr std::size_t kAttributesMax = 64;

Bytes copy(ByteView view) { return Bytes(view.begin(), view.end()); }

Status read_tst_info(ByteView content, TimestampToken& token) {
  der::Reader outer(content, kWhat);
  STELLA_TRY(der::Reader info, outer.enter(der::kSequence, "TSTInfo"));
  STELLA_CHECK(outer.end());
  STELLA_TRY(const std::uint64_t version, info.small_integer("version"));
  if (version != 1) return der::malformed(kWhat, "version", fmt::format("expected 1, found {}", version));
  STELLA_TRY(token.policy, info.object_id("policy"));
  STELLA_TRY(der::Reader imprint, info.enter(der::kSequence, "messageImprint"));
  STELLA_TRY(const der::Reader hash, imprint.enter(der::kSequence, "hashAlgorithm"));
  STELLA_TRY(token.imprint_hash, read_hash_algorithm(hash));
  STELLA_TRY(const der::Element hashed, imprint.take(der::kOctetString, "hashedMessage"));
  STELLA_CHECK(imprint.end());
  if (hashed.content.size() != size_bytes(token.imprint_hash)) {
    return der::malformed(kWhat, "hashedMessage", "its length is not that of its hash");
  }
  token.imprint = copy(hashed.content);
  STELLA_TRY(token.serial, info.integer("serialNumber"));
  STELLA_TRY(token.time, info.generalized_time("genTime"));
  if (info.next_is(der::kSequence)) STELLA_CHECK(info.take(der::kSequence, "accuracy"));
  if (info.next_is(der::kBoolean)) STELLA_CHECK(info.boolean("ordering"));
  if (info.next_is(der::kInteger)) {
    STELLA_TRY(token.nonce, info.integer("nonce"));
  }
  if (info.next_is(der::context_constructed(0))) STELLA_CHECK(info.take(der::context_constructed(0), "tsa"));
  // Extensions could change the meaning of the token; none is in use.
  return info.end();
}

// The certificate's digest out of SigningCertificate or SigningCertificateV2 (RFC 5035): the first of its
// list.
Result<Bytes> read_certificate_digest(der::Reader value, bool v2) {
  STELLA_TRY(der::Reader attribute, value.enter(der::kSequence, "SigningCertificate"));
  STELLA_TRY(der::Reader list, attribute.enter(der::kSequence, "certs"));
  STELLA_TRY(der::Reader id, list.enter(der::kSequence, "ESSCertID"));
  std::size_t size = v2 ? 32 : 20;
  if (v2 && id.next_is(der::kSequence)) {
    STELLA_TRY(const der::Reader hash, id.enter(der::kSequence, "hashAlgorithm"));
    STELLA_TRY(const Hash algorithm, read_hash_algorithm(hash));
    size = size_bytes(algorithm);
  }
  STELLA_TRY(const der::Element digest, id.take(der::kOctetString, "certHash"));
  if (digest.content.size() != size) return der::malformed(kWhat, "certHash", "wrong length");
  return copy(digest.content);
}

Status read_signed_attributes(ByteView content, const Bytes& content_digest, TimestampToken& token) {
  der::Reader list(content, kWhat);
  std::vector<std::string> seen;
  while (!list.at_end()) {
    STELLA_TRY(der::Reader attribute, list.enter(der::kSequence, "Attribute"));
    STELLA_TRY(std::string oid, attribute.object_id("attrType"));
    STELLA_TRY(der::Reader values, attribute.enter(der::kSet, "attrValues"));
    STELLA_CHECK(attribute.end());
    if (seen.size() >= kAttributesMax)
      return fail(ErrorCode::kLimitExceeded, "a timestamp has too many attributes");
    if (std::ranges::find(seen, oid) != seen.end())
      return der::malformed(kWhat, oid, "an attribute is there twice");
    if (oid == kOidContentType) {
      STELLA_TRY(const std::string type, values.object_id("contentType"));
      STELLA_CHECK(values.end());
      if (type != kOidTstInfo)
        return der::malformed(kWhat, "contentType", "the signed content is no TSTInfo");
    } else if (oid == kOidMessageDigest) {
      STELLA_TRY(const der::Element digest, values.take(der::kOctetString, "messageDigest"));
      STELLA_CHECK(values.end());
      if (!std::ranges::equal(digest.content, content_digest)) {
        return fail({.code = ErrorCode::kUntrusted,
                     .message = "the signed digest of a timestamp is not that of its content",
                     .expected = to_hex(content_digest),
                     .found = to_hex(digest.content)});
      }
    } else if (oid == kOidSigningCertificateV2) {
      STELLA_TRY(token.signer_certificate_digest, read_certificate_digest(values, true));
    } else if (oid == kOidSigningCertificate && token.signer_certificate_digest.empty()) {
      STELLA_TRY(token.signer_certificate_digest, read_certificate_digest(values, false));
    }
    seen.push_back(std::move(oid));
  }
  const auto has = [&](std::string_view oid) { return std::ranges::find(seen, oid) != seen.end(); };
  if (!has(kOidContentType) || !has(kOidMessageDigest) || token.signer_certificate_digest.empty()) {
    return der::malformed(kWhat, "signedAttrs",
                          "contentType, messageDigest or signingCertificate is missing");
  }
  return {};
}

Status read_signer(der::Reader signers, ByteView content, TimestampToken& token) {
  STELLA_TRY(der::Reader signer, signers.enter(der::kSequence, "SignerInfo"));
  if (!signers.at_end()) return der::malformed(kWhat, "signerInfos", "more than one signer");
  STELLA_CHECK(signer.small_integer("version"));
  if (signer.next_is(der::context(0))) {
    STELLA_TRY(const der::Element id, signer.take(der::context(0), "subjectKeyIdentifier"));
    token.signer_key_id = copy(id.content);
  } else {
    STELLA_TRY(der::Reader id, signer.enter(der::kSequence, "issuerAndSerialNumber"));
    STELLA_TRY(const der::Element issuer, id.take(der::kSequence, "issuer"));
    token.signer_issuer_der = copy(issuer.whole);
    STELLA_TRY(token.signer_serial, id.integer("serialNumber"));
    STELLA_CHECK(id.end());
  }
  STELLA_TRY(const der::Reader digest_algorithm, signer.enter(der::kSequence, "digestAlgorithm"));
  STELLA_TRY(const Hash hash, read_hash_algorithm(digest_algorithm));
  STELLA_TRY(const der::Element attributes, signer.take(der::context_constructed(0), "signedAttrs"));
  STELLA_CHECK(read_signed_attributes(attributes.content, digest(hash, content), token));
  // RFC 5652, 5.4: what is signed is the SET OF, not the implicitly tagged field.
  token.signed_attributes = copy(attributes.whole);
  token.signed_attributes[0] = der::kSet;
  STELLA_TRY(const der::Reader algorithm, signer.enter(der::kSequence, "signatureAlgorithm"));
  STELLA_TRY(token.algorithm, read_algorithm(algorithm, hash));
  STELLA_TRY(const der::Element signature, signer.take(der::kOctetString, "signature"));
  token.signature = copy(signature.content);
  return {};
}

Result<TimestampToken> read_signed_data(der::Reader data) {
  TimestampToken token;
  STELLA_CHECK(data.small_integer("version"));
  STELLA_CHECK(data.take(der::kSet, "digestAlgorithms"));
  STELLA_TRY(der::Reader encapsulated, data.enter(der::kSequence, "encapContentInfo"));
  STELLA_TRY(const std::string type, encapsulated.object_id("eContentType"));
  if (type != kOidTstInfo) return der::malformed(kWhat, "eContentType", "the content is no TSTInfo");
  STELLA_TRY(der::Reader wrapper, encapsulated.enter(der::context_constructed(0), "eContent"));
  STELLA_CHECK(encapsulated.end());
  STELLA_TRY(const der::Element content, wrapper.take(der::kOctetString, "eContent"));
  STELLA_CHECK(wrapper.end());
  STELLA_CHECK(read_tst_info(content.content, token));
  if (data.next_is(der::context_constructed(0))) {
    STELLA_TRY(der::Reader certificates, data.enter(der::context_constructed(0), "certificates"));
    while (!certificates.at_end()) {
      if (token.certificates.size() >= kTimestampCertificatesMax) {
        return fail(ErrorCode::kLimitExceeded,
                    fmt::format("a timestamp has more than {} certificates", kTimestampCertificatesMax));
      }
      STELLA_TRY(const der::Element certificate, certificates.take(der::kSequence, "certificates"));
      STELLA_TRY(Certificate parsed, Certificate::from_der(certificate.whole));
      token.certificates.push_back(std::move(parsed));
    }
  }
  if (data.next_is(der::context_constructed(1))) STELLA_CHECK(data.take(der::context_constructed(1), "crls"));
  STELLA_TRY(const der::Reader signers, data.enter(der::kSet, "signerInfos"));
  STELLA_CHECK(data.end());
  STELLA_CHECK(read_signer(signers, content.content, token));
  return token;
}

bool is_signer(const Certificate& certificate, const TimestampToken& token) {
  const CertificateFields& fields = certificate.fields();
  if (!token.signer_key_id.empty()) return fields.subject_key_id == token.signer_key_id;
  return fields.serial == token.signer_serial && fields.issuer_der == token.signer_issuer_der;
}

Bytes digest_like(ByteView der, std::size_t size) {
  if (size != SHA_DIGEST_LENGTH) {
    return digest(size == 32 ? Hash::kSha256 : size == 48 ? Hash::kSha384 : Hash::kSha512, der);
  }
  // RFC 3161's first form of the attribute knows SHA-1 only; the signature over it is made with a better
  // hash.
  Bytes sha1(SHA_DIGEST_LENGTH);
  SHA1(der.data(), der.size(), sha1.data());
  return sha1;
}

std::unexpected<Error> refused(std::string message, std::string expected = {}, std::string found = {}) {
  return fail({.code = ErrorCode::kUntrusted,
               .message = std::move(message),
               .expected = std::move(expected),
               .found = std::move(found)});
}

Result<Chain> verify_with(const Certificate& signer, const TimestampToken& token,
                          std::span<const Certificate> intermediates, const TimestampAuthority& authority) {
  if (digest_like(signer.der(), token.signer_certificate_digest.size()) != token.signer_certificate_digest) {
    return refused("the timestamp was signed under another certificate of that name");
  }
  const CertificateFields& fields = signer.fields();
  // RFC 3161, 2.3: this one purpose, and critical.
  if (fields.extended_key_usage != std::vector<std::string>{std::string(kOidTimeStamping)} ||
      !fields.extended_key_usage_critical) {
    return refused("the timestamp's certificate is not for timestamping alone (critical)",
                   std::string(kOidTimeStamping),
                   fmt::format("{}", fmt::join(fields.extended_key_usage, ", ")));
  }
  STELLA_TRY(Chain chain, build_chain(signer, {.roots = authority.roots,
                                               .root_keys = authority.root_keys,
                                               .intermediates = intermediates,
                                               .at = token.time,
                                               .purpose = kOidTimeStamping,
                                               .cache = authority.cache,
                                               .remember_leaf = true}));
  STELLA_TRY(const SignatureAlgorithm algorithm, algorithm_for(token.algorithm, signer.key()));
  STELLA_CHECK(verify_signature(signer.key(), algorithm, token.signed_attributes, token.signature));
  return chain;
}

}  // namespace

Result<TimestampToken> parse_timestamp(ByteView der) {
  if (der.size() > kTimestampSizeMaxBytes) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "a timestamp is too large",
                 .expected = fmt::format("at most {} bytes", kTimestampSizeMaxBytes),
                 .found = fmt::format("{} bytes", der.size())});
  }
  der::Reader outer(der, kWhat);
  STELLA_TRY(der::Reader info, outer.enter(der::kSequence, "TimeStampResp"));
  STELLA_CHECK(outer.end());
  if (info.next_is(der::kSequence)) {
    STELLA_TRY(der::Reader status, info.enter(der::kSequence, "PKIStatusInfo"));
    STELLA_TRY(const std::uint64_t code, status.small_integer("status"));
    // 0 granted, 1 granted with modifications.
    if (code > 1)
      return refused("the timestamp authority refused", "status 0 or 1", fmt::format("status {}", code));
    STELLA_TRY(const der::Reader token, info.enter(der::kSequence, "timeStampToken"));
    STELLA_CHECK(info.end());
    info = token;
  }
  STELLA_TRY(const std::string type, info.object_id("contentType"));
  if (type != kOidSignedData) return der::malformed(kWhat, "contentType", "not signed data of CMS");
  STELLA_TRY(der::Reader wrapper, info.enter(der::context_constructed(0), "content"));
  STELLA_CHECK(info.end());
  STELLA_TRY(const der::Reader data, wrapper.enter(der::kSequence, "SignedData"));
  STELLA_CHECK(wrapper.end());
  return read_signed_data(data);
}

Result<Chain> verify_timestamp(const TimestampToken& token, ByteView message,
                               const TimestampAuthority& authority) {
  const Bytes imprint = digest(token.imprint_hash, message);
  if (imprint != token.imprint) {
    return refused("the timestamp is over something else", to_hex(imprint), to_hex(token.imprint));
  }
  std::vector<Certificate> known(authority.others.begin(), authority.others.end());
  known.insert(known.end(), authority.roots.begin(), authority.roots.end());
  known.insert(known.end(), token.certificates.begin(), token.certificates.end());
  std::optional<Error> error;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (!is_signer(known[i], token) ||
        std::find(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(i), known[i]) !=
            known.begin() + static_cast<std::ptrdiff_t>(i)) {
      continue;
    }
    auto chain = verify_with(known[i], token, known, authority);
    if (chain) return chain;
    if (!error) error = std::move(chain).error();
  }
  if (error) return std::unexpected(*std::move(error));
  return refused("no certificate is known for the signer of the timestamp");
}

}  // namespace stella::crypto
