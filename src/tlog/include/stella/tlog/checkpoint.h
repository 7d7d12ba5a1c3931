// Checkpoints: what a log commits to, its size and root hash under its origin, as a signed note.
// Source: c2sp.org/tlog-checkpoint.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/tlog/note.h"

namespace stella::tlog {

struct Checkpoint {
  std::string origin{};
  std::uint64_t tree_size = 0;  // leaves; at most 2^63 - 1
  Digest root_hash{};
  std::vector<std::string> extensions{};

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// The text of a note as a checkpoint and back. Errors: kCorrupt.
[[nodiscard]] Result<Checkpoint> parse_checkpoint_text(std::string_view text);
[[nodiscard]] std::string checkpoint_text(const Checkpoint& checkpoint);

struct SignedCheckpoint {
  Note note{};
  Checkpoint checkpoint{};  // what the note's text says, unverified
};

// Errors: those of parse_note and parse_checkpoint_text.
[[nodiscard]] Result<SignedCheckpoint> parse_signed_checkpoint(std::string_view note);

// Verifies the log's own signature. With `origin`, the first line must be that: logs share keys in no sound
// deployment, but a note key's name need not be the origin (Rekor v1 adds a number to it).
// Errors: kUntrusted.
[[nodiscard]] Status verify_checkpoint(const SignedCheckpoint& checkpoint, const NoteKey& log,
                                       std::optional<std::string_view> origin = std::nullopt);

}  // namespace stella::tlog
