// Cosignatures: a witness saw that a checkpoint continues the log that it knew before, at a time.
// Source: c2sp.org/tlog-cosignature, Ed25519 (0x04). ML-DSA-44 (0x06) needs a library that Debian 12 lacks;
// such signatures are ignored like those of any unknown key.
#pragma once

#include <cstdint>
#include <string>

#include "stella/base/error.h"
#include "stella/base/time.h"
#include "stella/tlog/note.h"

namespace stella::tlog {

// What an Ed25519 cosignature signs: "cosignature/v1\ntime <seconds>\n" and the note's text.
[[nodiscard]] std::string cosigned_message(std::uint64_t seconds, std::string_view note_text);

// The time at which `witness` cosigned `note`; of several cosignatures by one witness, the latest time.
// Errors: kNotFound when it did not; kUntrusted when one of its cosignatures is wrong.
[[nodiscard]] Result<Time> verify_cosignature(const Note& note, const NoteKey& witness);

}  // namespace stella::tlog
