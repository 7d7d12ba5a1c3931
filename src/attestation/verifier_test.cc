// One thing wrong at a time, each with its own message. What is right is tested first, so that every refusal
// has one cause.
#include <algorithm>

#include "verifier_testing.h"

namespace stella::attestation {
namespace {

TEST_F(Verify, AcceptsFilesAndStatementsInBothKindsOfLog) {
  for (const LogKind kind : {LogKind::kV1, LogKind::kV2}) {
    for (const Bundle& bundle : {file({.log = kind}), statement({.log = kind})}) {
      const Report report = accepted(bundle, policy());
      EXPECT_EQ(report.signer, kIdentity);
      EXPECT_EQ(report.issuer, kIssuer);
      EXPECT_EQ(report.signing_time, kSigned);
      EXPECT_EQ(report.time_source, kind == LogKind::kV1 ? TimeSource::kLog : TimeSource::kTimestamp);
      ASSERT_EQ(report.log_entries.size(), 1U);
      EXPECT_EQ(report.log_entries[0].integrated_time.has_value(), kind == LogKind::kV1);
    }
  }
  accepted(statement({.log = LogKind::kV1, .intoto_entry = true}), policy());
  accepted(file({.log = LogKind::kV1, .timestamp = false}), policy());
}

TEST_F(Verify, AcceptsEveryKindOfKey) {
  for (const crypto::KeyType type : {crypto::KeyType::kEcdsaP384, crypto::KeyType::kEcdsaP521,
                                     crypto::KeyType::kRsa, crypto::KeyType::kEd25519}) {
    accepted(sigstore.sign_payload(statement_about(content()), {.leaf_key = type}), policy());
  }
}

TEST_F(Verify, GivesTheStatementOnlyOnceAccepted) {
  const Verdict verdict = Verifier(sigstore.root()).verify(statement(), artifact(content()), policy());
  ASSERT_TRUE(verdict.statement);
  EXPECT_EQ(verdict.statement->statement().predicate_type, "https://example.com/check/v1");
  EXPECT_TRUE(verdict.statement->report().accepted);
}

TEST_F(Verify, RefusesAnotherIdentity) {
  expect_refused(
      file({.identity = "https://github.com/evil/app/.github/workflows/release.yml@refs/heads/main"}),
      policy(), CheckId::kIdentity, "the signer is another");
  expect_refused(file({.identity = kIdentity + "x"}), policy(), CheckId::kIdentity,
                 "found " + kIdentity + "x");
}

TEST_F(Verify, RefusesAnotherIssuer) {
  expect_refused(file({.issuer = "https://evil.example"}), policy(), CheckId::kIdentity, "another issuer");
  expect_refused(file({.issuer = ""}), policy(), CheckId::kIdentity, "no issuer");
}

TEST_F(Verify, RefusesWithoutAnybodyToTrust) {
  VerifyPolicy nobody = policy();
  nobody.signers.clear();
  expect_refused(file(), nobody, CheckId::kIdentity, "no identity is trusted");
  expect_refused(file({.managed_key = crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256).value()}),
                 policy(), CheckId::kKey, "no key is trusted");
}

TEST_F(Verify, RefusesAnotherArtifact) {
  const auto other = artifact(as_bytes("another artifact"));
  expect_refused(file(), policy(), CheckId::kSubject, "the bundle is about another file", other,
                 sigstore.root());
  // The proof is still of this bundle: what is wrong is named once.
  const Report report = Verifier(sigstore.root()).verify(file(), other, policy()).report;
  for (const Check& check : report.checks) {
    EXPECT_EQ(check.state == CheckState::kFailed, check.id == CheckId::kSubject) << to_string(check.id);
  }
  expect_refused(statement(), policy(), CheckId::kSubject, "the statement is about other artifacts", other,
                 sigstore.root());
  expect_refused(file(), policy(), CheckId::kSubject, "cannot be checked without the file", std::nullopt,
                 sigstore.root());
}

TEST_F(Verify, RefusesAnotherPredicateType) {
  VerifyPolicy wanted = policy();
  wanted.predicate_types = {"https://slsa.dev/provenance/v1"};
  expect_refused(statement(), wanted, CheckId::kPredicateType, "another type");
  expect_refused(file(), wanted, CheckId::kPredicateType, "signs a file");
}

TEST_F(Verify, RefusesAnotherPayloadType) {
  expect_refused(statement({.payload_type = "application/json"}), policy(), CheckId::kPayloadType,
                 "another type of payload");
  expect_refused(sigstore.sign_payload("{}", {}), policy(), CheckId::kPayloadType, "payload");
}

TEST_F(Verify, RefusesTheEntryOfAnotherBundle) {
  for (const LogKind kind : {LogKind::kV1, LogKind::kV2}) {
    Bundle one = file({.log = kind});
    one.log_entries = file({.log = kind}).log_entries;  // same artifact, other key and signature
    expect_refused(one, policy(), CheckId::kLogEntry, "its signature differs");
    one.log_entries = sigstore.sign_file(as_bytes("another artifact"), {.log = kind}).log_entries;
    expect_refused(one, policy(), CheckId::kLogEntry, "its digest differs");
    Bundle two = statement({.log = kind});
    two.log_entries = sigstore.sign_payload(statement_about(as_bytes("other")), {.log = kind}).log_entries;
    expect_refused(two, policy(), CheckId::kLogEntry,
                   kind == LogKind::kV1 ? "payload digest differs" : "digest differs");
  }
}

TEST_F(Verify, RefusesAnEntryUnderAnotherCertificate) {
  const SignRequest request;
  Bundle bundle = file(request);
  const Bundle other = file(request);
  // The log holds the right digest and signature, and the certificate of somebody else.
  Bundle forged = bundle;
  forged.signer = other.signer;
  forged.log_entries.clear();
  sigstore.log_to(sigstore.v2, forged, content(), request);
  bundle.log_entries = forged.log_entries;
  expect_refused(bundle, policy(), CheckId::kLogEntry, "its certificate differs");
}

TEST_F(Verify, CountsOneLogListedTwiceOnce) {
  Bundle bundle = file();
  VerifyPolicy two = policy();
  two.logs_min = 2;
  bundle.log_entries.push_back(bundle.log_entries.front());
  expect_refused(bundle, two, CheckId::kLogThreshold, "found 1 different trusted log");
  sigstore.log_to(sigstore.v2, bundle, content());  // another entry in the same log
  TrustedRoot root = sigstore.root();
  root.logs.push_back(root.logs.back());  // and the log itself listed twice
  expect_refused(bundle, two, CheckId::kLogThreshold, "found 1 different", artifact(content()), root);
  sigstore.log_to(sigstore.v1, bundle, content());
  accepted(bundle, two);
}

TEST_F(Verify, CountsOneTimestampAuthorityOnce) {
  Bundle bundle = file();
  bundle.timestamps.push_back(sigstore.timestamp(bundle.message_signature()->signature, kSigned));
  VerifyPolicy two = policy();
  two.timestamps_min = 2;
  expect_refused(bundle, two, CheckId::kTimestampThreshold, "too few timestamps");
  two.timestamps_min = 1;
  accepted(bundle, two);
}

TEST_F(Verify, CountsOneTimestampRootOnceThoughOnlyItsKeyIsKnown) {
  Bundle bundle = file();
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256).value();
  const crypto::Certificate second =
      testing::certificate({.subject = "second signer",
                            .issuer = "tsa root",
                            .serial = 5,
                            .not_before = testing::kStart,
                            .not_after = testing::kEnd,
                            .extended_key_usage = {std::string(crypto::kOidTimeStamping)},
                            .extended_key_usage_critical = true},
                           key.public_key(), sigstore.tsa_root_key);
  bundle.timestamps.push_back(testing::make_timestamp(
      {.message = bundle.message_signature()->signature, .time = kSigned, .embedded = {second}}, second,
      key));
  TrustedRoot root = sigstore.root();
  root.timestamp_authorities.front().roots.clear();
  root.timestamp_authorities.front().root_keys = {sigstore.tsa_root_key.public_key()};
  VerifyPolicy two = policy();
  two.timestamps_min = 2;
  expect_refused(bundle, two, CheckId::kTimestampThreshold, "found 1 different", artifact(content()), root);
  two.timestamps_min = 1;
  const Report report = Verifier(root).verify(bundle, artifact(content()), two).report;
  EXPECT_TRUE(report.accepted);
  EXPECT_EQ(std::ranges::count_if(report.checks,
                                  [](const Check& check) {
                                    return check.id == CheckId::kTimestamp &&
                                           check.state == CheckState::kPassed;
                                  }),
            2);
}

TEST_F(Verify, RefusesAnIndexThatIsNotTheProofs) {
  Bundle bundle = file();
  ++bundle.log_entries[0].log_index;
  expect_refused(bundle, policy(), CheckId::kLogInclusion, "another index than its proof");
}

TEST_F(Verify, ReportsNoTimeThatNothingProves) {
  Bundle bundle = file({.log = LogKind::kV1});
  EXPECT_TRUE(accepted(bundle, policy()).log_entries.at(0).integrated_time);
  bundle.log_entries[0].signed_entry_timestamp.reset();
  bundle.log_entries[0].integrated_time += 1'000'000;
  EXPECT_FALSE(accepted(bundle, policy()).log_entries.at(0).integrated_time);
}

TEST_F(Verify, RefusesWhatExpiredBeforeItWasSigned) {
  expect_refused(file({.timestamp_time = Time{kSigned.seconds + 601}}), policy(), CheckId::kCertificate,
                 "had expired");
  expect_refused(file({.log = LogKind::kV1, .timestamp = false, .log_time = Time{kSigned.seconds + 601}}),
                 policy(), CheckId::kCertificate, "had expired");
  expect_refused(file({.timestamp_time = Time{kSigned.seconds - 1}}), policy(), CheckId::kCertificate,
                 "not yet valid");
  // Both ends of a certificate's life belong to it.
  accepted(file({.timestamp_time = Time{kSigned.seconds + 600}}), policy());
}

TEST_F(Verify, HoldsTheCertificateToEveryProvenTime) {
  const Time late{kSigned.seconds + 601};
  expect_refused(file({.log = LogKind::kV1, .timestamp_time = late}), policy(), CheckId::kCertificate,
                 "had expired");
  expect_refused(file({.log = LogKind::kV1, .log_time = late}), policy(), CheckId::kCertificate,
                 "not valid at the signing time");
}

TEST_F(Verify, HoldsTheAuthorityToEveryProvenTime) {
  TrustedRoot root = sigstore.root();
  Validity& valid = root.certificate_authorities[0].valid;
  const Time later{kSigned.seconds + 60};
  const Bundle bundle = file({.log = LogKind::kV1, .log_time = later});
  valid = {.start = kSigned, .end = later};
  EXPECT_TRUE(Verifier(root).verify(bundle, artifact(content()), policy()).report.accepted);
  for (const Validity& window :
       {Validity{.start = kSigned, .end = Time{later.seconds - 1}}, Validity{.start = later}}) {
    valid = window;
    expect_refused(bundle, policy(), CheckId::kCertificate, "authority was not trusted", artifact(content()),
                   root);
  }
}

TEST_F(Verify, RefusesWithoutSct) {
  expect_refused(file({.sct = false}), policy(), CheckId::kSct, "carries no signed certificate timestamp");
}

TEST_F(Verify, RefusesAnSctOfAnUnknownLog) {
  const auto other = crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256).value();
  expect_refused(file({.ct_key = &other}), policy(), CheckId::kSct, "of a log that is not trusted");
}

TEST_F(Verify, RefusesAnSctFromBeforeTheLogsTime) {
  TrustedRoot root = sigstore.root();
  root.ct_logs[0].valid.start = {.seconds = kSigned.seconds + 1};
  expect_refused(file(), policy(), CheckId::kSct, "not valid at the time of the SCT", artifact(content()),
                 root);
  root.ct_logs[0].valid = {.start = kSigned, .end = kSigned};  // closed on both sides
  EXPECT_TRUE(Verifier(root).verify(file(), artifact(content()), policy()).report.accepted);
}

TEST_F(Verify, TakesSctsUnderRsaKeys) {
  sigstore = VirtualSigstore(crypto::KeyType::kEcdsaP256, crypto::KeyType::kRsa);
  accepted(file(), policy());
}

TEST_F(Verify, TakesAuthoritiesWithEveryKindOfKey) {
  for (const crypto::KeyType type :
       {crypto::KeyType::kEcdsaP384, crypto::KeyType::kRsa, crypto::KeyType::kEd25519}) {
    sigstore = VirtualSigstore(type);
    accepted(file(), policy());
  }
}

TEST_F(Verify, RefusesATimestampOutsideOfTheAuthoritysTime) {
  TrustedRoot root = sigstore.root();
  root.timestamp_authorities[0].valid.end = Time{kSigned.seconds - 1};
  expect_refused(file(), policy(), CheckId::kSigningTime, "not trusted at that time", artifact(content()),
                 root);
  root.timestamp_authorities[0].valid.end = kSigned;
  EXPECT_TRUE(Verifier(root).verify(file(), artifact(content()), policy()).report.accepted);
}

TEST_F(Verify, RefusesTheTimestampOfAnotherSignature) {
  Bundle bundle = file();
  bundle.timestamps = file().timestamps;
  expect_refused(bundle, policy(), CheckId::kSigningTime, "over another signature");
}

TEST_F(Verify, RefusesATimestampOfAStranger) {
  Bundle bundle = file();
  VirtualSigstore stranger;
  bundle.timestamps = {stranger.timestamp(bundle.message_signature()->signature, kSigned, true)};
  expect_refused(bundle, policy(), CheckId::kSigningTime, "proves when it was signed");
}

TEST_F(Verify, RefusesV2WithoutTimestamp) {
  expect_refused(file({.timestamp = false}), policy(), CheckId::kSigningTime, "add a timestamp");
}

TEST_F(Verify, RefusesAProofForAnotherTree) {
  Bundle bundle = file();
  (void)file();
  InclusionProof& proof = *bundle.log_entries[0].inclusion_proof;
  const InclusionProof right = proof;
  proof.checkpoint = sigstore.v2.checkpoint();  // the log has grown since
  expect_refused(bundle, policy(), CheckId::kLogInclusion, "another tree size");
  proof = right;
  proof.root_hash.bytes[0] ^= 1;
  expect_refused(bundle, policy(), CheckId::kLogInclusion, "another root");
  proof = right;
  proof.log_index += 1;
  expect_refused(bundle, policy(), CheckId::kLogInclusion, "no leaf 1");
  proof = right;
  proof.hashes.push_back(Digest{});
  expect_refused(bundle, policy(), CheckId::kLogInclusion, "wrong length");
}

TEST_F(Verify, RefusesACheckpointOfAnotherOrigin) {
  Bundle bundle = file();
  bundle.log_entries[0].inclusion_proof->checkpoint = sigstore.v2.checkpoint("evil.example");
  expect_refused(bundle, policy(), CheckId::kLogCheckpoint, "origin");
}

TEST_F(Verify, RefusesAnUnknownLog) {
  VirtualLog other(LogKind::kV2, "https://other.example");
  SignRequest request{.log = std::nullopt};
  Bundle bundle = file(request);
  sigstore.log_to(other, bundle, content(), request);
  expect_refused(bundle, policy(), CheckId::kLogThreshold, "a log that is not trusted");
  sigstore.log_to(sigstore.v2, bundle, content(), request);
  // What a stranger's log says takes nothing away, and is shown.
  EXPECT_EQ(accepted(bundle, policy()).find(CheckId::kLogCheckpoint)->state, CheckState::kNotChecked);
  VerifyPolicy strict = policy();
  strict.strict = true;
  expect_refused(bundle, strict, CheckId::kLogCheckpoint, "log entry 1 is of a log that is not trusted");
}

TEST_F(Verify, RefusesAWrongPromise) {
  Bundle bundle = file({.log = LogKind::kV1});
  bundle.log_entries[0].integrated_time += 1;
  expect_refused(bundle, policy(), CheckId::kLogPromise, "did not sign this entry");
  bundle = file({.log = LogKind::kV1});
  bundle.log_entries[0].log_index += 1;
  expect_refused(bundle, policy(), CheckId::kLogPromise, "did not sign this entry");
}

TEST_F(Verify, TakesNoTimeFromAnEntryWithoutPromise) {
  Bundle bundle = file({.log = LogKind::kV1, .timestamp = false});
  bundle.log_entries[0].signed_entry_timestamp.reset();
  expect_refused(bundle, policy(), CheckId::kSigningTime, "proves when it was signed");
}

TEST_F(Verify, RefusesALogWhoseKeyHadEnded) {
  TrustedRoot root = sigstore.root();
  for (TrustedLog& log : root.logs) log.valid.end = Time{kSigned.seconds - 1};
  for (const LogKind kind : {LogKind::kV1, LogKind::kV2}) {
    expect_refused(file({.log = kind}), policy(), CheckId::kLogCheckpoint, "not valid", artifact(content()),
                   root);
  }
}

TEST_F(Verify, RefusesCosignaturesBelowTheQuorum) {
  const VirtualWitness one("witness.one", 1);
  const VirtualWitness two("witness.two", 2);
  const auto witnesses =
      tlog::parse_witness_policy("witness one " + one.policy_key() + "\nwitness two " + two.policy_key() +
                                 "\ngroup both 2 one two\nquorum both\n")
          .value();
  VerifyPolicy cosigned = policy();
  cosigned.witnesses = &witnesses;
  Bundle bundle = file();
  std::string& checkpoint = bundle.log_entries[0].inclusion_proof->checkpoint;
  expect_refused(bundle, cosigned, CheckId::kWitnesses, "0 of 2 known witnesses");
  checkpoint = one.cosign(checkpoint, kSigned);
  expect_refused(bundle, cosigned, CheckId::kWitnesses, "1 of 2 known witnesses");
  checkpoint = two.cosign(checkpoint, kSigned);
  EXPECT_EQ(accepted(bundle, cosigned).find(CheckId::kWitnesses)->state, CheckState::kPassed);
  // One log without cosignatures beside one with them.
  sigstore.log_to(sigstore.v1, bundle, content());
  accepted(bundle, cosigned);
}

TEST_F(Verify, CountsWitnessesOfTheLogsThatTheirPolicyLists) {
  const VirtualWitness one("witness.one", 1);
  const auto witnesses_of = [&](const VirtualLog& log) {
    const std::string key = to_string(tlog::note_key(log.origin(), log.key()).value());
    return tlog::parse_witness_policy("log " + key + "\nwitness one " + one.policy_key() + "\nquorum one\n")
        .value();
  };
  Bundle bundle = file();
  std::string& checkpoint = bundle.log_entries[0].inclusion_proof->checkpoint;
  checkpoint = one.cosign(checkpoint, kSigned);
  VerifyPolicy cosigned = policy();
  const auto of_v2 = witnesses_of(sigstore.v2);
  cosigned.witnesses = &of_v2;
  accepted(bundle, cosigned);
  const auto of_v1 = witnesses_of(sigstore.v1);
  cosigned.witnesses = &of_v1;
  expect_refused(bundle, cosigned, CheckId::kWitnesses, "a log that the witness policy does not list");
}

TEST_F(Verify, RefusesAClockSetBack) {
  VerifyPolicy early = policy();
  early.at = {.seconds = kSigned.seconds - 1};
  expect_refused(file(), early, CheckId::kSigningTime, "after the evaluation time");
}

TEST_F(Verify, RefusesASignatureOverSomethingElse) {
  Bundle bundle = statement();
  auto& envelope = std::get<statement::Envelope>(bundle.content);
  envelope.payload[envelope.payload.size() - 3] ^= 1;  // "ok":trud
  expect_refused(bundle, policy(), CheckId::kPayloadType, "payload");
  const std::string other = statement_about(content(), "https://example.com/check/v2");
  envelope.payload.assign(other.begin(), other.end());
  expect_refused(bundle, policy(), CheckId::kSignature, "does not fit");
}

TEST_F(Verify, TakesIntermediatesFromTheBundleAndNoTrust) {
  Bundle bundle = file();
  bundle.version = BundleVersion::kV02;
  TrustedRoot root = sigstore.root();
  root.certificate_authorities[0].intermediates.clear();
  expect_refused(bundle, policy(), CheckId::kCertificate, "no trusted certificate authority",
                 artifact(content()), root);
  std::get<std::vector<crypto::Certificate>>(bundle.signer).push_back(sigstore.ca_intermediate);
  EXPECT_TRUE(Verifier(root).verify(bundle, artifact(content()), policy()).report.accepted);
  root.certificate_authorities[0].roots = {sigstore.tsa_root};
  expect_refused(bundle, policy(), CheckId::kCertificate, "no trusted certificate authority",
                 artifact(content()), root);
}

TEST_F(Verify, AnswersTheSameFromSeveralThreads) {
  constexpr std::size_t kBundles = 40;
  std::vector<Bundle> bundles;
  for (std::size_t i = 0; i < kBundles; ++i) bundles.push_back(i % 4 == 0 ? file({.sct = false}) : file());
  const Verifier verifier(sigstore.root());
  const auto status = parallel_for(kBundles, 4, [&](std::size_t i) -> Status {
    const bool accepted = verifier.verify(bundles[i], artifact(content()), policy()).report.accepted;
    return accepted == (i % 4 != 0) ? Status() : fail(ErrorCode::kInternal, std::to_string(i));
  });
  EXPECT_TRUE(status) << to_string(status.error());
}

TEST_F(Verify, RefusesAStrangersAuthority) {
  VirtualSigstore stranger;
  TrustedRoot root = sigstore.root();
  root.certificate_authorities = stranger.root().certificate_authorities;
  expect_refused(file(), policy(), CheckId::kCertificate, "", artifact(content()), root);
  root.certificate_authorities.clear();
  expect_refused(file(), policy(), CheckId::kCertificate, "no certificate authority is trusted",
                 artifact(content()), root);
}

TEST_F(Verify, PartsGivenOneByOneSuffice) {
  const Bundle bundle = file();
  TrustedParts parts{.logs = {sigstore.v2.key().to_pem()},
                     .ct_logs = {sigstore.ct_log.public_key().to_pem()},
                     .certificate_authorities = {sigstore.ca_root.to_pem()},
                     .certificate_chains = {sigstore.ca_intermediate.to_pem()},
                     .timestamp_authorities = {sigstore.tsa.to_pem() + sigstore.tsa_root.to_pem()}};
  const auto verdict = [&] {
    return Verifier(trusted_root_from_parts(parts).value()).verify(bundle, artifact(content()), policy());
  };
  EXPECT_TRUE(verdict().report.accepted) << to_string(*verdict().report.failure());
  // Bare keys instead of certificates.
  parts.certificate_authorities = {sigstore.root_key.public_key().to_pem()};
  EXPECT_TRUE(verdict().report.accepted) << to_string(*verdict().report.failure());
  parts.certificate_authorities = {sigstore.intermediate_key.public_key().to_pem()};
  parts.certificate_chains.clear();
  EXPECT_TRUE(verdict().report.accepted) << to_string(*verdict().report.failure());
  parts.logs = {sigstore.v1.key().to_pem(), sigstore.v2.key().to_pem()};
  EXPECT_TRUE(verdict().report.accepted) << to_string(*verdict().report.failure());
  parts.logs = {sigstore.v1.key().to_pem()};
  EXPECT_EQ(verdict().report.failure()->where, "log-threshold");
  parts.logs = {sigstore.v2.key().to_pem()};
  parts.ct_logs.clear();
  EXPECT_EQ(verdict().report.failure()->where, "sct");
}

TEST(Explain, SaysSomethingAboutEveryCheckInItsOrder) {
  const auto explanations = check_explanations();
  ASSERT_EQ(explanations.size(), static_cast<std::size_t>(CheckId::kAge) + 1);
  for (std::size_t i = 0; i < explanations.size(); ++i) {
    EXPECT_EQ(explanations[i].id, static_cast<CheckId>(i));
    EXPECT_FALSE(explanations[i].what.empty());
    EXPECT_FALSE(explanations[i].fatal_when.empty());
  }
}

}  // namespace
}  // namespace stella::attestation
