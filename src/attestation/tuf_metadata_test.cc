#include "stella/attestation/tuf_metadata.h"

#include <gtest/gtest.h>

#include "tuf_glob.h"
#include "tuf_testing.h"

namespace stella::attestation::tuf {
namespace {

TEST(TufCanonical, IsThatOfOlpcAndNotRfc8785) {
  const auto canonical = [](const char* text) { return olpc_canonical(json::parse(text).value()); };
  EXPECT_EQ(canonical(R"({"b":[1,-2,true,null],"a":"x\"\\\n\u00e9","":{}})").value(),
            "{\"\":{},\"a\":\"x\\\"\\\\\n\xC3\xA9\",\"b\":[1,-2,true,null]}");
  // U+FF61 sorts before U+1F600 by code point, and after it by UTF-16 code units.
  EXPECT_EQ(canonical(R"({"\ud83d\ude00":1,"\uff61":2})").value(),
            "{\"\xEF\xBD\xA1\":2,\"\xF0\x9F\x98\x80\":1}");
  EXPECT_FALSE(canonical("1.5"));
  EXPECT_FALSE(canonical("[18446744073709551616]"));
}

TEST(TufMetadata, RefusesEachFieldThatIsWrong) {
  Repository repository;
  const json::Value good = json::parse(as_text(repository.files.at("1.root.json"))).value();
  ASSERT_TRUE(parse_root(repository.files.at("1.root.json")));
  const auto error_after = [&](const auto& change) {
    json::Value changed = good;
    change(*changed.object(), *changed.object()->at("signed").object());
    const auto root = parse_root(as_bytes(json::canonical(changed)));
    return root ? Error{.code = ErrorCode::kInternal, .where = "accepted"} : root.error();
  };
  using json::Object;
  for (const char* key : {"_type", "spec_version", "version", "expires", "keys", "roles"}) {
    EXPECT_EQ(error_after([&](Object&, Object& body) { body.erase(key); }).where, "root metadata: $.signed")
        << key;
    EXPECT_EQ(error_after([&](Object&, Object& body) { body[key] = json::Array{}; }).code,
              ErrorCode::kCorrupt)
        << key;
  }
  EXPECT_EQ(error_after([](Object& all, Object&) { all.erase("signatures"); }).where, "root metadata: $");
  EXPECT_EQ(error_after([](Object&, Object& body) { body["spec_version"] = "2.0.0"; }).code,
            ErrorCode::kUnsupported);
  EXPECT_EQ(error_after([](Object&, Object& body) { body["version"] = 0; }).where,
            "root metadata: $.signed.version");
  EXPECT_EQ(error_after([](Object&, Object& body) { body["expires"] = "soon"; }).where,
            "root metadata: $.signed.expires");
  EXPECT_EQ(error_after([](Object&, Object& body) { body["roles"].object()->erase("snapshot"); }).where,
            "root metadata: $.signed.roles");
  EXPECT_EQ(error_after([](Object&, Object& body) {
              (*body["roles"].object()->at("root").object())["threshold"] = 0;
            }).where,
            "root metadata: $.signed.roles.root.threshold");
  EXPECT_EQ(error_after([](Object& all, Object&) {
              json::Array& signatures = *all["signatures"].array();
              signatures.push_back(signatures[0]);
            }).message,
            "a key signed twice");
  EXPECT_EQ(error_after([](Object&, Object& body) {
              json::Array& ids = *body["roles"].object()->at("root").object()->at("keyids").array();
              ids.push_back(ids[0]);
            }).message,
            "a role lists a key id twice");
  // What nobody knows is kept, and signed over; a key of an unknown kind counts for nothing.
  EXPECT_EQ(error_after([](Object&, Object& body) { body["x"] = 1; }).where, "accepted");
  EXPECT_EQ(error_after([](Object&, Object& body) {
              body["keys"].object()->begin()->second = Object{{"keytype", "new"}};
            }).where,
            "accepted");
}

TEST(TufMetadata, RefusesAFileCutOffAnywhere) {
  Repository repository;
  for (const auto& [name, bytes] : repository.files) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const ByteView part = ByteView(bytes).first(size);
      EXPECT_FALSE(parse_root(part) || parse_timestamp(part) || parse_snapshot(part) || parse_targets(part));
    }
  }
}

TEST(TufRules, ComparesLengthAndEveryHashThatItKnows) {
  const std::string hash = to_hex(sha256(as_bytes("hi")).view());
  EXPECT_TRUE(verify_file("f", as_bytes("hi"), 2, {{"sha256", hash}, {"new", "00"}}));
  EXPECT_FALSE(verify_file("f", as_bytes("hi"), 3, {{"sha256", hash}}));
  EXPECT_FALSE(verify_file("f", as_bytes("ho"), 2, {{"sha256", hash}}));
  EXPECT_FALSE(verify_file("f", as_bytes("hi"), 2, {{"new", "00"}})) << "nothing was compared";
  EXPECT_FALSE(verify_file("f", as_bytes("hi"), 2, {{"sha256", hash}, {"sha512", "00"}}));
}

TEST(TufRules, MatchesPathsElementByElement) {
  const std::vector<std::tuple<std::string, std::string, bool>> cases = {
      {"*", "a", true},
      {"*", "a/b", false},
      {"*/*", "a/b", true},
      {"a*b", "aXXb", true},
      {"a*b", "aXXc", false},
      {"foo-?.tgz", "foo-1.tgz", true},
      {"foo-?.tgz", "foo-12.tgz", false},
      {"*.tgz", ".tgz", true},
      {"a/*/c", "a/b/c", true},
      {"a/*/c", "a/c", false},
      {"", "", true},
      {"*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", false}};
  for (const auto& [pattern, path, matches] : cases)
    EXPECT_EQ(glob_matches(pattern, path), matches) << pattern << path;
}

TEST(TufRules, SpreadsTargetsOverSuccinctRoles) {
  // SHA-256 of "hi" begins with 8f43.
  EXPECT_EQ(succinct_role({.bit_length = 8, .name_prefix = "bin"}, "hi"), "bin-8f");
  EXPECT_EQ(succinct_role({.bit_length = 1, .name_prefix = "bin"}, "hi"), "bin-1");
  EXPECT_EQ(succinct_role({.bit_length = 9, .name_prefix = "bin"}, "hi"), "bin-11e");
  EXPECT_TRUE(is_delegated_to({.path_hash_prefixes = {"8f4"}}, "hi"));
  EXPECT_FALSE(is_delegated_to({.path_hash_prefixes = {"8f5"}}, "hi"));
}

}  // namespace
}  // namespace stella::attestation::tuf
