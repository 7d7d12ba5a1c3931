// Deltas written by earlier builds. They must stay readable for ever; so files here are added, never
// replaced. With STELLA_ACCEPT_GOLDEN set, missing ones are written, and the test counts as skipped.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "delta_test_support.h"
#include "stella/delta/inspect.h"

namespace stella::delta {
namespace {

using testing::Pair;

struct Golden {
  std::string name;
  Pair pair;
  Level level;
};

std::vector<Golden> goldens() {
  Bytes moved = testing::text(1, 30000);
  append(moved, ByteView(testing::text(2, 6000)));
  return {{"v1-text", {testing::text(1, 30000), moved}, Level::kDefault},
          {"v1-edits", testing::edited(3, 20000), Level::kBest},
          {"v1-stored", {testing::text(1, 500), testing::noise(1, 3000)}, Level::kDefault},
          {"v1-zstd", {testing::text(5, 1000), testing::text(6, 80000)}, Level::kFast},
          {"v1-program", {testing::program(120, 0, 0), testing::program(120, 30, 34)}, Level::kBest},
          {"v1-program-back", {testing::program(120, 30, 34), testing::program(120, 0, 0)}, Level::kDefault},
          {"v1-unchanged", {testing::text(4, 5000), testing::text(4, 5000)}, Level::kDefault},
          {"v1-empty", {{}, {}}, Level::kDefault}};
}

TEST(Golden, DeltasOfEarlierBuildsStayReadable) {
  const auto folder = std::filesystem::path(STELLA_SOURCE_DIR) / "tests" / "golden" / "delta";
  const bool accept = std::getenv("STELLA_ACCEPT_GOLDEN") != nullptr;
  for (const Golden& golden : goldens()) {
    SCOPED_TRACE(golden.name);
    const auto base_path = folder / (golden.name + ".base");
    const auto delta_path = folder / (golden.name + ".delta.bin");
    if (accept && !std::filesystem::exists(delta_path)) {
      const Bytes delta = testing::delta_of(golden.pair.base, golden.pair.target, {.level = golden.level});
      ASSERT_TRUE(write_file(base_path, golden.pair.base).has_value());
      ASSERT_TRUE(write_file(delta_path, delta).has_value());
      continue;
    }
    const auto base = read_file(base_path, 1 << 20);
    const auto delta = read_file(delta_path, 1 << 20);
    ASSERT_TRUE(base.has_value() && delta.has_value());
    const auto target = testing::applied(*base, *delta);
    ASSERT_TRUE(target.has_value()) << to_string(target.error());
    const auto source = memory_source(*delta);
    const auto anatomy = inspect(*source);
    ASSERT_TRUE(anatomy.has_value());
    EXPECT_EQ(anatomy->size_bytes, delta->size());
  }
  if (accept) GTEST_SKIP() << "wrote what was missing";
}

}  // namespace
}  // namespace stella::delta
