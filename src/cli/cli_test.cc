#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "command.h"
#include "progress_bar.h"

namespace stella::cli {
namespace {

Result<Command> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "stella");
  std::string verb;
  return parse_command(static_cast<int>(words.size()), words.data(), verb);
}

TEST(CommandLine, TakesTheLiteralFormOnEveryVerb) {
  for (const char* verb : {"create", "verify", "apply", "rollback"}) {
    const auto command = parse({"delta", verb, "--base", "a", "--target", "b"});
    ASSERT_TRUE(command) << verb << ": " << to_string(command.error());
    EXPECT_EQ(command->verb, std::string("delta ") + verb);
  }
}

TEST(CommandLine, WritesTheTargetOnApplyAndTheBaseOnRollback) {
  const auto apply = parse({"delta", "apply", "--base", "a", "--target", "b"}).value();
  EXPECT_EQ(std::get<operations::DeltaApplyOptions>(apply.options).output, "b");
  const auto rollback =
      parse({"delta", "rollback", "--base", "a", "--target", "b", "--allow-unsigned"}).value();
  const auto& options = std::get<operations::DeltaRollbackOptions>(rollback.options);
  EXPECT_EQ(options.output, "a");
  EXPECT_EQ(options.target, "b");
  EXPECT_TRUE(options.allow_unsigned);
}

TEST(CommandLine, HasTheDefaultsOfItsDocuments) {
  const auto command = parse({"delta", "create", "--base", "a", "--target", "b"}).value();
  const auto& options = std::get<operations::DeltaCreateOptions>(command.options);
  EXPECT_EQ(options.level, delta::Level::kDefault);
  EXPECT_EQ(options.chunker, chunk::Algorithm::kGear);
  EXPECT_EQ(options.chunk_size_avg_bytes, 8192U);
  EXPECT_TRUE(options.with_rollback);
  EXPECT_FALSE(options.replace_output || command.json || command.quiet || command.verbose || command.threads);
}

TEST(CommandLine, NamesTheVerbInItsErrors) {
  const auto command = parse({"delta", "create", "--base", "a"});
  ASSERT_FALSE(command);
  EXPECT_EQ(command.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(command.error().next, testing::HasSubstr("stella delta create --help"));
}

TEST(CommandLine, NamesTheWordThatItDoesNotKnow) {
  EXPECT_EQ(parse({"delta", "crate"}).error().found, "crate");
  EXPECT_THAT(parse({"delta", "crate"}).error().expected, testing::HasSubstr("create, verify"));
  EXPECT_EQ(parse({"delta", "create", "--bse", "a", "--target", "b"}).error().found, "--bse");
  EXPECT_THAT(parse({"delta"}).error().expected, testing::HasSubstr("apply"));
}

TEST(CommandLine, TakesNoNegativeSizesAndNoEmptyNames) {
  for (const char* size : {"-1", "", "1e3", "99999999999999999999"}) {
    EXPECT_FALSE(parse({"delta", "create", "--base", "a", "--target", "b", "--max-add-bytes", size})) << size;
  }
  EXPECT_FALSE(parse({"delta", "create", "--base", "", "--target", "b"}));
  EXPECT_FALSE(parse({"delta", "create", "--base", "a", "--target", "b", "--output", "-"}));
}

TEST(CommandLine, ShowsTheWholeCommandInItsHelp) {
  const auto command = parse({"delta", "apply", "--help"}).value();
  EXPECT_THAT(std::get<HelpOptions>(command.options).text, testing::HasSubstr("Usage: stella delta apply"));
}

TEST(ProgressLine, SaysRateAndTimeLeft) {
  EXPECT_EQ(progress_line("matching", 0, 100, 0), "matching               ░░░░░░░░░░░░░░░░░░░░░░░░   0 %");
  EXPECT_EQ(progress_line("matching", 50'000'000, 100'000'000, 10'000),
            "matching               ████████████░░░░░░░░░░░░  50 %  5.0 MB/s  0:10 left");
  EXPECT_EQ(progress_line("x", 7, 0, 10), "x                      ████████████████████████ 100 %");
}

}  // namespace
}  // namespace stella::cli
