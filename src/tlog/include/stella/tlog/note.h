// Signed notes: a text that ends in a newline, and signatures by named keys. The text says nothing until a
// signature of a trusted key is verified. Source: c2sp.org/signed-note; key ids of RSA keys as Sigstore's
// transparency logs compute them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/error.h"
#include "stella/crypto/key.h"

namespace stella::tlog {

inline constexpr std::size_t kNoteSizeMaxBytes = 1'000'000;  // same bound as golang.org/x/mod/sumdb/note
inline constexpr std::size_t kNoteSignaturesMax = 100;       // likewise

using NoteKeyId = std::array<std::uint8_t, 4>;  // a hint to find the key by, without any security

struct NoteSignature {
  std::string name{};  // of the key
  NoteKeyId key_id{};
  Bytes signature{};  // without the key id

  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

struct Note {
  std::string text{};                       // ends in a newline
  std::vector<NoteSignature> signatures{};  // at least one

  friend bool operator==(const Note&, const Note&) = default;
};

// Errors: kCorrupt, kLimitExceeded.
[[nodiscard]] Result<Note> parse_note(std::string_view note);
[[nodiscard]] std::string to_string(const Note& note);

// How a key signs notes; the value is the type byte of c2sp.org/signed-note.
enum class NoteKeyType : std::uint8_t {
  kEd25519 = 0x01,
  kEcdsa = 0x02,
  kCosignatureEd25519 = 0x04,  // a witness: time and signature, see cosignature.h
  kRsaPkcs1v15 = 0xff,         // with SHA-256; named "PKIX-RSA-PKCS#1v1.5" in the key id
};

struct NoteKey {
  std::string name;
  NoteKeyId id;
  NoteKeyType type;
  crypto::PublicKey key;
};

// The key under which a log called `name` signs with `key`, with the id that the type of the key demands.
// Errors: kUnsupported for keys that no note type covers; kInvalidArgument for a name that no note could
// hold.
[[nodiscard]] Result<NoteKey> note_key(std::string name, crypto::PublicKey key);
// The same for a witness, whose key must be Ed25519.
[[nodiscard]] Result<NoteKey> witness_key(std::string name, crypto::PublicKey key);

// Reads a verifier key, "<name>+<8 hex digits>+<base64 of type and key>". Errors: kCorrupt, also when the id
// is not that of the key; kUnsupported for other types, ML-DSA-44 (0x06) among them.
[[nodiscard]] Result<NoteKey> parse_note_key(std::string_view text);
[[nodiscard]] std::string to_string(const NoteKey& key);

// Verifies `note` with those of `keys` that signed it (cosignatures aside, which are another type of
// statement) and gives their indexes in `keys`, ascending, each once. Signatures of unknown keys are ignored,
// in any order. Errors: kUntrusted when a signature of a known key is wrong, whatever else is right, and when
// no key signed.
[[nodiscard]] Result<std::vector<std::size_t>> verify_note(const Note& note, std::span<const NoteKey> keys);

}  // namespace stella::tlog
