#include "stella/attestation/trust_store.h"

#include <unistd.h>

#include <fstream>

#include <gtest/gtest.h>

#include "stella/base/file.h"
#include "tuf_testing.h"

namespace stella::attestation {
namespace {

const Time kNow = parse_time("2026-11-27T00:00:00Z").value();

class TrustStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("stella_trust." + std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
    repository_.target_files["trusted_root.json"] = Bytes{'{', '}'};
    repository_.publish();
    ASSERT_TRUE(store().init(repository_.files.at("1.root.json"), source_));
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] TrustStore store() const { return TrustStore(folder_); }
  Result<StoredTrust> update() { return store().update(repository_, source_, kNow, {"trusted_root.json"}); }

  tuf::Repository repository_;
  TrustSource source_{.metadata_url = "", .targets_url = "targets"};
  std::filesystem::path folder_;
};

TEST_F(TrustStoreTest, KeepsWhatAnUpdateBroughtAndVerifiesItAgain) {
  EXPECT_EQ(store().load().error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(update());
  const StoredTrust trust = store().load().value();
  EXPECT_EQ(as_text(trust.targets.at("trusted_root.json")), "{}");
  EXPECT_EQ(trust.timestamp_version, 2);
  EXPECT_EQ(store().source()->targets_url, "targets");

  repository_.target_files["trusted_root.json"] = Bytes{'{', ' ', '}'};
  repository_.target_files["more"] = Bytes{'m'};
  repository_.publish();
  ASSERT_TRUE(store().update(repository_, source_, kNow, {"more"}));
  EXPECT_EQ(as_text(store().load()->targets.at("trusted_root.json")), "{ }")
      << "kept targets are brought along";
  EXPECT_EQ(store().load()->targets.size(), 2U);
}

TEST_F(TrustStoreTest, IsAsBeforeWhenAnUpdateFails) {
  ASSERT_TRUE(update());
  repository_.target_files["trusted_root.json"] = Bytes{'x'};
  repository_.publish();
  std::erase_if(repository_.files, [](const auto& file) { return file.first.starts_with("targets/"); });
  EXPECT_FALSE(update());
  EXPECT_EQ(as_text(store().load()->targets.at("trusted_root.json")), "{}");
  EXPECT_EQ(store().update(repository_, source_, kNow, {"absent"}).error().code, ErrorCode::kNotFound);
}

TEST_F(TrustStoreTest, NoticesEveryChange) {
  ASSERT_TRUE(update());
  const std::filesystem::path path = folder_ / "trusted.json";
  const Bytes good = read_file(path, 1 << 20).value();
  const auto overwrite = [&](ByteView bytes) { std::ofstream(path) << as_text(bytes); };
  for (std::size_t i = 0; i < good.size(); i += 31) {
    Bytes changed = good;
    changed[i] ^= 1;
    overwrite(changed);
    // Letters of hex in a signature may change their case without a meaning; the target may not change.
    const auto trust = store().load();
    EXPECT_TRUE(!trust || as_text(trust->targets.at("trusted_root.json")) == "{}") << i;
  }
  for (std::size_t size = 0; size < good.size(); size += 53) {
    overwrite(ByteView(good).first(size));
    EXPECT_FALSE(store().load()) << size;
  }
  ASSERT_TRUE(update()) << "a damaged file does not stand in the way of a new one";
  EXPECT_TRUE(store().load());
}

TEST(PublicGoodTufRoot, IsTheOnePublishedAndSignedByItself) {
  const BuiltInTufRoot& built_in = public_good_tuf_root();
  EXPECT_EQ(to_hex(sha256(as_bytes(built_in.root)).view()), built_in.sha256);
  const auto set = tuf::TrustedSet::create(as_bytes(built_in.root), kNow, tuf::Expiry::kIgnore);
  ASSERT_TRUE(set);
  EXPECT_GE(set->root().version, 14);
}

}  // namespace
}  // namespace stella::attestation
