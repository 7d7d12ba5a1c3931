#include "stella/oci/tar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "stella/base/digest.h"
#include "test_support.h"

namespace stella::oci {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Listing {
  std::vector<TarEntry> entries;
  std::uint64_t end = 0;
};

Result<Listing> list(std::string_view archive, const TarLimits& limits = {}) {
  const auto source = memory_source(as_bytes(archive), "t.tar");
  Listing listing;
  STELLA_TRY(listing.end, read_tar(*source, limits, [&](TarEntry&& entry) -> Status {
               listing.entries.push_back(std::move(entry));
               return {};
             }));
  return listing;
}

std::vector<std::string> names(const Listing& listing) {
  std::vector<std::string> result;
  for (const TarEntry& entry : listing.entries) result.push_back(entry.name);
  return result;
}

std::string content(std::string_view archive, const TarEntry& entry) {
  const auto source = memory_source(as_bytes(archive), "t.tar");
  const auto bytes = tar_entry_bytes(*source, entry);
  const auto all = read_all(**bytes, 1 << 20);
  return std::string(as_text(*all));
}

std::string error_of(std::string_view archive, const TarLimits& limits = {}) {
  const auto listing = list(archive, limits);
  return listing ? "no error" : to_string(listing.error());
}

TEST(Tar, ListsFilesLinksFoldersAndDevicesInOrder) {
  const std::string archive =
      tar_header({.name = "d/", .type = '5', .mode = 0755}) + tar_file("d/a", "hello") +
      tar_header({.name = "d/s", .type = '2', .link = "a"}) +
      tar_header({.name = "d/h", .type = '1', .link = "d/a"}) + tar_header({.name = "null", .type = '3'}) +
      tar_header({.name = "pipe", .type = '6'}) + tar_end();
  const auto listing = list(archive);
  ASSERT_TRUE(listing.has_value());
  EXPECT_THAT(names(*listing), ElementsAre("d/", "d/a", "d/s", "d/h", "null", "pipe"));
  EXPECT_EQ(listing->entries[0].kind, TarKind::kDirectory);
  EXPECT_EQ(listing->entries[0].mode, 0755U);
  EXPECT_EQ(content(archive, listing->entries[1]), "hello");
  EXPECT_EQ(listing->entries[1].offset_bytes, 1024U);
  EXPECT_EQ(listing->entries[2].link_target, "a");
  EXPECT_EQ(listing->entries[3].kind, TarKind::kHardlink);
  EXPECT_EQ(listing->entries[4].kind, TarKind::kDevice);
  EXPECT_EQ(listing->entries[5].kind, TarKind::kFifo);
  EXPECT_EQ(listing->end, archive.size() - 1024);
}

TEST(Tar, ReportsNamesThatLeadOutOfTheArchiveAsTheyStand) {
  const auto listing = list(tar_file("../../etc/passwd", "x") + tar_file("/etc/passwd", "y") + tar_end());
  ASSERT_TRUE(listing.has_value());
  EXPECT_THAT(names(*listing), ElementsAre("../../etc/passwd", "/etc/passwd"));
}

TEST(Tar, JoinsTheUstarPrefixButNotGnusFieldsInItsPlace) {
  const std::string archive = tar_header({.name = "b", .prefix = "a"}) +
                              tar_header({.name = "c", .magic = "ustar  ", .prefix = "12345670123"}) +
                              tar_end();
  EXPECT_THAT(names(*list(archive)), ElementsAre("a/b", "c"));
}

TEST(Tar, TakesLongNamesFromGnuHeadersAndFromPaxAndPaxWins) {
  const std::string gnu_name = "gnu/" + std::string(200, 'g');
  const std::string pax_name = "pax/" + std::string(200, 'p');
  const std::string gnu = tar_file("././@LongLink", gnu_name + '\0', 'L');
  const std::string pax = tar_file("PaxHeaders/x", pax_record("path", pax_name), 'x');
  const auto listing = list(gnu + tar_file("short", "1") + pax + tar_file("short", "2") + gnu + pax +
                            tar_file("short", "3") + tar_file("own", "4") + tar_end());
  ASSERT_TRUE(listing.has_value());
  EXPECT_THAT(names(*listing), ElementsAre(gnu_name, pax_name, pax_name, "own"));
}

TEST(Tar, ReadsBase256SizesAndPaxSizes) {
  std::string header = tar_header({.name = "big"});
  std::string number(12, '\0');
  number[0] = static_cast<char>(0x80);
  number[11] = 5;
  header.replace(124, 12, number);
  unsigned sum = 0;
  header.replace(148, 8, "        ");
  for (const char c : header) sum += static_cast<std::uint8_t>(c);
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%06o", sum);
  header.replace(148, 7, std::string(text.data(), 7));
  const std::string archive = header + padded("hello") + tar_file("x", pax_record("size", "3"), 'x') +
                              tar_header({.name = "p"}) + padded("abc") + tar_end();
  const auto listing = list(archive);
  ASSERT_TRUE(listing.has_value()) << to_string(listing.error());
  EXPECT_EQ(content(archive, listing->entries[0]), "hello");
  EXPECT_EQ(content(archive, listing->entries[1]), "abc");
}

TEST(Tar, RefusesEachDamage) {
  const std::string good = tar_file("a", "hello");
  std::string wrong_sum = good;
  wrong_sum[0] = 'b';
  EXPECT_THAT(error_of(wrong_sum), HasSubstr("wrong checksum"));
  EXPECT_THAT(error_of(good + std::string(512, 'x')), HasSubstr("offset 1024"));
  EXPECT_THAT(error_of(tar_header({.name = "a", .size = 513}) + padded("x")),
              HasSubstr("reaches behind the end"));
  EXPECT_THAT(error_of(tar_file("x", "7 path=a\n", 'x')), HasSubstr("pax record"));
  EXPECT_THAT(error_of(tar_file("x", "99999 path=a\n", 'x')), HasSubstr("pax record"));
  EXPECT_THAT(error_of(tar_file("x", pax_record("size", "-1"), 'x') + good), HasSubstr("no number"));
  EXPECT_THAT(error_of(tar_file("x", pax_record("path", std::string("a\0b", 3)), 'x') + good),
              HasSubstr("NUL"));
  EXPECT_THAT(error_of(tar_file("x", pax_record("path", "a"), 'x')), HasSubstr("announces an entry"));
  EXPECT_THAT(error_of(tar_file("g", pax_record("path", "a"), 'g') + good), HasSubstr("global pax header"));
  EXPECT_THAT(error_of(tar_header({.name = "v", .type = 'M'})), HasSubstr("several volumes"));
}

TEST(Tar, StopsAtItsLimits) {
  const std::string two = tar_file("a", "1") + tar_file("b", "2") + tar_end();
  EXPECT_THAT(error_of(two, {.entries_max = 1}), HasSubstr("too many entries"));
  EXPECT_THAT(error_of(tar_file("abcdef", "1"), {.name_size_max_bytes = 5}), HasSubstr("too long"));
  EXPECT_THAT(error_of(tar_file("x", pax_record("comment", std::string(600, 'c')), 'x') + two,
                       {.header_size_max_bytes = 512}),
              HasSubstr("extended header"));
  // A header that claims a name of 8 GiB allocates nothing.
  EXPECT_THAT(error_of(tar_header({.name = "x", .type = 'L', .size = 077777777777})), HasSubstr("too large"));
  EXPECT_THAT(
      error_of(tar_file("x", pax_record("GNU.sparse.map", "0,1,2,1,4,1"), 'x') + two, {.extents_max = 2}),
      HasSubstr("too many parts"));
}

TEST(Tar, RefusesSparseMapsThatOverlapLeaveTheFileOrDoNotAddUp) {
  const auto sparse = [](const std::string& map, const std::string& size) {
    return tar_file("x", pax_record("GNU.sparse.map", map) + pax_record("GNU.sparse.size", size), 'x') +
           tar_file("s", "abcd") + tar_end();
  };
  EXPECT_EQ(error_of(sparse("0,2,8,2", "10")), "no error");
  EXPECT_THAT(error_of(sparse("0,2,1,2", "10")), HasSubstr("overlap"));
  EXPECT_THAT(error_of(sparse("0,2,9,2", "10")), HasSubstr("overlap or lie outside"));
  EXPECT_THAT(error_of(sparse("0,2,18446744073709551615,2", "10")), HasSubstr("outside"));
  EXPECT_THAT(error_of(sparse("0,2", "10")), HasSubstr("do not add up"));
}

TEST(Tar, SaysSoWhereverItIsCutOff) {
  const std::string whole = tar_file("././@LongLink", std::string(120, 'n') + '\0', 'L') +
                            tar_file("a", "hello") + tar_file("x", pax_record("path", "p"), 'x') +
                            tar_file("b", std::string(600, 'b'));
  // A tar may end after any entry, with or without its padding.
  const std::size_t first_end = 1024 + 512 + 5;
  const std::size_t first_padded = 1024 + 1024;
  const std::size_t last_end = whole.size() - 1024 + 600;
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const bool may_end = (size >= first_end && size <= first_padded) || size >= last_end;
    EXPECT_EQ(list(std::string_view(whole).substr(0, size)).has_value(), may_end) << size;
  }
}

// What GNU tar makes, in each of its formats, is what we read; the names are those it lists itself.
class GnuTar : public ::testing::TestWithParam<const char*> {};

TEST_P(GnuTar, AgreesOnNamesContentsAndHoles) {
  namespace fs = std::filesystem;
  std::string root = (fs::temp_directory_path() / "stella_tar.XXXXXX").string();
  ASSERT_NE(::mkdtemp(root.data()), nullptr);
  const std::string long_name = std::string(60, 'd') + "/" + std::string(90, 'f');
  fs::create_directories(root + "/in/" + std::string(60, 'd'));
  std::ofstream(root + "/in/" + long_name) << "long";
  std::ofstream(root + "/in/plain") << "plain text";
  fs::create_symlink("plain", root + "/in/link");
  fs::create_hard_link(root + "/in/plain", root + "/in/second");
  {
    std::ofstream sparse(root + "/in/sparse");
    for (int i = 0; i < 30; ++i) {  // more parts than one header holds
      sparse.seekp(i * 65536 + 8192);
      sparse << "part " << i;
    }
  }
  fs::resize_file(root + "/in/sparse", 3 << 20);
  const std::string command =
      "cd " + root + " && tar --sort=name --sparse " + GetParam() +
      " -cf t.tar in && tar -tf t.tar > list && sha256sum in/sparse | cut -c1-64 > sum";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const auto file = open_file(root + "/t.tar");
  std::ifstream expected(root + "/list");
  std::ifstream sum_file(root + "/sum");
  std::string sum;
  sum_file >> sum;
  std::size_t count = 0;
  const auto read = read_tar(**file, {}, [&](TarEntry&& entry) -> Status {
    std::string line;
    std::getline(expected, line);
    EXPECT_EQ(entry.name, line);
    ++count;
    if (entry.name == "in/sparse") {
      EXPECT_TRUE(entry.sparse);
      EXPECT_LT(entry.stored_bytes, std::uint64_t{1} << 20);
      const auto bytes = read_all(**tar_entry_bytes(**file, entry), 4 << 20);
      EXPECT_EQ(to_hex(sha256(*bytes).view()), sum);
    }
    if (entry.name == "in/" + long_name) {
      const auto bytes = read_all(**tar_entry_bytes(**file, entry), 100);
      EXPECT_EQ(as_text(*bytes), "long");
    }
    return {};
  });
  EXPECT_TRUE(read.has_value()) << to_string(read.error());
  EXPECT_EQ(count, 7U);
  fs::remove_all(root);
}

INSTANTIATE_TEST_SUITE_P(Formats, GnuTar,
                         ::testing::Values("--format=gnu", "--format=pax --sparse-version=1.0",
                                           "--format=pax --sparse-version=0.1",
                                           "--format=pax --sparse-version=0.0", "--format=oldgnu"));

}  // namespace
}  // namespace stella::oci
