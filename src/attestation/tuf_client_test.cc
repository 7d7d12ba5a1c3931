#include "stella/attestation/tuf_client.h"

#include <gtest/gtest.h>

#include "tuf_testing.h"

namespace stella::attestation::tuf {
namespace {

const Time kNow = parse_time("2026-11-27T00:00:00Z").value();

class TufClient : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(Client::init(store_, repository_.files.at("1.root.json"))); }

  Status refresh(Time now = kNow) {
    return Client(store_, repository_, {.targets_url = "targets", .now = now}).refresh();
  }
  std::int64_t stored_version(const std::string& role) const {
    const json::Value value = json::parse(as_text(store_.load(role + ".json").value())).value();
    return *value.find("signed")->find("version")->integer();
  }

  Repository repository_;
  MemoryStore store_;
};

TEST_F(TufClient, AsksForWhatTheSpecificationSaysAndNoMore) {
  ASSERT_TRUE(refresh());
  EXPECT_EQ(repository_.requests,
            (std::vector<std::string>{"2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"}));
  repository_.requests.clear();
  ASSERT_TRUE(refresh());
  EXPECT_EQ(repository_.requests, (std::vector<std::string>{"2.root.json", "timestamp.json"}));
}

TEST_F(TufClient, FollowsEachRootToTheNext) {
  const auto old_root = repository_.keys["root"];
  repository_.keys["root"] = {test_key("second root")};
  repository_.extra_root_signers = old_root;
  repository_.publish_root();
  repository_.extra_root_signers.clear();
  repository_.publish_root();
  ASSERT_TRUE(refresh());
  EXPECT_EQ(stored_version("root"), 3);
}

TEST_F(TufClient, RefusesARootThatTheOldKeysDidNotSign) {
  repository_.keys["root"] = {test_key("thief")};
  repository_.publish_root();
  EXPECT_EQ(refresh().error().code, ErrorCode::kUntrusted);
  EXPECT_EQ(stored_version("root"), 1);
}

TEST_F(TufClient, RefusesARootThatSkipsAVersion) {
  repository_.publish_root();
  repository_.publish_root();
  repository_.files["2.root.json"] = repository_.files["3.root.json"];
  EXPECT_EQ(refresh().error().found, "version 3");
}

TEST_F(TufClient, CountsOneKeyUnderTwoIdsOnce) {
  TestKey alias = test_key("snapshot");
  alias.id = "alias";
  repository_.keys["snapshot"].push_back(alias);
  repository_.thresholds["snapshot"] = 2;
  repository_.publish_root();
  repository_.publish();
  EXPECT_EQ(refresh().error().found, "1 valid signatures");

  repository_.keys["snapshot"].push_back(test_key("another"));
  repository_.publish_root();
  repository_.publish();
  EXPECT_TRUE(refresh());
}

TEST_F(TufClient, KnowsEveryKindOfKeyOfTheSpecification) {
  using crypto::KeyType;
  repository_.keys["timestamp"] = {
      test_key("timestamp"),
      {.id = "p256",
       .secret = crypto::PrivateKey::generate(KeyType::kEcdsaP256).value(),
       .type = "ecdsa",
       .scheme = "ecdsa-sha2-nistp256",
       .algorithm = {.key_type = KeyType::kEcdsaP256}},
      {.id = "p384",
       .secret = crypto::PrivateKey::generate(KeyType::kEcdsaP384).value(),
       .type = "ecdsa",
       .scheme = "ecdsa-sha2-nistp384",
       .algorithm = {.key_type = KeyType::kEcdsaP384, .hash = crypto::Hash::kSha384}},
      {.id = "rsa",
       .secret = crypto::PrivateKey::generate(KeyType::kRsa).value(),
       .type = "rsa",
       .scheme = "rsassa-pss-sha256",
       .algorithm = {.key_type = KeyType::kRsa, .padding = crypto::RsaPadding::kPss}}};
  repository_.thresholds["timestamp"] = 4;
  repository_.publish_root();
  repository_.publish();
  EXPECT_TRUE(refresh());
}

TEST_F(TufClient, IsNotRolledBack) {
  const auto old_files = repository_.files;
  repository_.publish();
  ASSERT_TRUE(refresh());
  repository_.files = old_files;
  const auto refused = refresh();
  EXPECT_EQ(refused.error().code, ErrorCode::kUntrusted);
  EXPECT_EQ(refused.error().where, "timestamp.json");
  EXPECT_EQ(stored_version("timestamp"), 2);
}

TEST_F(TufClient, RefusesASnapshotThatForgetsOrTakesBackARole) {
  repository_.meta["other.json"] = 3;
  repository_.publish_snapshot();
  ASSERT_TRUE(refresh());
  repository_.meta["other.json"] = 2;
  repository_.publish_snapshot();
  EXPECT_EQ(refresh().error().found, "version 2");
  repository_.meta.erase("other.json");
  repository_.publish_snapshot();
  EXPECT_EQ(refresh().error().expected, "other.json");
  EXPECT_EQ(stored_version("snapshot"), 2);
}

TEST_F(TufClient, RecoversFromAFastForwardOnceTheKeysAreNew) {
  repository_.versions["timestamp"] = repository_.versions["snapshot"] = 1'000'000;
  repository_.publish();
  ASSERT_TRUE(refresh());
  repository_.versions["timestamp"] = repository_.versions["snapshot"] = 1;
  repository_.publish();
  EXPECT_FALSE(refresh());
  repository_.keys["timestamp"] = {test_key("new timestamp")};
  repository_.keys["snapshot"] = {test_key("new snapshot")};
  repository_.publish_root();
  repository_.publish();
  EXPECT_TRUE(refresh());
  EXPECT_EQ(stored_version("timestamp"), 3);
}

TEST_F(TufClient, RefusesWhatHasExpiredAndKeepsTheOld) {
  ASSERT_TRUE(refresh());
  for (const std::string role : {"timestamp", "snapshot", "targets"}) {
    const std::int64_t before = stored_version(role);
    repository_.expires[role] = "2026-11-27T00:00:00Z";  // the very second
    repository_.publish();
    EXPECT_EQ(refresh().error().code, ErrorCode::kUntrusted) << role;
    EXPECT_EQ(stored_version(role), before) << role;
    repository_.expires[role] = "2030-01-01T00:00:00Z";
    repository_.publish();
    EXPECT_TRUE(refresh());
  }
  repository_.expires["root"] = "2020-01-01T00:00:00Z";
  repository_.publish_root();
  EXPECT_FALSE(refresh());
  EXPECT_EQ(stored_version("root"), 2) << "a root is stored before its expiry is judged";
}

TEST_F(TufClient, RefusesMetadataOfAnotherRole) {
  repository_.keys["timestamp"] = repository_.keys["snapshot"];
  repository_.publish_root();
  repository_.publish();
  repository_.files["timestamp.json"] = repository_.files["2.snapshot.json"];
  EXPECT_EQ(refresh().error().expected, "timestamp");
}

TEST_F(TufClient, LearnsNothingFromARepositoryThatCannotBeReached) {
  repository_.files.erase("timestamp.json");
  EXPECT_EQ(refresh().error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(store_.load("timestamp.json"));
}

TEST_F(TufClient, DownloadsATargetByItsHashAndRefusesAnother) {
  repository_.target_files["t.txt"] = Bytes{'h', 'i'};
  repository_.publish();
  Client client(store_, repository_, {.targets_url = "targets/", .now = kNow});
  EXPECT_EQ(as_text(client.download("t.txt").value()), "hi");
  const std::size_t requests = repository_.requests.size();
  EXPECT_EQ(as_text(client.download("t.txt", Bytes{'h', 'i'}).value()), "hi");
  EXPECT_EQ(repository_.requests.size(), requests) << "what is there already is not fetched";
  repository_.files["targets/" + to_hex(sha256(as_bytes("hi")).view()) + ".t.txt"] = Bytes{'h', 'o'};
  EXPECT_EQ(client.download("t.txt").error().code, ErrorCode::kUntrusted);
  EXPECT_EQ(client.download("none").error().code, ErrorCode::kNotFound);
}

// Roles a (terminating for a/*) and b, each for */*; b has everything, a has nothing.
TEST_F(TufClient, StopsAtATerminatingDelegation) {
  const std::vector<TestKey> keys = {test_key("delegated")};
  const auto delegated = [&](const std::string& name, const std::string& pattern, bool terminating) {
    json::Value role = role_json(keys);
    role.object()->emplace("name", name);
    role.object()->emplace("paths", json::Array{pattern});
    role.object()->emplace("terminating", terminating);
    return role;
  };
  repository_.delegations =
      json::Object{{"keys", keys_json(keys)},
                   {"roles", json::Array{delegated("a", "a/*", true), delegated("../b", "*/*", false)}}};
  const auto publish_role = [&](const std::string& file, json::Value targets) {
    json::Object body = repository_.body("targets", 1);
    body.emplace("targets", std::move(targets));
    repository_.files["1." + file] = signed_file(std::move(body), keys);
  };
  const json::Value description = json::Object{
      {"length", 2}, {"hashes", json::Object{{"sha256", to_hex(sha256(as_bytes("hi")).view())}}}};
  publish_role("a.json", json::Object{});
  publish_role("..%2Fb.json",
               json::Object{{"a/x", description}, {"c/x", description}, {"c/d/x", description}});
  repository_.meta["a.json"] = 1;
  repository_.meta["../b.json"] = 1;
  repository_.publish();

  Client client(store_, repository_, {.now = kNow});
  EXPECT_TRUE(client.find_target("c/x"));
  EXPECT_FALSE(client.find_target("a/x")) << "a is terminating for a/*";
  EXPECT_FALSE(client.find_target("c/d/x")) << "'*' does not match a slash";
  EXPECT_TRUE(store_.load("..%2Fb.json")) << "the name of a role is no path";
}

TEST_F(TufClient, GoesOnFromACrashAtAnyPoint) {
  repository_.target_files["t.txt"] = Bytes{'h', 'i'};
  repository_.publish();
  ASSERT_TRUE(refresh());
  repository_.publish_root();
  repository_.keys["timestamp"] = {test_key("timestamp of root 3")};
  repository_.publish_root();
  repository_.publish();
  for (int saves = 0; saves < 8; ++saves) {
    MemoryStore crashing = store_;
    crashing.saves_left = saves;
    Client before(crashing, repository_, {.targets_url = "targets", .now = kNow});
    EXPECT_EQ(before.refresh().has_value(), saves >= 5) << saves;
    crashing.saves_left = 100;
    Client after(crashing, repository_, {.targets_url = "targets", .now = kNow});
    EXPECT_EQ(as_text(after.download("t.txt").value()), "hi") << saves;
    EXPECT_TRUE(verify_stored_target(crashing, "t.txt", as_bytes("hi")));
  }
}

TEST_F(TufClient, VerifiesWhatItStoredAgainYearsLater) {
  repository_.target_files["t.txt"] = Bytes{'h', 'i'};
  repository_.expires["timestamp"] = "2026-12-01T00:00:00Z";
  repository_.publish();
  ASSERT_TRUE(refresh());
  const auto stored = verify_stored_target(store_, "t.txt", as_bytes("hi")).value();
  EXPECT_EQ(stored.timestamp_version, 2);
  EXPECT_EQ(to_string(stored.expires), "2026-12-01T00:00:00Z");
  EXPECT_EQ(verify_stored_target(store_, "t.txt", as_bytes("ho")).error().code, ErrorCode::kUntrusted);
  for (const char* name : {"root.json", "timestamp.json", "snapshot.json", "targets.json"}) {
    MemoryStore changed = store_;
    Bytes& bytes = changed.files[name];
    const std::string text(as_text(bytes));
    const std::size_t at = text.find("\"version\":");
    bytes[at + 10] = '9';
    EXPECT_EQ(verify_stored_target(changed, "t.txt", as_bytes("hi")).error().code, ErrorCode::kUntrusted)
        << name;
  }
}

TEST_F(TufClient, DoesNotOverwriteTheFirstRoot) {
  EXPECT_TRUE(Client::init(store_, repository_.files.at("1.root.json")));
  repository_.publish_root();
  EXPECT_EQ(Client::init(store_, repository_.files.at("2.root.json")).error().code,
            ErrorCode::kInvalidArgument);
  MemoryStore empty;
  EXPECT_FALSE(Client::init(empty, as_bytes("{}")));
  EXPECT_EQ(Client(empty, repository_, {}).refresh().error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace stella::attestation::tuf
