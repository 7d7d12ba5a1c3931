// DSSE envelopes: bytes, what type they are of, and signatures over both.
// Source: github.com/secure-systems-lab/dsse, protocol.md and envelope.md, v1.0.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/error.h"
#include "stella/base/json.h"

namespace stella::statement {

inline constexpr std::string_view kInTotoPayloadType = "application/vnd.in-toto+json";

inline constexpr std::size_t kEnvelopeSizeMaxBytes = std::size_t{64} << 20;
inline constexpr std::size_t kEnvelopeSignaturesMax = 32;
inline constexpr std::size_t kPayloadTypeSizeMaxBytes = 1024;

struct EnvelopeSignature {
  std::string key_id{};  // a hint without any security; empty if there is none
  Bytes signature{};

  friend bool operator==(const EnvelopeSignature&, const EnvelopeSignature&) = default;
};

struct Envelope {
  std::string payload_type{};
  Bytes payload{};
  std::vector<EnvelopeSignature> signatures{};  // in the order of the file

  friend bool operator==(const Envelope&, const Envelope&) = default;
};

// What a DSSE signature signs: "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload, lengths in decimal
// bytes.
[[nodiscard]] Bytes pre_authentication_encoding(std::string_view payload_type, ByteView payload);
[[nodiscard]] inline Bytes pre_authentication_encoding(const Envelope& envelope) {
  return pre_authentication_encoding(envelope.payload_type, envelope.payload);
}

// Reads an envelope. Unknown members are ignored, as the protocol demands. An envelope without signatures is
// refused: it proves nothing. Errors: kCorrupt with the JSON path; kLimitExceeded.
[[nodiscard]] Result<Envelope> parse_envelope(std::string_view json_text);
[[nodiscard]] Result<Envelope> envelope_from_json(const json::Value& value);

[[nodiscard]] json::Value to_json(const Envelope& envelope);

}  // namespace stella::statement
