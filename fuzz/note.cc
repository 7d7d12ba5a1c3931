// Signed notes and what logs and witnesses put into them: a note has one text form, and so has a checkpoint;
// what a witness signed is tied to every byte of the text.
#include <cstdlib>

#include "stella/tlog/checkpoint.h"
#include "stella/tlog/cosignature.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stella;
  using namespace stella::tlog;
  const std::string_view text = as_text({data, size});
  if (const auto key = parse_note_key(text); key && to_string(*key) != text) std::abort();
  if (const auto checkpoint = parse_checkpoint_text(text);
      checkpoint && checkpoint_text(*checkpoint) != text) {
    std::abort();
  }
  auto note = parse_note(text);
  if (!note) return 0;
  if (to_string(*note) != text) std::abort();
  (void)parse_signed_checkpoint(text);

  static const NoteKey witness =
      witness_key("witness.example/w1", crypto::PrivateKey::from_ed25519_seed(Bytes(32, 1))->public_key())
          .value();
  if (verify_cosignature(*note, witness)) {
    note->text += "x\n";
    if (verify_cosignature(*note, witness)) std::abort();
  }
  (void)verify_note(*note, std::span(&witness, 1));
  return 0;
}
