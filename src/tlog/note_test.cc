#include "stella/tlog/note.h"

#include <gtest/gtest.h>

#include "testing.h"

namespace stella::tlog {
namespace {

// The example of c2sp.org/signed-note.
constexpr std::string_view kKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr std::string_view kNote =
    "This is an example message.\n\n\xE2\x80\x94 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

TEST(Note, VerifiesThePublishedExample) {
  const NoteKey key = parse_note_key(kKey).value();
  const Note note = parse_note(kNote).value();
  EXPECT_EQ(to_string(key), kKey);
  EXPECT_EQ(to_string(note), kNote);
  EXPECT_EQ(verify_note(note, std::span(&key, 1)).value(), std::vector<std::size_t>{0});
}

TEST(Note, RejectsWhenOneKnownKeySignedWrongly) {
  const Log good("good.test");
  const Log bad("bad.test");
  Note note = good.note("text\n");
  note.signatures.push_back(bad.note("another text\n").signatures[0]);
  EXPECT_TRUE(verify_note(note, std::span(&good.key, 1))) << "an unknown signature is ignored";
  const std::vector<NoteKey> both = {good.key, bad.key};
  EXPECT_EQ(verify_note(note, both).error().code, ErrorCode::kUntrusted);
}

TEST(Note, IgnoresUnknownSignaturesInAnyOrder) {
  const Log known("known.test");
  const Log unknown("unknown.test");
  Note note = unknown.note("text\n");
  note.signatures.push_back(known.note("text\n").signatures[0]);
  note.signatures.push_back({.name = "known.test", .key_id = {1, 2, 3, 4}, .signature = Bytes(64)});
  EXPECT_TRUE(verify_note(note, std::span(&known.key, 1)));
  const Log stranger("stranger.test");
  EXPECT_EQ(verify_note(note, std::span(&stranger.key, 1)).error().expected,
            "stranger.test+" + to_hex(stranger.key.id));
}

TEST(Note, KnowsKeysOfEveryType) {
  using crypto::KeyType;
  for (const KeyType type : {KeyType::kEcdsaP256, KeyType::kEcdsaP384, KeyType::kEd25519, KeyType::kRsa}) {
    const Log log("log.test", crypto::PrivateKey::generate(type).value());
    EXPECT_TRUE(verify_note(log.note("text\n"), std::span(&log.key, 1)));
    Note changed = log.note("text\n");
    changed.text = "other\n";
    EXPECT_FALSE(verify_note(changed, std::span(&log.key, 1)));
    const NoteKey again = parse_note_key(to_string(log.key)).value();
    EXPECT_EQ(again.id, log.key.id);
    EXPECT_EQ(again.key, log.key.key);
  }
}

TEST(Note, RefusesMalformedNotes) {
  const std::string dash = "\xE2\x80\x94 ";
  const auto code = [](const std::string& text) {
    const auto note = parse_note(text);
    return note ? ErrorCode::kInternal : note.error().code;
  };
  for (const std::string& text : std::vector<std::string>{
           "", "\n\n", "text\n", "text\n\n", "text\n" + dash + "a AAAAAAA=\n", "text\n\n- a AAAAAAA=\n",
           "text\n\n" + dash + "a AAAAAAA=", "text\n\n" + dash + "a\n", "text\n\n" + dash + "a AAAAAA==\n",
           "text\n\n" + dash + "a b AAAAAAA=\n", "text\n\n" + dash + "a+b AAAAAAA=\n",
           "text\n\n" + dash + " AAAAAAA=\n", "te\rxt\n\n" + dash + "a AAAAAAA=\n",
           "te\xC0\xAFxt\n\n" + dash + "a AAAAAAA=\n", "text\n\n" + dash + "a\xC2\xA0x AAAAAAA=\n",
           "te\xED\xA0\x80xt\n\n" + dash + "a AAAAAAA=\n"}) {
    EXPECT_EQ(code(text), ErrorCode::kCorrupt) << text;
  }
  EXPECT_TRUE(parse_note("text\n\nmore\n\n" + dash + "a AAAAAAA=\n")) << "the text may hold empty lines";
  std::string many = "text\n\n";
  for (std::size_t i = 0; i <= kNoteSignaturesMax; ++i) many += dash + "a AAAAAAA=\n";
  EXPECT_EQ(code(many), ErrorCode::kLimitExceeded);
  EXPECT_EQ(code(std::string(kNoteSizeMaxBytes + 1, 'a')), ErrorCode::kLimitExceeded);
  for (std::size_t size = 0; size < kNote.size(); ++size) EXPECT_FALSE(parse_note(kNote.substr(0, size)));
}

TEST(NoteKey, RefusesWhatIsNotTheKeyThatItsIdSays) {
  const auto code = [](std::string text) { return parse_note_key(text).error().code; };
  EXPECT_EQ(code("example.com/fox+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"),
            ErrorCode::kCorrupt);
  EXPECT_EQ(code("example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"),
            ErrorCode::kCorrupt);
  EXPECT_EQ(code("example.com/foo+530d903a+BukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"),
            ErrorCode::kUnsupported);
  for (std::size_t size = 0; size < kKey.size(); ++size) EXPECT_FALSE(parse_note_key(kKey.substr(0, size)));
}

}  // namespace
}  // namespace stella::tlog
