#include "stella/tlog/note.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "stella/base/base64.h"
#include "stella/base/digest.h"
#include "stella/base/utf8.h"
#include "stella/crypto/signature.h"

namespace stella::tlog {
namespace {

constexpr std::string_view kDash = "\xE2\x80\x94 ";  // em dash, space
constexpr std::string_view kRsaIdentifier = "PKIX-RSA-PKCS#1v1.5";

bool is_unicode_space(std::uint32_t code) {
  return (code >= 0x09 && code <= 0x0d) || code == 0x20 || code == 0x85 || code == 0xa0 || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 || code == 0x202f ||
         code == 0x205f || code == 0x3000;
}

bool is_key_name(std::string_view name) {
  if (name.empty()) return false;
  while (!name.empty()) {
    const auto character = first_utf8_character(name);
    if (!character || is_unicode_space(character->code) || character->code == '+' || character->code < 0x20) {
      return false;
    }
    name.remove_prefix(character->size_bytes);
  }
  return true;
}

Status check_characters(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto character = first_utf8_character(text.substr(at));
    if (!character)
      return fail(ErrorCode::kCorrupt, "a signed note is not UTF-8", fmt::format("byte {}", at));
    if (character->code < 0x20 && character->code != '\n') {
      return fail(ErrorCode::kCorrupt, "a signed note holds a control character", fmt::format("byte {}", at));
    }
    at += character->size_bytes;
  }
  return {};
}

Result<NoteSignature> parse_signature_line(std::string_view line, std::size_t number) {
  const auto malformed = [&](std::string message) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = std::move(message),
                 .where = fmt::format("signature line {}", number),
                 .expected = "\"\xE2\x80\x94 NAME BASE64\""});
  };
  if (!line.starts_with(kDash)) return malformed("a signed note has a malformed signature line");
  line.remove_prefix(kDash.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return malformed("a signed note has a malformed signature line");
  NoteSignature signature{.name = std::string(line.substr(0, space))};
  if (!is_key_name(signature.name))
    return malformed("the name of a note's key is empty or has spaces or '+'");
  auto bytes = parse_base64(line.substr(space + 1));
  if (!bytes) return fail(std::move(bytes).error().at(fmt::format("signature line {}", number)));
  if (bytes->size() <= signature.key_id.size()) return malformed("a note's signature is too short");
  std::copy_n(bytes->begin(), signature.key_id.size(), signature.key_id.begin());
  signature.signature.assign(bytes->begin() + static_cast<std::ptrdiff_t>(signature.key_id.size()),
                             bytes->end());
  return signature;
}

NoteKeyId first_four(const Digest& digest) {
  NoteKeyId id{};
  std::copy_n(digest.bytes.begin(), id.size(), id.begin());
  return id;
}

NoteKeyId hashed_id(std::string_view name, std::uint8_t type, std::string_view identifier, ByteView key) {
  Sha256 hash;
  hash.update(as_bytes(name));
  hash.update(as_bytes("\n"));
  hash.update(ByteView(&type, 1));
  hash.update(as_bytes(identifier));
  hash.update(key);
  return first_four(hash.finish());
}

Result<NoteKey> make_key(std::string name, NoteKeyType type, crypto::PublicKey key) {
  if (!is_key_name(name)) {
    return fail({.code = ErrorCode::kInvalidArgument,
                 .message = "not a name that a note's key can have",
                 .expected = "text without spaces and '+'",
                 .found = std::move(name)});
  }
  NoteKeyId id{};
  switch (type) {
    case NoteKeyType::kEd25519:
    case NoteKeyType::kCosignatureEd25519: {
      STELLA_TRY(const Bytes raw, key.ed25519_bytes());
      id = hashed_id(name, static_cast<std::uint8_t>(type), {}, raw);
      break;
    }
    case NoteKeyType::kEcdsa:
      id = first_four(key.id());
      break;
    case NoteKeyType::kRsaPkcs1v15:
      id = hashed_id(name, static_cast<std::uint8_t>(type), kRsaIdentifier, key.spki());
      break;
  }
  return NoteKey{.name = std::move(name), .id = id, .type = type, .key = std::move(key)};
}

// Rekor signs its notes over SHA-256 on every curve.
crypto::SignatureAlgorithm algorithm_of(const NoteKey& key) {
  crypto::SignatureAlgorithm algorithm = crypto::default_algorithm(key.key);
  algorithm.hash = crypto::Hash::kSha256;
  return algorithm;
}

}  // namespace

Result<Note> parse_note(std::string_view note) {
  if (note.size() > kNoteSizeMaxBytes) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "a signed note is too large",
                 .expected = fmt::format("at most {} bytes", kNoteSizeMaxBytes),
                 .found = fmt::format("{}", note.size())});
  }
  STELLA_CHECK(check_characters(note));
  const std::size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) {
    return fail(ErrorCode::kCorrupt, "a signed note has no blank line between text and signatures");
  }
  Note parsed{.text = std::string(note.substr(0, blank + 1))};
  std::string_view rest = note.substr(blank + 2);
  if (rest.empty()) return fail(ErrorCode::kCorrupt, "a signed note has no signature");
  while (!rest.empty()) {
    if (parsed.signatures.size() >= kNoteSignaturesMax) {
      return fail(ErrorCode::kLimitExceeded,
                  fmt::format("a note has more than {} signatures", kNoteSignaturesMax));
    }
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos)
      return fail(ErrorCode::kCorrupt, "a signed note does not end in a newline");
    STELLA_TRY(NoteSignature signature,
               parse_signature_line(rest.substr(0, end), parsed.signatures.size() + 1));
    parsed.signatures.push_back(std::move(signature));
    rest.remove_prefix(end + 1);
  }
  return parsed;
}

std::string to_string(const Note& note) {
  std::string text = note.text + "\n";
  for (const NoteSignature& signature : note.signatures) {
    Bytes bytes(signature.key_id.begin(), signature.key_id.end());
    append(bytes, signature.signature);
    text += fmt::format("{}{} {}\n", kDash, signature.name, to_base64(bytes));
  }
  return text;
}

Result<NoteKey> note_key(std::string name, crypto::PublicKey key) {
  switch (key.type()) {
    case crypto::KeyType::kEd25519:
      return make_key(std::move(name), NoteKeyType::kEd25519, std::move(key));
    case crypto::KeyType::kRsa:
      return make_key(std::move(name), NoteKeyType::kRsaPkcs1v15, std::move(key));
    case crypto::KeyType::kEcdsaP256:
    case crypto::KeyType::kEcdsaP384:
    case crypto::KeyType::kEcdsaP521:
      return make_key(std::move(name), NoteKeyType::kEcdsa, std::move(key));
  }
  return fail(ErrorCode::kUnsupported, "no note is signed by keys of this type");
}

Result<NoteKey> witness_key(std::string name, crypto::PublicKey key) {
  return make_key(std::move(name), NoteKeyType::kCosignatureEd25519, std::move(key));
}

Result<NoteKey> parse_note_key(std::string_view text) {
  const auto malformed = [&](std::string message) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = std::move(message),
                 .expected = "NAME+8 HEX DIGITS+BASE64",
                 .found = std::string(text.substr(0, 200))});
  };
  const std::size_t first = text.find('+');
  if (first == std::string_view::npos || text.size() < first + 10 || text[first + 9] != '+') {
    return malformed("not a verifier key of signed notes");
  }
  const std::string_view id_text = text.substr(first + 1, 8);
  const auto id = parse_hex(id_text);
  const bool lower = id_text.find_first_of("ABCDEF") == std::string_view::npos;
  const auto material = parse_base64(text.substr(first + 10));
  if (!id || !lower || !material || material->empty()) return malformed("not a verifier key of signed notes");

  const ByteView key_bytes = ByteView(*material).subspan(1);
  std::string name(text.substr(0, first));
  std::optional<Result<NoteKey>> key;
  switch (static_cast<NoteKeyType>(material->front())) {
    case NoteKeyType::kEd25519:
    case NoteKeyType::kCosignatureEd25519: {
      STELLA_TRY(crypto::PublicKey parsed, crypto::PublicKey::from_ed25519(key_bytes));
      key = make_key(std::move(name), static_cast<NoteKeyType>(material->front()), std::move(parsed));
      break;
    }
    case NoteKeyType::kEcdsa: {
      STELLA_TRY(crypto::PublicKey parsed, crypto::PublicKey::from_spki(key_bytes));
      key = note_key(std::move(name), std::move(parsed));
      break;
    }
    case NoteKeyType::kRsaPkcs1v15: {
      if (!as_text(key_bytes).starts_with(kRsaIdentifier)) break;
      STELLA_TRY(crypto::PublicKey parsed,
                 crypto::PublicKey::from_spki(key_bytes.subspan(kRsaIdentifier.size())));
      key = note_key(std::move(name), std::move(parsed));
      break;
    }
    default:
      break;
  }
  if (!key) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "a verifier key is of a type that is not known here",
                 .expected = "Ed25519 (0x01, witnesses 0x04), ECDSA (0x02) or RSA (0xff)",
                 .found = fmt::format("type 0x{:02x}{}", material->front(),
                                      material->front() == 0x06 ? ", ML-DSA-44" : "")});
  }
  if (!*key) return fail(ErrorCode::kCorrupt, key->error().message, std::string(text.substr(0, 200)));
  if ((*key)->type != static_cast<NoteKeyType>(material->front()))
    return malformed("a verifier key names another type");
  if (!std::ranges::equal((*key)->id, *id))
    return malformed("the id of a verifier key is not that of the key");
  return *std::move(*key);
}

std::string to_string(const NoteKey& key) {
  Bytes material{static_cast<std::uint8_t>(key.type)};
  switch (key.type) {
    case NoteKeyType::kEd25519:
    case NoteKeyType::kCosignatureEd25519:
      append(material, key.key.ed25519_bytes().value_or(Bytes{}));
      break;
    case NoteKeyType::kEcdsa:
      append(material, key.key.spki());
      break;
    case NoteKeyType::kRsaPkcs1v15:
      append(material, as_bytes(kRsaIdentifier));
      append(material, key.key.spki());
      break;
  }
  return fmt::format("{}+{}+{}", key.name, to_hex(key.id), to_base64(material));
}

Result<std::vector<std::size_t>> verify_note(const Note& note, std::span<const NoteKey> keys) {
  std::vector<std::size_t> signers;
  for (const NoteSignature& signature : note.signatures) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const NoteKey& key = keys[i];
      if (key.type == NoteKeyType::kCosignatureEd25519 || key.name != signature.name ||
          key.id != signature.key_id) {
        continue;
      }
      const Status verified =
          crypto::verify_signature(key.key, algorithm_of(key), as_bytes(note.text), signature.signature);
      if (!verified) {
        return fail({.code = ErrorCode::kUntrusted,
                     .message = "a signed note has a wrong signature of a known key",
                     .found = fmt::format("{}+{}", key.name, to_hex(key.id))});
      }
      signers.push_back(i);
    }
  }
  if (signers.empty()) {
    Error error{.code = ErrorCode::kUntrusted, .message = "a note is not signed by a known key"};
    for (const NoteKey& key : keys) {
      error.expected +=
          fmt::format("{}{}+{}", error.expected.empty() ? "" : " or ", key.name, to_hex(key.id));
    }
    for (const NoteSignature& signature : note.signatures) {
      error.found +=
          fmt::format("{}{}+{}", error.found.empty() ? "" : ", ", signature.name, to_hex(signature.key_id));
    }
    return fail(std::move(error));
  }
  std::ranges::sort(signers);
  signers.erase(std::unique(signers.begin(), signers.end()), signers.end());
  return signers;
}

}  // namespace stella::tlog
