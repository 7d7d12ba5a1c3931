#include "stella/base/folder.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "stella/base/source.h"

namespace stella {
namespace {

namespace fs = std::filesystem;
using Existing = AtomicFile::Existing;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<std::string> kFiles = {"a.bin", "back/a.bin"};

class FolderTest : public testing::Test {
 protected:
  FolderTest() {
    std::string name = (fs::temp_directory_path() / "stella-test-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~FolderTest() override { fs::remove_all(root_); }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(root_))
      names.push_back(entry.path().lexically_relative(root_).string());
    std::sort(names.begin(), names.end());
    return names;
  }
  Status write(Existing existing, std::string_view text) const {
    STELLA_TRY(AtomicFolder folder, AtomicFolder::create(root_ / "out", kFiles, existing));
    for (const std::string& file : kFiles) {
      STELLA_TRY(ByteSink * sink, folder.open(file));
      STELLA_CHECK(sink->write(as_bytes(text)));
    }
    return folder.commit();
  }

  fs::path root_;
};

TEST_F(FolderTest, AppearsWithAllItsFiles) {
  ASSERT_TRUE(write(Existing::kRefuse, "one"));
  EXPECT_THAT(names(), ElementsAre("out", "out/a.bin", "out/back", "out/back/a.bin"));
  EXPECT_EQ(as_text(read_file(root_ / "out/back/a.bin", 100).value()), "one");
}

TEST_F(FolderTest, LeavesNothingBehindWhenItIsNotCommitted) {
  {
    auto folder = AtomicFolder::create(root_ / "out", kFiles, Existing::kRefuse).value();
    ASSERT_TRUE(folder.open("back/a.bin").value()->write(as_bytes("x")));
    EXPECT_FALSE(fs::exists(root_ / "out"));
  }
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(FolderTest, IsReplacedOnlyWhenAskedFor) {
  ASSERT_TRUE(write(Existing::kRefuse, "one"));
  const Status refused = write(Existing::kRefuse, "two");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().next, HasSubstr("--force"));
  ASSERT_TRUE(write(Existing::kReplace, "two"));
  EXPECT_EQ(as_text(read_file(root_ / "out/a.bin", 100).value()), "two");
  EXPECT_THAT(names(), ElementsAre("out", "out/a.bin", "out/back", "out/back/a.bin"));
}

TEST_F(FolderTest, NeverReplacesAFolderThatHoldsSomethingElse) {
  fs::create_directories(root_ / "out/back/deeper");
  const Status refused = write(Existing::kReplace, "x");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().found, "back/deeper");
  fs::remove(root_ / "out/back/deeper");
  ASSERT_TRUE(write_file(root_ / "out/thesis.txt", as_bytes("years")));
  ASSERT_FALSE(write(Existing::kReplace, "x"));
  EXPECT_THAT(names(), ElementsAre("out", "out/back", "out/thesis.txt"));
}

TEST_F(FolderTest, NeverReplacesAFile) {
  ASSERT_TRUE(write_file(root_ / "out", as_bytes("file")));
  EXPECT_FALSE(write(Existing::kReplace, "x"));
  EXPECT_THAT(names(), ElementsAre("out"));
}

TEST_F(FolderTest, RefusesANameThatSomebodyTookMeanwhile) {
  auto folder = AtomicFolder::create(root_ / "out", kFiles, Existing::kRefuse).value();
  ASSERT_TRUE(folder.open("a.bin").value()->write(as_bytes("x")));
  fs::create_directory(root_ / "out");
  EXPECT_FALSE(folder.commit());
}

TEST_F(FolderTest, IsRemovedWhenASignalEndsTheProcess) {
  const pid_t child = ::fork();
  if (child == 0) {
    remove_temporary_files_on_signals();
    auto folder = AtomicFolder::create(root_ / "out", kFiles, Existing::kRefuse).value();
    for (const std::string& file : kFiles) (void)folder.open(file).value()->write(as_bytes("x"));
    ::raise(SIGTERM);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(FolderTest, LeavesNothingWhenTheProcessIsKilled) {
  const int descriptor = ::open(root_.c_str(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0666);
  if (descriptor < 0) GTEST_SKIP() << "this file system has no files without names";
  ::close(descriptor);
  const pid_t child = ::fork();
  if (child == 0) {
    auto folder = AtomicFolder::create(root_ / "out", kFiles, Existing::kRefuse).value();
    for (const std::string& file : kFiles) (void)folder.open(file).value()->write(as_bytes("x"));
    auto lone = AtomicFile::create(root_ / "lone", Existing::kReplace).value();
    (void)lone.write(as_bytes("x"));
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_THAT(names(), IsEmpty());
}

}  // namespace
}  // namespace stella
