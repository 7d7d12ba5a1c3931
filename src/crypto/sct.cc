#include "stella/crypto/sct.h"

#include <fmt/format.h>

#include "der.h"
#include "stella/base/reader.h"

namespace stella::crypto {
namespace {

constexpr std::string_view kWhat = "signed certificate timestamp";

Result<Sct> read_sct(ByteView bytes) {
  ByteReader reader(bytes, kWhat);
  STELLA_TRY(const std::uint8_t version, reader.be<std::uint8_t>());
  if (version != 0) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "a signed certificate timestamp is of another version",
                 .expected = "v1",
                 .found = fmt::format("v{}", version + 1)});
  }
  Sct sct;
  STELLA_TRY(const ByteView log_id, reader.bytes(32));
  std::ranges::copy(log_id, sct.log_id.bytes.begin());
  STELLA_TRY(sct.timestamp_ms, reader.be<std::uint64_t>());
  STELLA_TRY(const std::uint16_t extensions_size, reader.be<std::uint16_t>());
  STELLA_TRY(const ByteView extensions, reader.bytes(extensions_size));
  sct.extensions.assign(extensions.begin(), extensions.end());
  STELLA_TRY(const std::uint8_t hash, reader.be<std::uint8_t>());
  STELLA_TRY(const std::uint8_t kind, reader.be<std::uint8_t>());
  // RFC 5246, 7.4.1.4.1: hash 4 is SHA-256; signature 1 is RSA, 3 is ECDSA.
  if (hash != 4 || (kind != 1 && kind != 3)) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "a signed certificate timestamp uses an algorithm that is not accepted",
                 .expected = "SHA-256 with ECDSA or RSA",
                 .found = fmt::format("hash {}, signature {}", hash, kind)});
  }
  sct.rsa = kind == 1;
  STELLA_TRY(const std::uint16_t signature_size, reader.be<std::uint16_t>());
  STELLA_TRY(const ByteView signature, reader.bytes(signature_size));
  sct.signature.assign(signature.begin(), signature.end());
  if (!reader.at_end()) return der::malformed(kWhat, "signature", "bytes follow it");
  return sct;
}

// The pre-certificate's TBS: the certificate's without the SCT list (RFC 6962, 3.2).
Result<Bytes> precertificate_tbs(const Certificate& leaf) {
  der::Reader outer(leaf.tbs(), "certificate");
  STELLA_TRY(der::Reader tbs, outer.enter(der::kSequence, "tbsCertificate"));
  Bytes parts;
  while (!tbs.at_end()) {
    STELLA_TRY(const der::Element part, tbs.any("tbsCertificate"));
    if (part.tag != der::context_constructed(3)) {
      append(parts, part.whole);
      continue;
    }
    der::Reader wrapper(part.content, "certificate");
    STELLA_TRY(der::Reader list, wrapper.enter(der::kSequence, "extensions"));
    Bytes kept;
    while (!list.at_end()) {
      STELLA_TRY(const der::Element extension, list.take(der::kSequence, "Extension"));
      der::Reader fields(extension.content, "certificate");
      STELLA_TRY(const std::string oid, fields.object_id("extnID"));
      if (oid != kOidSctList) append(kept, extension.whole);
    }
    if (kept.empty()) continue;
    append(parts, der::encode(der::context_constructed(3), {der::encode(der::kSequence, {kept})}));
  }
  return der::encode(der::kSequence, {parts});
}

template <std::integral T>
void append_be(Bytes& to, T value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

}  // namespace

Time Sct::time() const {
  return {.seconds = static_cast<std::int64_t>(timestamp_ms / 1000),
          .nanoseconds = static_cast<std::int32_t>(timestamp_ms % 1000) * 1'000'000};
}

Result<std::vector<Sct>> embedded_scts(const Certificate& certificate) {
  std::vector<Sct> scts;
  const Extension* extension = certificate.find(kOidSctList);
  if (extension == nullptr) return scts;
  der::Reader value(extension->value, kWhat);
  STELLA_TRY(const der::Element octets, value.take(der::kOctetString, "SignedCertificateTimestampList"));
  STELLA_CHECK(value.end());
  ByteReader list(octets.content, kWhat);
  STELLA_TRY(const std::uint16_t list_size, list.be<std::uint16_t>());
  if (list_size != list.remaining())
    return der::malformed(kWhat, "SignedCertificateTimestampList", "wrong length");
  while (!list.at_end()) {
    if (scts.size() >= kSctsMax) {
      return fail(ErrorCode::kLimitExceeded,
                  fmt::format("a certificate has more than {} signed certificate timestamps", kSctsMax));
    }
    STELLA_TRY(const std::uint16_t size, list.be<std::uint16_t>());
    STELLA_TRY(const ByteView bytes, list.bytes(size));
    STELLA_TRY(Sct sct, read_sct(bytes));
    scts.push_back(std::move(sct));
  }
  return scts;
}

Status verify_embedded_sct(const Sct& sct, const Certificate& leaf, const PublicKey& issuer,
                           const PublicKey& log) {
  if (sct.log_id != log.id()) {
    return fail({.code = ErrorCode::kInvalidArgument,
                 .message = "a signed certificate timestamp is of another log",
                 .expected = to_hex(log.id().view()),
                 .found = to_hex(sct.log_id.view())});
  }
  if (sct.rsa != (log.type() == KeyType::kRsa) || log.type() == KeyType::kEd25519) {
    return fail(
        {.code = ErrorCode::kUntrusted,
         .message = "the signature of a signed certificate timestamp is of another kind than the log's key",
         .expected = std::string(to_string(log.type()))});
  }
  STELLA_TRY(const Bytes tbs, precertificate_tbs(leaf));
  Bytes message{0, 0};  // v1, certificate_timestamp
  append_be(message, sct.timestamp_ms, 8);
  append_be(message, std::uint16_t{1}, 2);  // precert_entry
  append(message, issuer.id().view());
  append_be(message, tbs.size(), 3);
  append(message, tbs);
  append_be(message, sct.extensions.size(), 2);
  append(message, sct.extensions);
  return verify_signature(log, {.key_type = log.type(), .hash = sct.hash}, message, sct.signature);
}

}  // namespace stella::crypto
