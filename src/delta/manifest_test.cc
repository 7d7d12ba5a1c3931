#include "stella/delta/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stella/base/source.h"

namespace stella::delta {
namespace {

using testing::HasSubstr;

Digest digest_of(std::string_view text) { return sha256(as_bytes(text)); }

// One of everything: 300 bytes copied as three chunks, then two new chunks of 100.
Manifest full_manifest() {
  Manifest m;
  m.tool = "stella 0.1.0 liblzma 5.4.1";
  m.base_artifact_type = "deb";
  m.artifact_type = "deb";
  m.base_digest = {.sha256 = digest_of("base"), .blake3 = digest_of("base3"), .size_bytes = 1000};
  m.target_digest = {.sha256 = digest_of("target"), .blake3 = digest_of("target3"), .size_bytes = 500};
  m.base_chunks = {.count = 10, .merkle_root = digest_of("tree")};
  m.target_chunks = {.count = 5, .merkle_root = digest_of("other tree")};
  m.changed_chunks = {{.id = digest_of("x"), .offset_bytes = 300, .size_bytes = 100},
                      {.id = digest_of("y"), .offset_bytes = 400, .size_bytes = 100}};
  m.operations = {{.kind = Operation::Kind::kCopy,
                   .length_bytes = 300,
                   .digest = digest_of("c"),
                   .chunk_count = 3,
                   .base_offset_bytes = 700},
                  {.kind = Operation::Kind::kAdd, .length_bytes = 200, .digest = digest_of("xy")}};
  m.composition = {.add_entropy_millibits = 7999,
                   .parts = {{.name = "data.tar", .offset_bytes = 100, .size_bytes = 400, .add_bytes = 200}},
                   .parts_omitted = 0};
  const MemberState state{.kind = "file",
                          .type = "elf",
                          .size_bytes = 7,
                          .sha256 = digest_of("member"),
                          .mode = 0755,
                          .link_target = {}};
  const MemberState link{.kind = "symlink",
                         .type = "plain",
                         .size_bytes = 0,
                         .sha256 = digest_of(""),
                         .mode = std::nullopt,
                         .link_target = "../lib/ü"};
  m.members.added = {{.path = "usr/bin/new", .base = {}, .target = state}};
  m.members.removed = {{.path = "usr/bin/old", .base = link, .target = {}}};
  m.members.changed = {{.path = "usr/bin/x", .base = link, .target = state}};
  m.members.signatures = {{.path = "_gpgbuilder", .base = state, .target = {}}};
  m.members.layers = {{.base_path = "a", .target_path = "", .payload_equal = false}};
  m.members.unopened = {
      {.in_target = true, .path = "secret.zip", .code = "unsupported", .reason = "encrypted"}};
  m.members.unchanged = 12;
  const Material libssl{.purl = "pkg:deb/debian/libssl3@3.0.20?arch=amd64",
                        .name = "libssl3",
                        .version = "3.0.20",
                        .path = "control.tar!control",
                        .sha256 = digest_of("control"),
                        .statement_sha256 = digest_of("stanza")};
  m.materials.added = {libssl};
  m.materials.removed = {libssl};
  m.materials.changed = {{.base = libssl, .target = libssl}};
  m.delta = {.file = "delta.bin",
             .size_bytes = 99,
             .sha256 = digest_of("delta"),
             .operations_sha256 = digest_of("ops"),
             .copy_bytes = 300,
             .add_bytes = 200};
  m.rollback = DeltaFile{.file = "rollback/delta.bin",
                         .size_bytes = 98,
                         .sha256 = digest_of("rollback"),
                         .operations_sha256 = digest_of("ops back"),
                         .copy_bytes = 300,
                         .add_bytes = 700};
  return m;
}

std::string text_of(const Manifest& manifest) {
  MemorySink sink;
  EXPECT_TRUE(write_manifest(manifest, sink));
  return std::string(as_text(sink.bytes()));
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Manifest, ReadsWhatItWrites) {
  const Manifest manifest = full_manifest();
  const std::string text = text_of(manifest);
  const auto read = read_manifest(text);
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(*read, manifest);
  Manifest without = manifest;
  without.rollback.reset();
  EXPECT_EQ(read_manifest(text_of(without)).value(), without);
}

TEST(Manifest, IsCanonicalJson) {
  const std::string text = text_of(full_manifest());
  const auto value = json::parse(text);
  ASSERT_TRUE(value);
  EXPECT_EQ(json::canonical(*value), text);
  const auto spaced = read_manifest(json::pretty(*value));
  ASSERT_FALSE(spaced);
  EXPECT_THAT(spaced.error().message, HasSubstr("canonical"));
}

TEST(Manifest, KeepsItsCoreDigestWhenEvidenceIsLinked) {
  Manifest manifest = full_manifest();
  const Digest core = core_digest(manifest).value();
  auto value = json::parse(text_of(manifest)).value();
  value.object()->erase("attestations");
  value.object()->erase("score_inputs");
  EXPECT_EQ(sha256(as_bytes(json::canonical(value))), core);

  manifest.attestations = json::Array{
      json::Object{{"dsse_bundle_ref", "x.sigstore.json"}, {"rekor_inclusion", json::Array{json::Object{}}}}};
  manifest.score_inputs = json::Object{{"entropy", 5}};
  EXPECT_EQ(core_digest(manifest).value(), core);
  EXPECT_EQ(read_manifest(text_of(manifest)).value(), manifest);
  manifest.members.unchanged += 1;
  EXPECT_NE(core_digest(manifest).value(), core);
}

TEST(Manifest, RefusesTextCutOffAnywhere) {
  const std::string text = text_of(full_manifest());
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(read_manifest(text.substr(0, size))) << size;
  }
}

TEST(Manifest, NamesThePlaceOfEveryWrongField) {
  const std::string text = text_of(full_manifest());
  const struct {
    const char* from;
    const char* to;
    const char* where;
    const char* message;
  } cases[] = {
      {"\"artifact_type\":\"deb\"", "\"artifact_type\":\"Deb!\"", "$.artifact_type", "not a name"},
      {"\"level\":\"default\"", "\"level\":\"slow\"", "$.level", "unknown level"},
      {"\"algorithm\":\"gear\"", "\"algorithm\":\"fastcdc\"", "$.chunking.algorithm", "gear or rabin"},
      {"\"size_avg_bytes\":8192", "\"size_avg_bytes\":8191", "$.chunking", "average"},
      {"\"add_entropy_millibits\":7999", "\"add_entropy_millibits\":8001", "$.anatomy.add_entropy_millibits",
       "8000"},
      {"\"file\":\"delta.bin\"", "\"file\":\"../delta.bin\"", "$.delta.file", "unexpected file name"},
      {"\"file\":\"rollback/delta.bin\"", "\"file\":\"delta.bin\"", "$", "wrong names"},
      {"\"op\":\"COPY\"", "\"op\":\"MOVE\"", "$.ops[0]", "malformed operation"},
      {"\"op\":\"ADD\"", "\"op\":\"COPY\"", "$.ops[1]", "malformed operation"},
      {"\"count\":3,\"length\":300", "\"count\":0,\"length\":300", "$.ops[0]", "malformed operation"},
      {"\"length\":200", "\"length\":0", "$.ops[1]", "makes nothing"},
      {"\"length\":200", "\"length\":201", "$", "more than the target"},
      {"\"length\":200", "\"length\":199", "$", "contradicts itself"},
      {"\"base_offset_bytes\":700", "\"base_offset_bytes\":701", "$", "outside of the base"},
      {"\"copy_bytes\":300", "\"copy_bytes\":301", "$", "delta.copy_bytes"},
      {"\"offset_bytes\":400,\"size_bytes\":100}]", "\"offset_bytes\":399,\"size_bytes\":100}]", "$",
       "overlap"},
      {"\"offset_bytes\":400,\"size_bytes\":100}]", "\"offset_bytes\":401,\"size_bytes\":100}]", "$",
       "overlap"},
      {"\"offset_bytes\":400,\"size_bytes\":100}]", "\"offset_bytes\":400,\"size_bytes\":99}]", "$",
       "changed_chunks"},
      {"\"status\":\"not_analysed\"", "\"status\":\"fine\"", "$.functions_changed.status", "unknown status"},
      {"\"schema\":\"https://stellaops.dev/delta-manifest/v1\"", "\"schema\":\"v2\"", "$.schema",
       "another kind"},
      {"\"mode\":493", "\"mode\":4096", "$.members.added[0].target.mode", "0 to 4095"},
      {"\"artifact\":\"target\"", "\"artifact\":\"both\"", "$.members.unopened[0].artifact",
       "base or target"},
      {"\"attestations\":[]", "\"attestations\":[{}]", "$.attestations[0]",
       "dsse_bundle_ref, rekor_inclusion"},
      {"\"score_inputs\":{}", "\"score_inputs\":{\"luck\":1}", "$.score_inputs", "unknown member"},
      {"\"tool\":", "\"tools\":", "$", "unknown member"},
      {"\"payload_equal\":false,\"removed\"", "\"payload_equal\":0,\"removed\"", "$.members.payload_equal",
       "true or"},
  };
  for (const auto& c : cases) {
    const auto read = read_manifest(replaced(text, c.from, c.to));
    ASSERT_FALSE(read) << c.to;
    EXPECT_EQ(read.error().where, c.where) << c.to;
    EXPECT_THAT(to_string(read.error()), HasSubstr(c.message)) << c.to;
  }
}

TEST(Manifest, RefusesEachMemberThatIsMissing) {
  const auto whole = json::parse(text_of(full_manifest())).value();
  for (const auto& [key, value] : *whole.object()) {
    auto less = whole;
    less.object()->erase(key);
    const auto read = read_manifest(json::canonical(less));
    ASSERT_FALSE(read) << key;
    EXPECT_EQ(read.error().expected, key);
  }
}

FunctionsChanged some_functions() {
  FunctionsChanged f;
  f.modified = {.count = 1,
                .top = {{.name = "parse(char const*)",
                         .program = "data.tar!./usr/bin/x",
                         .section = ".text",
                         .base_size_bytes = 10,
                         .target_size_bytes = 12,
                         .instructions_changed = 3,
                         .fan_in = 1,
                         .fan_out = 2}}};
  f.added.count = 1;
  f.added.top = f.modified.top;
  f.base_count = 5;
  f.target_count = 6;
  f.programs_compared = 1;
  f.file = "functions.json";
  f.file_size_bytes = 99;
  f.file_sha256 = digest_of("functions");
  f.tooling = "stella-function-diff 1, llvm-mc 19.1.7";
  return f;
}

TEST(Manifest, ReadsBackWhichFunctionsChanged) {
  Manifest manifest = full_manifest();
  manifest.functions = some_functions();
  EXPECT_EQ(read_manifest(text_of(manifest)).value(), manifest);
}

TEST(Manifest, RefusesFunctionsThatContradictThemselves) {
  Manifest manifest = full_manifest();
  manifest.functions = some_functions();
  const std::string text = text_of(manifest);
  const std::pair<const char*, const char*> cases[] = {
      {"\"base_count\":5", "\"base_count\":0"},
      {"\"target_count\":6", "\"target_count\":1"},
      {"\"status\":\"analysed\"", "\"status\":\"not_analysed\""},
      {"\"file\":\"functions.json\"", "\"file\":\"../functions.json\""},
      {"\"moved\":{\"count\":0", "\"moved\":{\"count\":1"},
      {"\"not_compared\":0", "\"not_compared\":-1"},
  };
  for (const auto& [from, to] : cases) EXPECT_FALSE(read_manifest(replaced(text, from, to))) << to;
}

TEST(Manifest, SaysSoWhenAnArtifactIsTooLargeForJson) {
  Manifest manifest = full_manifest();
  manifest.target_digest.size_bytes = std::uint64_t{1} << 54;
  MemorySink sink;
  EXPECT_EQ(write_manifest(manifest, sink).error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(core_digest(manifest).error().code, ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace stella::delta
