#include "stella/tlog/checkpoint.h"

#include <gtest/gtest.h>

#include "stella/crypto/signature.h"
#include "testing.h"

namespace stella::tlog {
namespace {

// The example of c2sp.org/tlog-checkpoint.
constexpr std::string_view kText =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

TEST(Checkpoint, ReadsAndWritesThePublishedExample) {
  const Checkpoint checkpoint = parse_checkpoint_text(kText).value();
  EXPECT_EQ(checkpoint.origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint.tree_size, 20852163U);
  EXPECT_EQ(checkpoint_text(checkpoint), kText);

  const Checkpoint extended = parse_checkpoint_text(std::string(kText) + "one\ntwo\n").value();
  EXPECT_EQ(extended.extensions, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(checkpoint_text(extended), std::string(kText) + "one\ntwo\n");
}

TEST(Checkpoint, RefusesEachLineThatIsWrong) {
  const auto refused = [](std::string_view text) {
    return !parse_checkpoint_text(text) && parse_checkpoint_text(text).error().code == ErrorCode::kCorrupt;
  };
  const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  for (const char* size :
       {"", "-1", "+1", "007", "00", "1 ", "0x1", "9223372036854775808", "99999999999999999999"}) {
    EXPECT_TRUE(refused("o\n" + std::string(size) + "\n" + root)) << size;
  }
  EXPECT_FALSE(refused("o\n0\n" + root));
  EXPECT_FALSE(refused("o\n9223372036854775807\n" + root));
  EXPECT_TRUE(refused("\n1\n" + root));
  EXPECT_TRUE(refused("o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2\n"));
  EXPECT_TRUE(refused("o\n1\nAAAA\n"));
  EXPECT_TRUE(refused("o\n1\n" + root + "\nextension\n"));
  for (std::size_t size = 0; size < kText.size(); ++size) EXPECT_TRUE(refused(kText.substr(0, size)));
}

TEST(Checkpoint, IsOfItsLogOnly) {
  const Log log("log.test/a");
  const Log other("log.test/b");
  const SignedCheckpoint checkpoint = parse_signed_checkpoint(log.checkpoint(7, sha256({}))).value();
  EXPECT_TRUE(verify_checkpoint(checkpoint, log.key));
  EXPECT_TRUE(verify_checkpoint(checkpoint, log.key, "log.test/a"));
  EXPECT_EQ(verify_checkpoint(checkpoint, log.key, "log.test/b").error().where, "origin");
  EXPECT_EQ(verify_checkpoint(checkpoint, other.key).error().code, ErrorCode::kUntrusted);
}

}  // namespace
}  // namespace stella::tlog
