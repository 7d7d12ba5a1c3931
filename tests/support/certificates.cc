#include "certificates.h"

#include <openssl/sha.h>

#include <algorithm>

#include <fmt/format.h>

#include "der.h"

namespace stella::testing {
namespace der = crypto::der;
namespace {

Bytes sequence(std::initializer_list<ByteView> parts) { return der::encode(der::kSequence, parts); }
Bytes oid(std::string_view dotted) { return der::encode_object_id(dotted); }
Bytes octets(ByteView bytes) { return der::encode(der::kOctetString, {bytes}); }

Bytes integer(std::uint64_t value) {
  Bytes bytes;
  do {
    bytes.insert(bytes.begin(), static_cast<std::uint8_t>(value));
    value >>= 8;
  } while (value != 0);
  if (bytes.front() >= 0x80) bytes.insert(bytes.begin(), 0);
  return der::encode(der::kInteger, {bytes});
}

Bytes bit_string(ByteView bytes) {
  const std::uint8_t unused_bits = 0;
  return der::encode(der::kBitString, {ByteView(&unused_bits, 1), bytes});
}

Bytes boolean(bool value) {
  const std::uint8_t byte = value ? 0xff : 0;
  return der::encode(der::kBoolean, {ByteView(&byte, 1)});
}

// "20261127023800Z" out of "2026-11-27T02:38:00Z".
Bytes generalized_time(Time time, std::string_view fraction = {}) {
  std::string text;
  for (const char c : to_string(Time{.seconds = time.seconds})) {
    if ('0' <= c && c <= '9') text += c;
  }
  if (!fraction.empty()) text += fmt::format(".{}", fraction);
  return der::encode(der::kGeneralizedTime, {as_bytes(text + "Z")});
}

Bytes name(const std::string& common_name) {
  if (common_name.empty()) return sequence({});
  const Bytes attribute = sequence({oid("2.5.4.3"), der::encode(der::kUtf8String, {as_bytes(common_name)})});
  return sequence({der::encode(der::kSet, {attribute})});
}

Bytes signature_algorithm(const crypto::PublicKey& key) {
  switch (key.type()) {
    case crypto::KeyType::kEcdsaP256:
      return sequence({oid("1.2.840.10045.4.3.2")});
    case crypto::KeyType::kEcdsaP384:
      return sequence({oid("1.2.840.10045.4.3.3")});
    case crypto::KeyType::kEcdsaP521:
      return sequence({oid("1.2.840.10045.4.3.4")});
    case crypto::KeyType::kEd25519:
      return sequence({oid("1.3.101.112")});
    case crypto::KeyType::kRsa:
      break;
  }
  return sequence({oid("1.2.840.113549.1.1.11"), der::encode(der::kNull, {})});
}

Bytes hash_algorithm(crypto::Hash hash) {
  return sequence({oid(hash == crypto::Hash::kSha256   ? "2.16.840.1.101.3.4.2.1"
                       : hash == crypto::Hash::kSha384 ? "2.16.840.1.101.3.4.2.2"
                                                       : "2.16.840.1.101.3.4.2.3")});
}

Bytes extension(std::string_view id, bool critical, ByteView value) {
  return critical ? sequence({oid(id), boolean(true), octets(value)}) : sequence({oid(id), octets(value)});
}

Bytes key_usage(std::uint16_t bits) {
  Bytes bytes{0, 0};
  for (int bit = 0; bit < 8; ++bit) {
    if ((bits >> bit & 1) != 0) bytes[1] = static_cast<std::uint8_t>(bytes[1] | 0x80 >> bit);
  }
  return der::encode(der::kBitString, {bytes});
}

Bytes extensions_of(const CertificateSpec& spec) {
  Bytes list;
  if (spec.key_usage) append(list, extension("2.5.29.15", true, key_usage(*spec.key_usage)));
  if (!spec.extended_key_usage.empty()) {
    Bytes usages;
    for (const std::string& usage : spec.extended_key_usage) append(usages, oid(usage));
    append(list, extension("2.5.29.37", spec.extended_key_usage_critical, sequence({usages})));
  }
  if (spec.is_ca) {
    const Bytes path_length =
        spec.path_length_max ? integer(static_cast<std::uint64_t>(*spec.path_length_max)) : Bytes();
    append(list, extension("2.5.29.19", true, sequence({boolean(true), path_length})));
  }
  if (!spec.uri.empty() || !spec.email.empty()) {
    Bytes names;
    if (!spec.uri.empty()) append(names, der::encode(der::context(6), {as_bytes(spec.uri)}));
    if (!spec.email.empty()) append(names, der::encode(der::context(1), {as_bytes(spec.email)}));
    append(list, extension("2.5.29.17", true, sequence({names})));
  }
  for (const crypto::Extension& extra : spec.extensions)
    append(list, extension(extra.oid, extra.critical, extra.value));
  return list;
}

Bytes tbs_certificate(const CertificateSpec& spec, const crypto::PublicKey& key,
                      const crypto::PublicKey& issuer) {
  const Bytes version = der::encode(der::context_constructed(0), {integer(2)});
  const Bytes validity = sequence({generalized_time(spec.not_before), generalized_time(spec.not_after)});
  const Bytes list = extensions_of(spec);
  const Bytes extensions =
      list.empty() ? Bytes() : der::encode(der::context_constructed(3), {sequence({list})});
  return sequence({version, integer(spec.serial), signature_algorithm(issuer), name(spec.issuer), validity,
                   name(spec.subject), key.spki(), extensions});
}

Bytes signed_by(const crypto::PrivateKey& key, ByteView message) {
  return crypto::sign(key, crypto::default_algorithm(key.public_key()), message).value();
}

void append_be(Bytes& to, std::uint64_t value, int size_bytes) {
  for (int i = size_bytes - 1; i >= 0; --i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

}  // namespace

Bytes make_certificate(const CertificateSpec& spec, const crypto::PublicKey& key,
                       const crypto::PrivateKey& issuer, const std::function<void(Bytes&)>& change_tbs) {
  Bytes tbs = tbs_certificate(spec, key, issuer.public_key());
  if (change_tbs) change_tbs(tbs);
  return sequence({tbs, signature_algorithm(issuer.public_key()), bit_string(signed_by(issuer, tbs))});
}

crypto::Certificate certificate(const CertificateSpec& spec, const crypto::PublicKey& key,
                                const crypto::PrivateKey& issuer) {
  return crypto::Certificate::from_der(make_certificate(spec, key, issuer)).value();
}

CertificateSpec authority_spec(std::string subject, std::string issuer, Time not_before, Time not_after) {
  return {.subject = std::move(subject),
          .issuer = std::move(issuer),
          .not_before = not_before,
          .not_after = not_after,
          .is_ca = true,
          .key_usage = static_cast<std::uint16_t>(crypto::KeyUsage::kCertSign)};
}

crypto::Extension utf8_extension(std::string id, std::string_view value) {
  return {.oid = std::move(id), .value = der::encode(der::kUtf8String, {as_bytes(value)})};
}

crypto::Extension sct_extension(const CertificateSpec& spec, const crypto::PublicKey& key,
                                const crypto::PrivateKey& issuer, const std::vector<SctSpec>& scts) {
  const Bytes tbs = tbs_certificate(spec, key, issuer.public_key());
  Bytes list;
  for (const SctSpec& sct : scts) {
    const auto timestamp_ms = static_cast<std::uint64_t>(sct.time.seconds) * 1000;
    Bytes message{0, 0};
    append_be(message, timestamp_ms, 8);
    append_be(message, 1, 2);
    append(message, issuer.public_key().id().view());
    append_be(message, tbs.size(), 3);
    append(message, tbs);
    append_be(message, sct.extensions.size(), 2);
    append(message, sct.extensions);
    const Bytes signature =
        crypto::sign(*sct.log, {.key_type = sct.log->public_key().type()}, message).value();

    Bytes one{0};
    append(one, sct.log->public_key().id().view());
    append_be(one, timestamp_ms, 8);
    append_be(one, sct.extensions.size(), 2);
    append(one, sct.extensions);
    append(
        one,
        Bytes{4, static_cast<std::uint8_t>(sct.log->public_key().type() == crypto::KeyType::kRsa ? 1 : 3)});
    append_be(one, signature.size(), 2);
    append(one, signature);
    append_be(list, one.size(), 2);
    append(list, one);
  }
  Bytes sized;
  append_be(sized, list.size(), 2);
  append(sized, list);
  return {.oid = std::string(crypto::kOidSctList), .value = octets(sized)};
}

Bytes make_timestamp(const TimestampSpec& spec, const crypto::Certificate& signer,
                     const crypto::PrivateKey& key) {
  const Bytes imprint =
      sequence({hash_algorithm(spec.hash), octets(crypto::digest(spec.hash, spec.message))});
  const Bytes info = sequence({integer(1), oid("1.3.6.1.4.1.57264.2"), imprint, integer(7),
                               generalized_time(spec.time, spec.fraction)});
  const auto attribute = [](std::string_view type, const Bytes& value) {
    return sequence({oid(type), der::encode(der::kSet, {value})});
  };
  Bytes certificate_id;
  if (spec.first_attribute_form) {
    Bytes sha1(SHA_DIGEST_LENGTH);
    SHA1(signer.der().data(), signer.der().size(), sha1.data());
    certificate_id =
        attribute("1.2.840.113549.1.9.16.2.12", sequence({sequence({sequence({octets(sha1)})})}));
  } else {
    certificate_id = attribute("1.2.840.113549.1.9.16.2.47",
                               sequence({sequence({sequence({octets(signer.id().view())})})}));
  }
  // PKCS #7 readers of old take the hash of the content for that of the signature too.
  const crypto::Hash hash = crypto::default_algorithm(key.public_key()).hash;
  std::vector<Bytes> sorted{attribute("1.2.840.113549.1.9.3", oid("1.2.840.113549.1.9.16.1.4")),
                            attribute("1.2.840.113549.1.9.4", octets(crypto::digest(hash, info))),
                            certificate_id};
  std::ranges::sort(sorted);  // as DER has a SET OF
  Bytes attributes;
  for (const Bytes& one : sorted) append(attributes, one);
  const Bytes signature = signed_by(key, der::encode(der::kSet, {attributes}));

  Bytes serial = der::encode(der::kInteger, {signer.fields().serial});
  const Bytes signer_info =
      sequence({integer(1), sequence({signer.fields().issuer_der, serial}), hash_algorithm(hash),
                der::encode(der::context_constructed(0), {attributes}), signature_algorithm(key.public_key()),
                octets(signature)});
  Bytes certificates;
  for (const crypto::Certificate& embedded : spec.embedded) append(certificates, embedded.der());
  if (!certificates.empty()) certificates = der::encode(der::context_constructed(0), {certificates});
  const Bytes content =
      sequence({oid("1.2.840.113549.1.9.16.1.4"), der::encode(der::context_constructed(0), {octets(info)})});
  const Bytes data = sequence({integer(3), der::encode(der::kSet, {hash_algorithm(hash)}), content,
                               certificates, der::encode(der::kSet, {signer_info})});
  const Bytes token =
      sequence({oid("1.2.840.113549.1.7.2"), der::encode(der::context_constructed(0), {data})});
  return spec.bare_token ? token : sequence({sequence({integer(0)}), token});
}

}  // namespace stella::testing
