#include "stella/base/spool.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace stella {
namespace {

TEST(Spool, GivesBackWhatWasWrittenFromMemoryAndFromAFile) {
  for (const std::size_t memory_max_bytes : {std::size_t{0}, std::size_t{9}, std::size_t{1} << 20}) {
    Spool spool(memory_max_bytes, "member");
    for (const char* part : {"now ", "is ", "", "the time"}) {
      ASSERT_TRUE(spool.write(as_bytes(part)).has_value());
    }
    EXPECT_EQ(spool.size(), 15U);
    const auto source = spool.finish();
    EXPECT_EQ(source->name(), "member");
    const auto bytes = read_all(*source, 100);
    ASSERT_TRUE(bytes.has_value());
    EXPECT_EQ(as_text(*bytes), "now is the time");
    Bytes part(4);
    ASSERT_TRUE(source->read_at(11, part).has_value());
    EXPECT_EQ(as_text(part), "time");
    EXPECT_FALSE(source->read_at(12, part).has_value());
  }
}

TEST(Spool, SaysThatTheTemporaryFolderCannotBeUsed) {
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before != nullptr ? before : "";
  ::setenv("TMPDIR", "/nonexistent", 1);
  Spool spool(0, "member");
  const Status status = spool.write(as_bytes("x"));
  if (before != nullptr) {
    ::setenv("TMPDIR", kept.c_str(), 1);
  } else {
    ::unsetenv("TMPDIR");
  }
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().where, "/nonexistent");
}

}  // namespace
}  // namespace stella
