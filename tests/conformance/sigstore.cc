// The verify cases of sigstore-conformance against our verifier: accepted exactly where the suite says so.
// The cases lie beside a checkout (../shared) and are not part of the project; without them the tests report
// themselves as skipped.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <sstream>

#include "stella/attestation/bundle.h"
#include "stella/attestation/trusted_root.h"
#include "stella/attestation/verifier.h"
#include "stella/base/file.h"

namespace stella::attestation {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(STELLA_SOURCE_DIR) / "../shared/conformance/sigstore";
constexpr std::size_t kFileSizeMaxBytes = std::size_t{1} << 20;
// The suite's own evaluation time is "now"; this one is fixed, so that the answers do not change by
// themselves.
constexpr Time kNow{.seconds = 1'795'747'080};  // 2026-11-27T02:38:00Z

struct Case {
  std::string name{};
  std::string mode{};
  fs::path bundle{};
  std::string artifact{};
  fs::path trusted_root{};  // empty: the public-good root
  fs::path key{};           // empty: a certificate
  std::string identity{};
  std::string issuer{};
  bool accept = false;
};

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  std::istringstream lines(std::string(as_text(read_file(kFolder / "cases.tsv", kFileSizeMaxBytes).value())));
  std::string line;
  std::getline(lines, line);  // the head of the table
  while (std::getline(lines, line)) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, '\t');) cells.push_back(cell);
    cases.push_back({.name = cells.at(0),
                     .mode = cells.at(1),
                     .bundle = kFolder / cells.at(2),
                     .artifact = cells.at(4),
                     .trusted_root = cells.at(5).starts_with('<') ? fs::path() : kFolder / cells.at(5),
                     .key = cells.at(6).empty() ? fs::path() : kFolder / cells.at(6),
                     .identity = cells.at(7),
                     .issuer = cells.at(8),
                     .accept = cells.at(9) == "pass"});
  }
  return cases;
}

std::string text_of(const fs::path& path) {
  return std::string(as_text(read_file(path, kFileSizeMaxBytes).value()));
}

Result<TrustedRoot> root_of(const Case& c) {
  return parse_trusted_root(c.trusted_root.empty() ? std::string(public_good_root().json)
                                                   : text_of(c.trusted_root));
}

Result<ArtifactDigest> artifact_of(const Case& c) {
  if (c.artifact.starts_with("sha256:")) {
    STELLA_TRY(const Digest digest, parse_sha256_text(c.artifact));
    return ArtifactDigest{.sha256 = digest};
  }
  STELLA_TRY(const Bytes bytes, read_file(kFolder / c.artifact, kFileSizeMaxBytes));
  return ArtifactDigest{.sha256 = sha256(bytes)};
}

Result<VerifyPolicy> policy_of(const Case& c) {
  VerifyPolicy policy{.at = kNow};
  if (!c.key.empty()) {
    STELLA_TRY(crypto::PublicKey key, crypto::PublicKey::from_pem(text_of(c.key)));
    policy.keys.push_back(std::move(key));
    return policy;
  }
  STELLA_TRY(IdentityPattern identity, parse_identity(c.identity));
  STELLA_TRY(SignerRule rule, make_signer_rule(std::move(identity), c.issuer));
  policy.signers.push_back(std::move(rule));
  return policy;
}

// Why the bundle is refused; nothing when it is accepted.
std::optional<Error> refusal(const Case& c, std::string_view bundle_text) {
  const auto answer = [&]() -> Result<Verdict> {
    STELLA_TRY(const Bundle bundle, parse_bundle(bundle_text));
    STELLA_TRY(TrustedRoot root, root_of(c));
    STELLA_TRY(const ArtifactDigest artifact, artifact_of(c));
    STELLA_TRY(const VerifyPolicy policy, policy_of(c));
    return Verifier(std::move(root)).verify(bundle, artifact, policy);
  }();
  if (!answer) return answer.error();
  return answer->report.failure();
}

class SigstoreConformance : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kFolder)) GTEST_SKIP() << "the conformance cases are not beside this checkout";
  }
};

TEST_F(SigstoreConformance, AnswersEveryCaseAsTheSuiteSays) {
  std::size_t count = 0;
  for (const Case& c : read_cases()) {
    const auto error = refusal(c, text_of(c.bundle));
    EXPECT_EQ(!error, c.accept) << c.name << " " << c.mode << ": "
                                << (error ? to_string(*error) : "accepted");
    if (error) {
      RecordProperty(c.name + "." + c.mode, to_string(*error));
    }
    ++count;
  }
  EXPECT_EQ(count, 140U);
}

// A byte of the text changed; or one of a base64 value, which changes what is signed and not only how it is
// written.
std::string mutated(std::string text, std::mt19937_64& random) {
  const auto at = static_cast<std::size_t>(random() % text.size());
  if (random() % 2 == 0) {
    text[at] = static_cast<char>(random() % 256);
    return text;
  }
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < text.size(); ++i) {
    char& c = text[(at + i) % text.size()];
    if (kDigits.find(c) == std::string_view::npos) continue;
    c = kDigits[random() % kDigits.size()];
    break;
  }
  return text;
}

TEST_F(SigstoreConformance, NeverAcceptsAMutationOfWhatItRefuses) {
  constexpr int kMutationsPerCase = 60;
  constexpr std::uint64_t kSeed = 4;
  std::mt19937_64 random(kSeed);
  for (const Case& c : read_cases()) {
    if (c.accept || c.mode != "PATH") continue;
    const std::string text = text_of(c.bundle);
    for (int i = 0; i < kMutationsPerCase; ++i) {
      const std::string other = mutated(text, random);
      EXPECT_TRUE(refusal(c, other)) << c.name << ", mutation " << i << " of seed " << kSeed;
    }
  }
}

}  // namespace
}  // namespace stella::attestation
