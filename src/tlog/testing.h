// Logs and witnesses that sign what a test wants.
#pragma once

#include <string>

#include "stella/base/digest.h"
#include "stella/crypto/key.h"
#include "stella/crypto/signature.h"
#include "stella/tlog/checkpoint.h"
#include "stella/tlog/cosignature.h"
#include "stella/tlog/note.h"

namespace stella::tlog {

inline crypto::PrivateKey ed25519_key(std::string_view seed) {
  return crypto::PrivateKey::from_ed25519_seed(sha256(as_bytes(seed)).view()).value();
}

inline NoteSignature note_signature(const NoteKey& key, const crypto::PrivateKey& secret,
                                    std::string_view text) {
  crypto::SignatureAlgorithm algorithm = crypto::default_algorithm(secret.public_key());
  algorithm.hash = crypto::Hash::kSha256;
  return {.name = key.name,
          .key_id = key.id,
          .signature = crypto::sign(secret, algorithm, as_bytes(text)).value()};
}

struct Log {
  explicit Log(const std::string& name) : Log(name, ed25519_key(name)) {}
  Log(const std::string& name, crypto::PrivateKey key_of_log)
      : secret(std::move(key_of_log)), key(note_key(name, secret.public_key()).value()) {}

  [[nodiscard]] Note note(const std::string& text) const {
    return {.text = text, .signatures = {note_signature(key, secret, text)}};
  }
  [[nodiscard]] std::string checkpoint(std::uint64_t tree_size, const Digest& root) const {
    return to_string(note(checkpoint_text({.origin = key.name, .tree_size = tree_size, .root_hash = root})));
  }

  crypto::PrivateKey secret;
  NoteKey key;
};

struct Witness {
  explicit Witness(const std::string& name)
      : secret(ed25519_key(name)), key(witness_key(name, secret.public_key()).value()) {}

  void cosign(Note& note, std::uint64_t seconds) const {
    NoteSignature signature = note_signature(key, secret, cosigned_message(seconds, note.text));
    Bytes timed;
    for (int shift = 56; shift >= 0; shift -= 8) timed.push_back(static_cast<std::uint8_t>(seconds >> shift));
    append(timed, signature.signature);
    signature.signature = std::move(timed);
    note.signatures.push_back(std::move(signature));
  }

  crypto::PrivateKey secret;
  NoteKey key;
};

}  // namespace stella::tlog
