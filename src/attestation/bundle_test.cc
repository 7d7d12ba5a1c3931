#include "stella/attestation/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "stella/base/base64.h"
#include "stella/base/file.h"
#include "virtual_sigstore.h"

namespace stella::attestation {
namespace {

using ::testing::HasSubstr;
using testing::LogKind;
using testing::SignRequest;
using testing::VirtualSigstore;

VirtualSigstore& sigstore() {
  static VirtualSigstore made;
  return made;
}
Bundle file_bundle() { return sigstore().sign_file(as_bytes("artifact"), {.log = LogKind::kV1}); }
Bundle statement_bundle() { return sigstore().sign_payload(testing::statement_about(as_bytes("artifact"))); }

std::string text_of(const Bundle& bundle) { return to_json_text(bundle).value(); }

json::Value value_of(const Bundle& bundle) { return json::parse(text_of(bundle)).value(); }

// The bundle's JSON with the member at `path` replaced; null takes it away, as Protobuf's JSON has it.
json::Value with(const json::Value& value, std::vector<std::string> path, const json::Value& member) {
  json::Value result = value;
  json::Value* at = &result;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    at = at->array() != nullptr ? &at->array()->at(std::stoul(path[i])) : &(*at->object())[path[i]];
  }
  (*at->object())[path.back()] = member;
  return result;
}

Error error_of(const json::Value& value) {
  const auto bundle = bundle_from_json(value);
  EXPECT_FALSE(bundle) << json::pretty(value);
  return bundle ? Error{} : bundle.error();
}

const std::vector<std::string> kEntry = {"verificationMaterial", "tlogEntries", "0"};
std::vector<std::string> in_entry(std::vector<std::string> rest) {
  rest.insert(rest.begin(), kEntry.begin(), kEntry.end());
  return rest;
}

TEST(Bundle, ComesBackAsItWasWritten) {
  for (const Bundle& bundle : {file_bundle(), statement_bundle()}) {
    const std::string text = text_of(bundle);
    const Bundle read = parse_bundle(text).value();
    EXPECT_EQ(text_of(read), text);
    EXPECT_EQ(read.version, BundleVersion::kV03);
    EXPECT_EQ(read.log_entries, bundle.log_entries);
    EXPECT_EQ(read.timestamps, bundle.timestamps);
    EXPECT_EQ(read.signer, bundle.signer);
    EXPECT_EQ(read.content, bundle.content);
  }
}

TEST(Bundle, MayEndInWhiteSpaceAndInNothingElse) {
  const std::string text = text_of(file_bundle());
  for (const char* end : {"\n", "\r\n", "\n\n", " \t\n"}) EXPECT_TRUE(parse_bundle(text + end));
  for (const char* end : {"x", "\n{}", "\0", "}"}) EXPECT_FALSE(parse_bundle(text + end + "z"));
  EXPECT_FALSE(parse_bundle(""));
  EXPECT_FALSE(parse_bundle("\xef\xbb\xbf" + text));
  EXPECT_FALSE(parse_bundle(text + '\0'));
  std::string not_utf8 = text;
  not_utf8[not_utf8.find("hashedrekord")] = '\xff';
  EXPECT_FALSE(parse_bundle(not_utf8));
}

TEST(Bundle, IsRefusedCutOffAtEveryByte) {
  const std::string text = text_of(statement_bundle());
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(parse_bundle(std::string_view(text).substr(0, size)));
}

TEST(Bundle, NamesThePlaceOfEachFieldThatIsWrong) {
  const json::Value good = value_of(file_bundle());
  ASSERT_TRUE(bundle_from_json(good));
  const auto where = [&](std::vector<std::string> path, const json::Value& member) {
    return error_of(with(good, std::move(path), member)).where;
  };
  EXPECT_EQ(where({"mediaType"}, "application/json"), "$.mediaType");
  EXPECT_EQ(where({"mediaType"}, nullptr), "$");
  EXPECT_EQ(where({"verificationMaterial"}, nullptr), "$");
  EXPECT_EQ(where({"verificationMaterial"}, "x"), "$.verificationMaterial");
  EXPECT_EQ(where({"verificationMaterial", "certificate"}, nullptr), "$.verificationMaterial");
  EXPECT_EQ(where({"verificationMaterial", "publicKey"}, json::Object{}), "$.verificationMaterial");
  EXPECT_THAT(where({"verificationMaterial", "certificate", "rawBytes"}, "AAAA"),
              HasSubstr("$.verificationMaterial.certificate"));
  EXPECT_EQ(where({"messageSignature", "signature"}, ""), "$.messageSignature.signature");
  EXPECT_EQ(where({"messageSignature", "signature"}, "Zg"), "$.messageSignature.signature");
  EXPECT_EQ(where({"messageSignature", "messageDigest", "algorithm"}, "MD5"),
            "$.messageSignature.messageDigest.algorithm");
  EXPECT_EQ(where({"messageSignature", "messageDigest", "digest"}, "AAAA"),
            "$.messageSignature.messageDigest");
  EXPECT_EQ(where({"dsseEnvelope"}, json::Object{}), "$");
  const std::string entry = "$.verificationMaterial.tlogEntries[0]";
  EXPECT_EQ(where(in_entry({"logIndex"}), "-1"), entry + ".logIndex");
  EXPECT_EQ(where(in_entry({"logIndex"}), "01"), entry + ".logIndex");
  EXPECT_EQ(where(in_entry({"logIndex"}), "9223372036854775808"), entry + ".logIndex");
  EXPECT_EQ(where(in_entry({"logIndex"}), -1), entry + ".logIndex");
  EXPECT_EQ(where(in_entry({"integratedTime"}), "253402300800"), entry);
  EXPECT_EQ(where(in_entry({"logId"}), nullptr), entry);
  EXPECT_EQ(where(in_entry({"logId", "keyId"}), "="), entry + ".logId.keyId");
  EXPECT_EQ(where(in_entry({"kindVersion", "kind"}), ""), entry + ".kindVersion.kind");
  EXPECT_EQ(where(in_entry({"canonicalizedBody"}), nullptr), entry);
  EXPECT_EQ(where(in_entry({"inclusionProof"}), nullptr), entry);
  EXPECT_EQ(where(in_entry({"inclusionProof", "checkpoint"}), nullptr), entry);
  EXPECT_EQ(where(in_entry({"inclusionProof", "rootHash"}), "AAAA"), entry + ".inclusionProof.rootHash");
  EXPECT_EQ(where(in_entry({"inclusionProof", "hashes"}), json::Array{json::Value("AAAA")}),
            entry + ".inclusionProof.hashes[0]");
  EXPECT_EQ(where({"verificationMaterial", "timestampVerificationData", "rfc3161Timestamps"}, "x"),
            "$.verificationMaterial.timestampVerificationData.rfc3161Timestamps");
}

TEST(Bundle, TakesBase64InOneFormOnly) {
  const json::Value good = value_of(file_bundle());
  for (const char* text : {"Zm9v YmFy", "Zm9v\nYmFy", "Zm-_", "Zh==", "Zg"}) {
    EXPECT_FALSE(bundle_from_json(with(good, {"messageSignature", "signature"}, text))) << text;
  }
}

TEST(Bundle, KeepsToItsLimits) {
  const json::Value good = value_of(file_bundle());
  const json::Value entry = good.find("verificationMaterial")->find("tlogEntries")->array()->front();
  EXPECT_EQ(
      error_of(with(good, {"verificationMaterial", "tlogEntries"}, json::Array(kLogEntriesMax + 1, entry)))
          .code,
      ErrorCode::kLimitExceeded);
  EXPECT_EQ(error_of(with(good, {"verificationMaterial", "timestampVerificationData", "rfc3161Timestamps"},
                          json::Array(kTimestampsMax + 1, json::Object{})))
                .code,
            ErrorCode::kLimitExceeded);
  const json::Array hashes(kProofHashesMax + 1, json::Value(to_base64(Bytes(32))));
  EXPECT_EQ(error_of(with(good, in_entry({"inclusionProof", "hashes"}), hashes)).code,
            ErrorCode::kLimitExceeded);
}

TEST(Bundle, HoldsWhatItsVersionDemands) {
  const json::Value good = value_of(file_bundle());
  const json::Value chain =
      json::Object{{"certificates", json::Array{*good.find("verificationMaterial")->find("certificate")}}};
  json::Value old = with(with(good, {"verificationMaterial", "certificate"}, nullptr),
                         {"verificationMaterial", "x509CertificateChain"}, chain);
  EXPECT_THAT(error_of(old).message, HasSubstr("one certificate, not a chain"));
  old = with(old, {"mediaType"}, "application/vnd.dev.sigstore.bundle+json;version=0.2");
  EXPECT_EQ(bundle_from_json(old)->version, BundleVersion::kV02);
  EXPECT_THAT(error_of(with(old, in_entry({"inclusionProof"}), nullptr)).message,
              HasSubstr("lacks its inclusion proof"));
  old = with(old, {"mediaType"}, "application/vnd.dev.sigstore.bundle+json;version=0.1");
  EXPECT_TRUE(bundle_from_json(with(old, in_entry({"inclusionProof"}), nullptr)));
  EXPECT_THAT(error_of(with(old, in_entry({"inclusionPromise"}), nullptr)).message,
              HasSubstr("lacks the log's promise"));
  const json::Array with_root{json::Value(*chain.find("certificates")->array()->begin()),
                              json::Value(json::Object{{"rawBytes", to_base64(sigstore().ca_root.der())}})};
  EXPECT_THAT(error_of(with(old, {"verificationMaterial", "x509CertificateChain", "certificates"}, with_root))
                  .message,
              HasSubstr("hold a root"));
}

TEST(Bundles, AreReadFromJsonLines) {
  const std::string one = text_of(file_bundle());
  const std::string two = text_of(statement_bundle());
  EXPECT_EQ(parse_bundles(one)->size(), 1U);
  EXPECT_EQ(parse_bundles(one + "\n")->size(), 1U);
  EXPECT_EQ(parse_bundles(json::pretty(value_of(file_bundle())))->size(), 1U);
  EXPECT_EQ(parse_bundles(one + "\n" + two + "\r\n\n")->size(), 2U);
  EXPECT_EQ(parse_bundles(R"({"bundle":)" + one + R"(,"repository_id":1})" + "\n" + two)->size(), 2U);
  EXPECT_EQ(parse_bundles(one + "\n" + two + "\ngarbage").error().where.substr(0, 6), "line 3");
  std::string many;
  for (std::size_t i = 0; i <= kBundlesMax; ++i) many += one + "\n";
  EXPECT_EQ(parse_bundles(many).error().code, ErrorCode::kLimitExceeded);
}

class Detached : public ::testing::Test {
 protected:
  void SetUp() override {
    folder = std::filesystem::path(::testing::TempDir()) / ("stella_detached_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  void write(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(write_file(folder / name, as_bytes(text)));
  }
  std::filesystem::path folder;
};

TEST_F(Detached, EnvelopesHaveTheirProofsBesideThem) {
  const std::string content = "artifact";
  const Bundle bundle = sigstore().sign_payload(testing::statement_about(as_bytes(content)));
  write("app.dsse.json", json::canonical(statement::to_json(*bundle.envelope())));
  write("rekor-proof.json", json::canonical(to_json(bundle.log_entries[0])));
  write("cert-chain.pem", bundle.certificate()->to_pem());
  const Bundle read = load_bundles(folder / "app.dsse.json")->front();
  EXPECT_EQ(read.version, BundleVersion::kDetached);
  EXPECT_EQ(read.log_entries, bundle.log_entries);
  EXPECT_EQ(read.signer, bundle.signer);

  // Files that carry the envelope's name win over those of the folder.
  write("app.rekor-proof.json", "[]");
  write("app.cert-chain.pem", sigstore().tsa.to_pem());
  const Bundle named = load_bundles(folder / "app.dsse.json")->front();
  EXPECT_TRUE(named.log_entries.empty());
  EXPECT_EQ(*named.certificate(), sigstore().tsa);

  write("app.rekor-proof.json", "{}");
  EXPECT_THAT(load_bundles(folder / "app.dsse.json").error().where, HasSubstr("rekor-proof.json"));
}

TEST_F(Detached, KeysNeedNoCertificate) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256).value();
  const Bundle bundle =
      sigstore().sign_payload(testing::statement_about(as_bytes("artifact")), {.managed_key = key});
  write("app.dsse.json", json::canonical(statement::to_json(*bundle.envelope())));
  const Bundle read = load_bundles(folder / "app.dsse.json")->front();
  EXPECT_EQ(read.certificate(), nullptr);
  EXPECT_TRUE(read.log_entries.empty());
}

TEST_F(Detached, WhatIsNoFileIsRefused) {
  EXPECT_EQ(load_bundles(folder).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(load_bundles(folder / "absent.json").error().code, ErrorCode::kNotFound);
  write("empty.json", "");
  EXPECT_EQ(load_bundles(folder / "empty.json").error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace stella::attestation
