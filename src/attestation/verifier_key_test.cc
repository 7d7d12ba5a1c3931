// Signatures with managed keys: the proof of a log is asked for only where somebody asks.
#include "verifier_testing.h"

namespace stella::attestation {
namespace {

class VerifyManagedKey : public Verify {
 protected:
  VerifyManagedKey() { trusting.keys.push_back(key.public_key()); }

  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256).value();
  VerifyPolicy trusting{.at = policy().at};
};

TEST_F(VerifyManagedKey, AcceptsWithAndWithoutALog) {
  for (const auto& log :
       {std::optional(LogKind::kV1), std::optional(LogKind::kV2), std::optional<LogKind>()}) {
    const Report report = accepted(statement({.log = log, .managed_key = key}), trusting);
    EXPECT_EQ(report.find(CheckId::kLogThreshold)->state, log ? CheckState::kPassed : CheckState::kFailed);
  }
}

TEST_F(VerifyManagedKey, RefusesTheProoflessOnlyWhereAProofIsDemanded) {
  const Bundle bundle = statement({.log = std::nullopt, .managed_key = key});
  VerifyPolicy strict = trusting;
  strict.require_log = true;
  expect_refused(bundle, strict, CheckId::kLogThreshold, "no transparency log entry");
  strict = trusting;
  strict.logs_min = 1;
  expect_refused(bundle, strict, CheckId::kLogThreshold, "no transparency log entry");
  accepted(statement({.managed_key = key}), strict);
  strict.logs_min = 0;
  accepted(bundle, strict);
  strict = trusting;
  strict.strict = true;
  expect_refused(bundle, strict, CheckId::kLogThreshold, "no transparency log entry");
  strict = trusting;
  strict.checkpoint = sigstore.v2.checkpoint();
  expect_refused(bundle, strict, CheckId::kLogThreshold, "no transparency log entry");
}

TEST_F(VerifyManagedKey, CountsAgeFromWitnessesUpToTheEvaluationTime) {
  const VirtualWitness witness("witness.one", 1);
  const auto witnesses =
      tlog::parse_witness_policy("witness one " + witness.policy_key() + "\nquorum one\n").value();
  trusting.witnesses = &witnesses;
  trusting.age_max_days = 1;
  const Bundle bundle = statement({.timestamp = false, .managed_key = key});
  const auto cosigned_at = [&](Time time) {
    Bundle cosigned = bundle;
    std::string& checkpoint = cosigned.log_entries[0].inclusion_proof->checkpoint;
    checkpoint = witness.cosign(checkpoint, time);
    return cosigned;
  };
  EXPECT_EQ(accepted(cosigned_at(kSigned), trusting).find(CheckId::kAge)->state, CheckState::kPassed);
  expect_refused(cosigned_at({.seconds = kSigned.seconds - 2 * kSecondsPerDay}), trusting, CheckId::kAge,
                 "older");
  expect_refused(cosigned_at({.seconds = trusting.at.seconds + 1}), trusting, CheckId::kAge,
                 "after the evaluation time");
}

TEST_F(VerifyManagedKey, RefusesAProofThatIsThereAndWrong) {
  Bundle bundle = statement({.managed_key = key});
  bundle.log_entries[0].inclusion_proof->hashes.push_back(Digest{});
  expect_refused(bundle, trusting, CheckId::kLogInclusion, "wrong length");
  bundle = statement({.managed_key = key});
  bundle.log_entries = statement({.managed_key = key}).log_entries;
  expect_refused(bundle, trusting, CheckId::kLogEntry, "another bundle");
}

TEST_F(VerifyManagedKey, RefusesAnotherKey) {
  VerifyPolicy other = trusting;
  other.keys = {crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256).value().public_key()};
  expect_refused(statement({.managed_key = key}), other, CheckId::kSignature, "does not fit");
  other.keys.push_back(crypto::PrivateKey::generate(crypto::KeyType::kEd25519).value().public_key());
  expect_refused(statement({.managed_key = key}), other, CheckId::kKey, "does not fit any trusted key");
  other.keys.push_back(key.public_key());
  accepted(statement({.managed_key = key}), other);
  // A certificate is not a managed key, whoever is trusted.
  expect_refused(statement(), other, CheckId::kIdentity, "no identity is trusted");
}

TEST_F(VerifyManagedKey, HoldsTheEntryToTheKeyThatSigned) {
  const auto other = crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256).value();
  trusting.keys.push_back(other.public_key());
  Bundle bundle = statement({.managed_key = key});
  const Bytes message = statement::pre_authentication_encoding(*bundle.envelope());
  bundle.log_entries.clear();
  sigstore.log_to(sigstore.v2, bundle, message, {.managed_key = other});
  expect_refused(bundle, trusting, CheckId::kLogEntry, "its key is not the one that signed");
}

TEST_F(VerifyManagedKey, TakesNoTimelessProofOfALogThatHasEnded) {
  TrustedRoot root = sigstore.root();
  for (TrustedLog& log : root.logs) log.valid.end = kSigned;
  const Bundle timeless = statement({.timestamp = false, .managed_key = key});
  const Report report = Verifier(root).verify(timeless, artifact(content()), trusting).report;
  EXPECT_TRUE(report.accepted);  // a key needs no log
  EXPECT_EQ(report.find(CheckId::kLogThreshold)->state, CheckState::kFailed);
  trusting.require_log = true;
  expect_refused(timeless, trusting, CheckId::kLogCheckpoint, "not valid now", artifact(content()), root);
  EXPECT_TRUE(
      Verifier(root).verify(statement({.managed_key = key}), artifact(content()), trusting).report.accepted);
}

TEST_F(VerifyManagedKey, ChecksEd25519OverFilesOnlyWithTheFile) {
  const auto ed25519 = crypto::PrivateKey::generate(crypto::KeyType::kEd25519).value();
  trusting.keys = {ed25519.public_key()};
  const Bundle bundle = file({.log = std::nullopt, .managed_key = ed25519});
  expect_refused(bundle, trusting, CheckId::kSignature, "give the file itself");
  ArtifactDigest whole = artifact(content());
  whole.content = content();
  EXPECT_TRUE(Verifier(sigstore.root()).verify(bundle, whole, trusting).report.accepted);
  Bundle undigested = bundle;
  std::get<MessageSignature>(undigested.content).hash.reset();
  whole.sha256 = sha256(as_bytes("the file as it was before"));
  expect_refused(undigested, trusting, CheckId::kSignature, "changed while it was read", whole,
                 sigstore.root());
}

TEST_F(VerifyManagedKey, ComparesTheGivenCheckpoint) {
  const Bundle bundle = statement({.managed_key = key});
  trusting.checkpoint = sigstore.v2.checkpoint();
  accepted(bundle, trusting);
  (void)statement({.managed_key = key});
  trusting.checkpoint = sigstore.v2.checkpoint();
  expect_refused(bundle, trusting, CheckId::kLogCheckpoint, "another tree size than the given checkpoint");
  const std::string forked =
      tlog::checkpoint_text({.origin = sigstore.v2.origin(), .tree_size = 1, .root_hash = sha256({})});
  trusting.checkpoint = sigstore.v2.sign_note(forked);
  expect_refused(bundle, trusting, CheckId::kLogCheckpoint, "two different trees of one size");
  trusting.checkpoint = VirtualLog(LogKind::kV2, "https://other.example").checkpoint();
  expect_refused(bundle, trusting, CheckId::kLogCheckpoint, "given checkpoint");
}

TEST_F(VerifyManagedKey, CountsAgeFromTheProvenTime) {
  trusting.age_max_days = 30;
  trusting.at = {.seconds = kSigned.seconds + 30 * 86400};
  accepted(statement({.managed_key = key}), trusting);
  trusting.at.seconds += 1;
  expect_refused(statement({.managed_key = key}), trusting, CheckId::kAge, "older than the policy allows");
  const Bundle timeless = statement({.timestamp = false, .managed_key = key});
  EXPECT_EQ(accepted(timeless, trusting).find(CheckId::kAge)->state, CheckState::kNotChecked);
  trusting.strict = true;
  expect_refused(timeless, trusting, CheckId::kSigningTime, "no log and no timestamp");
}

TEST_F(VerifyManagedKey, CountsAgeFromAWitnessWhenThereIsNoOtherTime) {
  const VirtualWitness witness("witness.one", 1);
  const auto witnesses =
      tlog::parse_witness_policy("witness one " + witness.policy_key() + "\nquorum one\n").value();
  Bundle bundle = statement({.timestamp = false, .managed_key = key});
  std::string& checkpoint = bundle.log_entries[0].inclusion_proof->checkpoint;
  checkpoint = witness.cosign(checkpoint, kSigned);
  trusting.witnesses = &witnesses;
  trusting.age_max_days = 1;
  trusting.at = {.seconds = kSigned.seconds + 2 * 86400};
  expect_refused(bundle, trusting, CheckId::kAge, "found 2 days");
}

}  // namespace
}  // namespace stella::attestation
