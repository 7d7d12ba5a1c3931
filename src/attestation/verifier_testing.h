// What the tests of the verifier share: a Sigstore in memory, what is signed, and the two outcomes.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "stella/attestation/verifier.h"
#include "stella/base/parallel.h"
#include "virtual_sigstore.h"

namespace stella::attestation {

using testing::artifact;
using testing::kIdentity;
using testing::kIssuer;
using testing::kSigned;
using testing::LogKind;
using testing::policy;
using testing::SignRequest;
using testing::statement_about;
using testing::VirtualLog;
using testing::VirtualSigstore;
using testing::VirtualWitness;

inline const std::string kContent = "the artifact";
inline ByteView content() { return as_bytes(kContent); }

class Verify : public ::testing::Test {
 protected:
  // Refused, and the first fatal check is this one with a message that holds `message`.
  void expect_refused(const Bundle& bundle, const VerifyPolicy& policy, CheckId id,
                      const std::string& message) {
    expect_refused(bundle, policy, id, message, artifact(content()), sigstore.root());
  }
  void expect_refused(const Bundle& bundle, const VerifyPolicy& policy, CheckId id,
                      const std::string& message, const std::optional<ArtifactDigest>& about,
                      const TrustedRoot& root) {
    const Verdict verdict = Verifier(root).verify(bundle, about, policy);
    EXPECT_FALSE(verdict.report.accepted);
    EXPECT_FALSE(verdict.statement);
    const auto error = verdict.report.failure();
    ASSERT_TRUE(error);
    EXPECT_EQ(error->where, to_string(id)) << to_string(*error);
    EXPECT_THAT(to_string(*error), ::testing::HasSubstr(message));
  }
  Report accepted(const Bundle& bundle, const VerifyPolicy& policy) {
    const Verdict verdict = Verifier(sigstore.root()).verify(bundle, artifact(content()), policy);
    const auto error = verdict.report.failure();
    EXPECT_TRUE(verdict.report.accepted) << (error ? to_string(*error) : "");
    EXPECT_EQ(verdict.statement.has_value(), bundle.envelope() != nullptr);
    return verdict.report;
  }
  Bundle file(const SignRequest& request = {}) { return sigstore.sign_file(content(), request); }
  Bundle statement(const SignRequest& request = {}) {
    return sigstore.sign_payload(statement_about(content()), request);
  }

  VirtualSigstore sigstore;
};

}  // namespace stella::attestation
