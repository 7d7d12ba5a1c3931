#include "stella/tlog/cosignature.h"

#include <limits>
#include <optional>

#include <fmt/format.h>

#include "stella/crypto/signature.h"

namespace stella::tlog {

std::string cosigned_message(std::uint64_t seconds, std::string_view note_text) {
  return fmt::format("cosignature/v1\ntime {}\n{}", seconds, note_text);
}

Result<Time> verify_cosignature(const Note& note, const NoteKey& witness) {
  constexpr std::size_t kSize = 8 + 64;  // time, Ed25519 signature
  std::optional<Time> latest;
  for (const NoteSignature& signature : note.signatures) {
    if (signature.name != witness.name || signature.key_id != witness.id) continue;
    const auto wrong = [&](std::string message) {
      return fail({.code = ErrorCode::kUntrusted,
                   .message = std::move(message),
                   .found = fmt::format("{}+{}", witness.name, to_hex(witness.id))});
    };
    if (witness.type != NoteKeyType::kCosignatureEd25519)
      return wrong("the key of a witness is of another type");
    if (signature.signature.size() != kSize) return wrong("a cosignature has a wrong length");
    const auto seconds = load_be<std::uint64_t>(signature.signature.data());
    if (seconds > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return wrong("a cosignature has a time beyond 2^63 seconds");
    }
    const std::string message = cosigned_message(seconds, note.text);
    const Status verified =
        crypto::verify_signature(witness.key, {.key_type = crypto::KeyType::kEd25519}, as_bytes(message),
                                 ByteView(signature.signature).subspan(8));
    if (!verified) return wrong("a cosignature is wrong");
    const Time time{.seconds = static_cast<std::int64_t>(seconds)};
    if (!latest || *latest < time) latest = time;
  }
  if (!latest) {
    return fail({.code = ErrorCode::kNotFound,
                 .message = "a witness did not cosign",
                 .expected = fmt::format("{}+{}", witness.name, to_hex(witness.id))});
  }
  return *latest;
}

}  // namespace stella::tlog
