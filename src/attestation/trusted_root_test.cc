#include "stella/attestation/trusted_root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stella/base/digest.h"
#include "stella/base/json.h"
#include "virtual_sigstore.h"

namespace stella::attestation {
namespace {

using ::testing::HasSubstr;

std::string replaced(std::string_view from, std::string_view with) {
  std::string text(public_good_root().json);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), with);
}

Error error_of(const std::string& text) {
  const auto root = parse_trusted_root(text);
  EXPECT_FALSE(root);
  return root ? Error{} : root.error();
}

TEST(PublicGoodRoot, IsTheFileThatItsOriginPublished) {
  const BuiltInRoot& built_in = public_good_root();
  EXPECT_EQ(to_hex(sha256(as_bytes(built_in.json)).view()), built_in.sha256);
  const TrustedRoot root = parse_trusted_root(built_in.json).value();
  ASSERT_EQ(root.logs.size(), 2U);
  EXPECT_EQ(root.logs[0].origin, "rekor.sigstore.dev");
  EXPECT_EQ(root.logs[1].key.type(), crypto::KeyType::kEd25519);
  EXPECT_EQ(root.ct_logs.size(), 2U);
  EXPECT_EQ(root.certificate_authorities.size(), 2U);
  EXPECT_EQ(root.timestamp_authorities.size(), 1U);
}

TEST(TrustedRoot, NamesThePlaceOfEachFieldThatIsWrong) {
  EXPECT_EQ(error_of("{}").where, "$");
  EXPECT_EQ(error_of(replaced("version=0.1", "version=0.9")).where, "$.mediaType");
  EXPECT_EQ(error_of(replaced("PKIX_ECDSA_P256_SHA_256", "PKIX_WHATEVER")).where,
            "$.tlogs[0].publicKey.keyDetails");
  EXPECT_EQ(error_of(replaced("PKIX_ECDSA_P256_SHA_256", "PKIX_ED25519")).where,
            "$.tlogs[0].publicKey.keyDetails");
  EXPECT_EQ(error_of(replaced("MFkwEwYHKoZIzj0CAQ", "AFkwEwYHKoZIzj0CAQ")).where.substr(0, 20),
            "$.tlogs[0].publicKey");
  EXPECT_EQ(error_of(replaced("2021-01-12T11:53:27Z", "yesterday")).where,
            "$.tlogs[0].publicKey.validFor.start");
}

TEST(TrustedRoot, WindowsHaveABeginningAndAreNotReversed) {
  EXPECT_THAT(error_of(replaced("\"start\": \"2021-01-12T11:53:27Z\"", "\"end\": null")).where,
              HasSubstr("validFor"));
  EXPECT_THAT(error_of(replaced("\"start\": \"2021-01-12T11:53:27Z\"",
                                "\"start\": \"2021-01-12T11:53:27Z\", \"end\": \"2021-01-12T11:53:26Z\""))
                  .message,
              HasSubstr("ends before it begins"));
  const auto with_null = parse_trusted_root(
      replaced("\"start\": \"2021-01-12T11:53:27Z\"", "\"start\": \"2021-01-12T11:53:27Z\", \"end\": null"));
  EXPECT_FALSE(with_null->logs[0].valid.end);
}

TEST(TrustedRoot, WindowsAreClosedOnBothSides) {
  const Validity window{.start = {.seconds = 10}, .end = Time{.seconds = 20, .nanoseconds = 5}};
  EXPECT_TRUE(window.contains({.seconds = 10}));
  EXPECT_TRUE(window.contains({.seconds = 20, .nanoseconds = 5}));
  EXPECT_FALSE(window.contains({.seconds = 20, .nanoseconds = 6}));
  EXPECT_FALSE(window.contains({.seconds = 9, .nanoseconds = 999'999'999}));
}

TEST(TrustedRoot, IsRefusedCutOffAtEveryByte) {
  std::string_view text = public_good_root().json;
  while (text.back() != '}') text.remove_suffix(1);
  for (std::size_t size = 0; size < text.size(); size += 3)
    EXPECT_FALSE(parse_trusted_root(text.substr(0, size)));
}

TEST(TrustedParts, MustHoldSomething) {
  EXPECT_EQ(trusted_root_from_parts({.logs = {"no PEM"}}).error().where, "log root");
  EXPECT_EQ(trusted_root_from_parts({.timestamp_authorities = {""}}).error().where,
            "timestamp authority root");
  EXPECT_TRUE(trusted_root_from_parts({})->logs.empty());
}

TEST(TrustedParts, TakeTheEndOfAChainForItsRoot) {
  const testing::VirtualSigstore sigstore;
  const auto root = [&](const TrustedParts& parts) {
    return trusted_root_from_parts(parts)->certificate_authorities.at(0);
  };
  // An intermediate alone is what the user chose to trust.
  EXPECT_EQ(root({.certificate_authorities = {sigstore.ca_intermediate.to_pem()}}).roots[0],
            sigstore.ca_intermediate);
  const TrustedAuthority both =
      root({.certificate_chains = {sigstore.ca_intermediate.to_pem() + sigstore.ca_root.to_pem()}});
  EXPECT_EQ(both.roots[0], sigstore.ca_root);
  EXPECT_EQ(both.intermediates[0], sigstore.ca_intermediate);
  // Beside a root of the user's choice, a chain adds no other root.
  const TrustedAuthority chosen = root({.certificate_authorities = {sigstore.ca_root.to_pem()},
                                        .certificate_chains = {sigstore.tsa_root.to_pem()}});
  EXPECT_EQ(chosen.roots.size(), 1U);
}

}  // namespace
}  // namespace stella::attestation
