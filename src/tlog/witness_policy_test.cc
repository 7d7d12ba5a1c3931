#include "stella/tlog/witness_policy.h"

#include <gtest/gtest.h>

#include "stella/tlog/cosignature.h"
#include "testing.h"

namespace stella::tlog {
namespace {

class WitnessPolicyTest : public testing::Test {
 protected:
  [[nodiscard]] std::string policy_text(const std::string& rest) const {
    return "# who is trusted\nlog " + to_string(log_.key) + " https://log.test/\n\n  witness x1 " +
           to_string(x1_.key) + "\nwitness x2\t" + to_string(x2_.key) + "\nwitness y1 " + to_string(y1_.key) +
           " https://y1.test/\n" + rest;
  }
  [[nodiscard]] SignedCheckpoint signed_by(
      const std::vector<std::pair<const Witness*, std::uint64_t>>& witnesses) const {
    Note note = log_.note(checkpoint_text({.origin = "log.test", .tree_size = 1, .root_hash = sha256({})}));
    for (const auto& [witness, seconds] : witnesses) witness->cosign(note, seconds);
    return parse_signed_checkpoint(to_string(note)).value();
  }

  Log log_{"log.test"};
  Witness x1_{"x1.test"}, x2_{"x2.test"}, y1_{"y1.test"};
};

TEST_F(WitnessPolicyTest, CountsGroupsOfGroups) {
  const auto policy =
      parse_witness_policy(policy_text("group x any x1 x2\ngroup all 2 x y1\nquorum all\n")).value();
  EXPECT_TRUE(verify_by_policy(policy, signed_by({{&x1_, 10}, {&y1_, 20}})));
  EXPECT_TRUE(verify_by_policy(policy, signed_by({{&x2_, 10}, {&y1_, 20}, {&x1_, 30}})));
  const auto refused = verify_by_policy(policy, signed_by({{&x1_, 10}, {&x2_, 20}}));
  EXPECT_EQ(refused.error().code, ErrorCode::kUntrusted);
  EXPECT_EQ(refused.error().found, "without y1");
  EXPECT_EQ(check_quorum(policy, signed_by({{&x1_, 30}, {&y1_, 20}, {&x2_, 10}}).note).met_at, Time{20});
}

TEST_F(WitnessPolicyTest, OneWitnessTwiceIsNotTwoWitnesses) {
  const auto policy = parse_witness_policy(policy_text("group q 2 x1 x2 y1\nquorum q\n")).value();
  EXPECT_FALSE(verify_by_policy(policy, signed_by({{&x1_, 10}, {&x1_, 11}})));
  EXPECT_TRUE(verify_by_policy(policy, signed_by({{&x1_, 10}, {&x2_, 11}})));
}

TEST_F(WitnessPolicyTest, ShowsAWrongCosignatureAndDoesNotCountIt) {
  const auto policy = parse_witness_policy(policy_text("quorum x1\n")).value();
  SignedCheckpoint checkpoint = signed_by({{&x1_, 10}});
  checkpoint.note.signatures.back().signature[7] ^= 1;  // the time
  const auto report = check_quorum(policy, checkpoint.note);
  EXPECT_FALSE(report.met);
  EXPECT_EQ(report.witnesses[0].cosigned.error().code, ErrorCode::kUntrusted);
  EXPECT_EQ(report.witnesses[1].cosigned.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(verify_by_policy(policy, checkpoint).error().found, "without x1 (wrong), x2, y1");
}

TEST_F(WitnessPolicyTest, NeedsTheLogsOwnSignatureUnderItsOrigin) {
  const auto policy = parse_witness_policy(policy_text("quorum none\n")).value();
  EXPECT_TRUE(verify_by_policy(policy, signed_by({})));
  const Log other("other.test");
  const auto foreign = parse_signed_checkpoint(other.checkpoint(1, sha256({}))).value();
  EXPECT_EQ(verify_by_policy(policy, foreign).error().where, "origin");
  SignedCheckpoint unsigned_by_log = signed_by({{&x1_, 10}});
  unsigned_by_log.note.signatures.erase(unsigned_by_log.note.signatures.begin());
  EXPECT_EQ(verify_by_policy(policy, unsigned_by_log).error().code, ErrorCode::kUntrusted);
}

TEST_F(WitnessPolicyTest, RefusesEachLineThatIsWrong) {
  const auto where = [&](const std::string& rest) {
    const auto policy = parse_witness_policy(policy_text(rest));
    return policy ? "accepted" : policy.error().where;
  };
  EXPECT_EQ(where("quorum x1\n"), "accepted");
  EXPECT_EQ(where(""), "");  // no quorum
  const std::vector<std::string> wrong = {"quorum nobody\n",
                                          "quorum x1 x2\n",
                                          "quorum x1\nquorum x1\n",
                                          "group g all x1",
                                          "group g all\n",
                                          "group g 0 x1\n",
                                          "group g 2 x1\n",
                                          "group g +1 x1\n",
                                          "group g any nobody\n",
                                          "group g any g\n",
                                          "group g any x1 x1\n",
                                          "group x1 any x2\n",
                                          "group none any x2\n",
                                          "group g any none\n",
                                          "witnesses\n",
                                          "witness z\n",
                                          "witness z bad+key+x\n",
                                          "group a any x1\ngroup b any x1\n",
                                          "quorum x1\r\n",
                                          "quorum x1\n\x01\n",
                                          "log " + to_string(log_.key) + "\n",
                                          "log " + to_string(x1_.key) + "\n",
                                          "witness z " + to_string(x1_.key) + "\n",
                                          "witness z " + to_string(log_.key) + "\n",
                                          "witness x1 " + to_string(Witness("z.test").key) + "\n"};
  for (const std::string& rest : wrong) EXPECT_TRUE(where(rest).starts_with("line ")) << rest << where(rest);
}

TEST_F(WitnessPolicyTest, RefusesAKeyThatReturnsUnderAnotherName) {
  // The cosigned message does not hold the witness's name: the same key under two names would count twice.
  const NoteKey alias = witness_key("alias.test", x1_.secret.public_key()).value();
  const auto policy = parse_witness_policy(policy_text("witness z " + to_string(alias) + "\nquorum z\n"));
  EXPECT_EQ(policy.error().message, "a witness is listed twice");
}

TEST(Cosignature, BelongsToNameKeyTimeAndText) {
  const Witness witness("w.test");
  Note note{.text = "text\n"};
  witness.cosign(note, 1679315147);
  EXPECT_EQ(verify_cosignature(note, witness.key).value(), Time{1679315147});
  EXPECT_EQ(verify_cosignature(note, Witness("v.test").key).error().code, ErrorCode::kNotFound);
  witness.cosign(note, 1679315150);
  EXPECT_EQ(verify_cosignature(note, witness.key).value(), Time{1679315150});
  note.text = "other\n";
  EXPECT_EQ(verify_cosignature(note, witness.key).error().code, ErrorCode::kUntrusted);
  note = {.text = "text\n"};
  witness.cosign(note, std::uint64_t{1} << 63);
  EXPECT_EQ(verify_cosignature(note, witness.key).error().code, ErrorCode::kUntrusted);
  note.signatures[0].signature.pop_back();
  EXPECT_EQ(verify_cosignature(note, witness.key).error().code, ErrorCode::kUntrusted);
}

}  // namespace
}  // namespace stella::tlog
