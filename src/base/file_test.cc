#include "stella/base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "stella/base/source.h"

namespace stella {
namespace {

namespace fs = std::filesystem;

class FileTest : public testing::Test {
 protected:
  FileTest() {
    std::string name = (fs::temp_directory_path() / "stella-test-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~FileTest() override { fs::remove_all(folder_); }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }

  fs::path folder_;
};

TEST_F(FileTest, IsInvisibleUntilItIsWhole) {
  const fs::path path = folder_ / "out";
  auto file = AtomicFile::create(path, AtomicFile::Existing::kRefuse).value();
  ASSERT_TRUE(file.write(as_bytes("half")));
  EXPECT_FALSE(fs::exists(path));
  ASSERT_TRUE(file.write(as_bytes(" and half")));
  ASSERT_TRUE(file.commit());
  EXPECT_EQ(as_text(read_file(path, 100).value()), "half and half");
  EXPECT_THAT(names(), testing::ElementsAre("out"));
}

TEST_F(FileTest, LeavesNothingBehindWhenItIsNotCommitted) {
  {
    ASSERT_TRUE(
        AtomicFile::create(folder_ / "out", AtomicFile::Existing::kRefuse).value().write(as_bytes("x")));
  }
  EXPECT_THAT(names(), testing::IsEmpty());
}

TEST_F(FileTest, RefusesAnExistingNameUnlessItMayReplaceIt) {
  const fs::path path = folder_ / "out";
  ASSERT_TRUE(write_file(path, as_bytes("old")));
  const auto refused = AtomicFile::create(path, AtomicFile::Existing::kRefuse);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  ASSERT_TRUE(write_file(path, as_bytes("new"), AtomicFile::Existing::kReplace));
  EXPECT_EQ(as_text(read_file(path, 100).value()), "new");
}

TEST_F(FileTest, NeverReplacesAFileThatAppearedMeanwhile) {
  const fs::path path = folder_ / "out";
  auto file = AtomicFile::create(path, AtomicFile::Existing::kRefuse).value();
  ASSERT_TRUE(write_file(path, as_bytes("theirs")));
  EXPECT_FALSE(file.commit());
  EXPECT_EQ(as_text(read_file(path, 100).value()), "theirs");
}

TEST_F(FileTest, SignalsRemoveWhatIsHalfWritten) {
  for (const int signal_number : {SIGINT, SIGTERM}) {
    const pid_t child = ::fork();
    if (child == 0) {
      remove_temporary_files_on_signals();
      auto file = AtomicFile::create(folder_ / "out", AtomicFile::Existing::kRefuse);
      if (!file || !file->write(as_bytes("half"))) ::_exit(1);
      ::raise(signal_number);
      ::_exit(2);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), signal_number);
    EXPECT_THAT(names(), testing::IsEmpty());
  }
}

TEST_F(FileTest, AFullDiskIsAnErrorAndLeavesNothing) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const Bytes bytes(5000);
    const auto written = write_file(folder_ / "out", bytes);
    ::_exit(!written && written.error().code == ErrorCode::kIo ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_THAT(names(), testing::IsEmpty());
}

TEST_F(FileTest, OpensRegularFilesOnly) {
  const fs::path fifo = folder_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(open_file(fifo).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(open_file(folder_).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(open_file("/dev/zero").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(open_file(folder_ / "absent").error().code, ErrorCode::kNotFound);
}

TEST_F(FileTest, AFileThatShrinksIsAReadError) {
  const fs::path path = folder_ / "in";
  ASSERT_TRUE(write_file(path, as_bytes("0123456789")));
  const auto source = open_file(path).value();
  fs::resize_file(path, 3);
  Bytes to(10);
  EXPECT_EQ(source->read_at(0, to).error().code, ErrorCode::kIo);
}

TEST_F(FileTest, PartsStayWithinTheirBounds) {
  const auto whole = memory_source(as_bytes("0123456789"), "whole");
  const auto part = part_of(*whole, 2, 5, "part").value();
  Bytes to(3);
  ASSERT_TRUE(part->read_at(2, to));
  EXPECT_EQ(as_text(to), "456");
  EXPECT_FALSE(part->read_at(3, to));
  EXPECT_FALSE(part_of(*whole, 6, 5, "beyond"));
  EXPECT_FALSE(part_of(*whole, ~std::uint64_t{0}, 2, "overflow"));
  Bytes seen;
  ASSERT_TRUE(for_each_block(*part, 2, [&](ByteView block) -> Status {
    append(seen, block);
    return {};
  }));
  EXPECT_EQ(as_text(seen), "23456");
}

}  // namespace
}  // namespace stella
