#include "stella/statement/dsse.h"

#include <fmt/format.h>

#include "stella/base/base64.h"
#include "stella/base/json_view.h"

namespace stella::statement {

Bytes pre_authentication_encoding(std::string_view payload_type, ByteView payload) {
  const std::string head = fmt::format("DSSEv1 {} {} {} ", payload_type.size(), payload_type, payload.size());
  Bytes encoding;
  encoding.reserve(head.size() + payload.size());
  append(encoding, as_bytes(head));
  append(encoding, payload);
  return encoding;
}

Result<Envelope> parse_envelope(std::string_view json_text) {
  STELLA_TRY(const json::Value value, json::parse(json_text, {.size_max_bytes = kEnvelopeSizeMaxBytes}));
  return envelope_from_json(value);
}

Result<Envelope> envelope_from_json(const json::Value& value) {
  const json::View root(value);
  Envelope envelope;
  STELLA_TRY(const json::View type, root.at("payloadType"));
  STELLA_TRY(envelope.payload_type, type.string(kPayloadTypeSizeMaxBytes));
  if (envelope.payload_type.empty()) return type.fail("the payload type is empty");
  STELLA_TRY(const json::View payload, root.at("payload"));
  STELLA_TRY(envelope.payload, payload.base64());

  STELLA_TRY(const json::View signatures, root.at("signatures"));
  STELLA_TRY(const auto elements, signatures.elements(kEnvelopeSignaturesMax));
  if (elements.empty())
    return signatures.fail("the envelope is not signed", "at least one signature", "none");
  for (const json::View& element : elements) {
    EnvelopeSignature signature;
    STELLA_TRY(const json::View sig, element.at("sig"));
    STELLA_TRY(signature.signature, sig.base64());
    if (signature.signature.empty()) return sig.fail("the signature is empty");
    STELLA_TRY(const auto key_id, element.find("keyid"));
    if (key_id) {
      STELLA_TRY(signature.key_id, key_id->string());
    }
    envelope.signatures.push_back(std::move(signature));
  }
  return envelope;
}

json::Value to_json(const Envelope& envelope) {
  json::Array signatures;
  for (const EnvelopeSignature& signature : envelope.signatures) {
    json::Object object{{"sig", to_base64(signature.signature)}};
    if (!signature.key_id.empty()) object.emplace("keyid", signature.key_id);
    signatures.emplace_back(std::move(object));
  }
  return json::Object{{"payload", to_base64(envelope.payload)},
                      {"payloadType", envelope.payload_type},
                      {"signatures", std::move(signatures)}};
}

}  // namespace stella::statement
