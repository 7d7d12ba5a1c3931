// Artifacts made to hurt whoever opens them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "test_support.h"

namespace stella::artifact {
namespace {

using namespace testing;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

void put(std::string& to, std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i) to += static_cast<char>(value >> (8 * i));
}

// A zip of stored members, field by field, so that a test can lie in any of them.
struct ZipMember {
  std::string name;
  std::string data;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::int64_t local_shift = 0;  // added to the offset in the directory
  std::uint32_t crc_change = 0;
  std::string local_name{};
};
std::string zip(const std::vector<ZipMember>& members, const std::string& before = "",
                const std::string& comment = "") {
  std::string archive = before;
  std::string directory;
  for (const ZipMember& member : members) {
    const std::size_t at = archive.size();
    const auto crc = static_cast<std::uint32_t>(
                         crc32_z(0, reinterpret_cast<const Bytef*>(member.data.data()), member.data.size())) ^
                     member.crc_change;
    const std::string& local_name = member.local_name.empty() ? member.name : member.local_name;
    archive += "PK\x03\x04";
    put(archive, 20, 2);
    put(archive, member.flags, 2);
    put(archive, member.method, 2);
    put(archive, 0, 4);
    put(archive, crc, 4);
    put(archive, member.data.size(), 4);
    put(archive, member.data.size(), 4);
    put(archive, local_name.size(), 2);
    put(archive, 0, 2);
    archive += local_name + member.data;
    directory += "PK\x01\x02";
    put(directory, 20, 2);
    put(directory, 20, 2);
    put(directory, member.flags, 2);
    put(directory, member.method, 2);
    put(directory, 0, 4);
    put(directory, crc, 4);
    put(directory, member.data.size(), 4);
    put(directory, member.data.size(), 4);
    put(directory, member.name.size(), 2);
    put(directory, 0, 8);
    put(directory, 0, 4);
    put(directory, static_cast<std::uint64_t>(static_cast<std::int64_t>(at) + member.local_shift), 4);
    directory += member.name;
  }
  const std::size_t directory_at = archive.size();
  archive += directory + "PK\x05\x06";
  put(archive, 0, 4);
  put(archive, members.size(), 2);
  put(archive, members.size(), 2);
  put(archive, directory.size(), 4);
  put(archive, directory_at, 4);
  put(archive, comment.size(), 2);
  return archive + comment;
}

TEST(Hostile, AStreamOfZerosIsLeftPackedWithItsReason) {
  Limits limits;
  limits.expansion_free_bytes = 1 << 16;
  const std::string packed = gzip(std::string(8 << 20, '\0'));  // 1,000 : 1
  const Contents contents = contents_of_bytes(packed, limits);
  ASSERT_EQ(contents.unopened.size(), 1U);
  EXPECT_EQ(contents.unopened[0].code, ErrorCode::kLimitExceeded);
  EXPECT_THAT(contents.unopened[0].reason, HasSubstr("far more than its packed size"));
  EXPECT_EQ(contents.members[0].sha256, sha256(as_bytes(packed)));
}

TEST(Hostile, ManySmallBombsTogetherMeetTheLimitOfTheWhole) {
  Limits limits;
  limits.expansion_free_bytes = 1 << 20;
  const std::string bomb = gzip(std::string(900 << 10, '\0'));
  std::vector<ZipMember> members;
  for (int i = 0; i < 20; ++i) members.push_back({.name = std::to_string(i), .data = bomb});
  const Contents contents = contents_of_bytes(zip(members), limits);
  EXPECT_EQ(contents.members.size(), 21U);
  EXPECT_GT(contents.unopened.size(), 10U);
  EXPECT_THAT(contents.unopened.back().reason, HasSubstr("artifact unpacks to far more"));
}

TEST(Hostile, WhatIsNestedTooDeepIsLeftClosedAtTheLimit) {
  std::string nest = "core";
  for (int level = 0; level < 40; ++level) nest = gzip(nest);
  Contents contents = contents_of_bytes(nest);
  ASSERT_EQ(contents.unopened.size(), 1U);
  EXPECT_EQ(contents.unopened[0].code, ErrorCode::kLimitExceeded);
  EXPECT_THAT(contents.unopened[0].reason, HasSubstr("too deep"));
  EXPECT_EQ(contents.members[0].packings.size(), 16U);

  std::string zips = "core";
  for (int level = 0; level < 20; ++level) zips = zip({{.name = "n", .data = zips}});
  contents = contents_of_bytes(zips);
  ASSERT_EQ(contents.unopened.size(), 1U);
  EXPECT_EQ(std::ranges::count(contents.unopened[0].path, '!'), 15);
}

TEST(Hostile, AGzipThatLiesAboutItsSizeIsDamaged) {
  std::string packed = gzip("hello");
  packed[packed.size() - 4] ^= 1;
  const Contents contents = contents_of_bytes(packed);
  ASSERT_EQ(contents.unopened.size(), 1U);
  EXPECT_EQ(contents.unopened[0].code, ErrorCode::kCorrupt);
  EXPECT_THAT(contents.unopened[0].reason, HasSubstr("incorrect length check"));
}

TEST(Hostile, APackedStreamIsDamagedWhereverItIsCutOff) {
  const Folder folder;
  folder.write("t", "some text, some text, some more text");
  (void)folder.run("gzip -k t; xz -k t; zstd -q -k t; bzip2 -k t");
  for (const char* name : {"t.gz", "t.xz", "t.zst", "t.bz2"}) {
    const std::string whole = folder.read(name);
    for (std::size_t size = 10; size < whole.size(); ++size) {
      const Contents contents = contents_of_bytes(whole.substr(0, size));
      EXPECT_TRUE(contents.type == Type::kPlain || contents.unopened.size() == 1) << name << " " << size;
    }
    for (std::size_t at = 12; at < whole.size(); ++at) {
      std::string flipped = whole;
      flipped[at] ^= 0x10;
      const Contents contents = contents_of_bytes(flipped);
      const bool same = contents.members[0].sha256 == sha256(as_bytes(folder.read("t")));
      EXPECT_TRUE(same || !contents.unopened.empty() || contents.type == Type::kPlain ||
                  std::string_view(name) == "t.gz")
          << name << " " << at;
    }
  }
}

TEST(Hostile, EncryptedAndUnknownEntriesAreListedAndTheOthersRead) {
  const Contents contents = contents_of_bytes(zip({{.name = "secret", .data = "xxxx", .flags = 1},
                                                   {.name = "odd", .data = "yyyy", .method = 97},
                                                   {.name = "open", .data = "zzzz"}}));
  ASSERT_EQ(contents.unopened.size(), 2U);
  EXPECT_EQ(contents.unopened[0].path, "secret");
  EXPECT_THAT(contents.unopened[0].reason, HasSubstr("encrypted"));
  EXPECT_THAT(contents.unopened[1].reason, HasSubstr("method 97"));
  EXPECT_EQ(find(contents, "secret")->sha256, sha256(as_bytes("xxxx")));
  EXPECT_EQ(find(contents, "open")->sha256, sha256(as_bytes("zzzz")));
}

TEST(Hostile, OneEntryWithAWrongSumIsListedAndTheOthersRead) {
  const Contents contents =
      contents_of_bytes(zip({{.name = "bad", .data = "x", .crc_change = 1}, {.name = "good", .data = "y"}}));
  ASSERT_EQ(contents.unopened.size(), 1U);
  EXPECT_EQ(contents.unopened[0].path, "bad");
  EXPECT_THAT(contents.unopened[0].reason, HasSubstr("CRC-32"));
}

TEST(Hostile, ZipEntriesThatOverlapSpoilTheWholeArchive) {
  const std::string first(60, 'a');
  // The second entry of the directory points to the first's bytes again.
  const std::string bomb =
      zip({{.name = "x", .data = first}, {.name = "x", .data = first, .local_shift = -91}});
  const Contents contents = contents_of_bytes(bomb);
  ASSERT_EQ(contents.unopened.size(), 1U);
  EXPECT_THAT(contents.unopened[0].reason, HasSubstr("overlap"));
  EXPECT_EQ(contents.members.size(), 1U);
  EXPECT_FALSE(contents.members[0].opened);
}

TEST(Hostile, AZipThatSaysTwoThingsOfOneEntryIsRefused) {
  const Contents contents = contents_of_bytes(zip({{.name = "shown", .data = "x", .local_name = "taken"}}));
  ASSERT_EQ(contents.unopened.size(), 1U);
  EXPECT_THAT(contents.unopened[0].reason, HasSubstr("one thing of \"shown\""));
}

TEST(Hostile, BytesBesideTheMembersAreAMember) {
  const std::vector<ZipMember> members{{.name = "a", .data = "a"}};
  const Contents base = contents_of_bytes(zip(members));
  const Contents target = contents_of_bytes(zip(members, "", "hidden in the comment"));
  EXPECT_THAT(keys(compare(base, target).added), ElementsAre("(outside)"));
  EXPECT_EQ(find(target, "(outside)")->sha256, sha256(as_bytes("hidden in the comment")));

  const Folder folder;
  folder.write("a", "a");
  (void)folder.run(
      "tar -cf t.tar a && cp t.tar longer.tar && head -c 5120 /dev/zero >> longer.tar && "
      "cp longer.tar hidden.tar && printf payload >> hidden.tar");
  const Contents tar = contents_of(folder.path("t.tar"));
  EXPECT_TRUE(compare(tar, contents_of(folder.path("longer.tar"))).payload_equal);
  EXPECT_THAT(keys(compare(tar, contents_of(folder.path("hidden.tar"))).added), ElementsAre("(outside)"));
}

TEST(Hostile, ADamagedContainerIsComparedAsOneFile) {
  const Folder folder;
  folder.write("a", std::string(2000, 'a'));
  folder.write("b", "b");
  (void)folder.run("tar -cf inner.tar a b && head -c 2800 inner.tar > cut.tar && tar -cf t.tar cut.tar b");
  const Contents contents = contents_of(folder.path("t.tar"));
  EXPECT_THAT(paths(contents), ElementsAre("cut.tar", "b"));
  EXPECT_FALSE(find(contents, "cut.tar")->opened);
  ASSERT_EQ(contents.unopened.size(), 1U);
  EXPECT_EQ(contents.unopened[0].path, "cut.tar");
  EXPECT_EQ(contents.unopened[0].code, ErrorCode::kCorrupt);
}

TEST(Hostile, NamesAreMadePrintableAndDuplicatesToldApart) {
  const Contents contents = contents_of_bytes(zip({{.name = "../../x", .data = "1"},
                                                   {.name = "bad\xff\n", .data = "2"},
                                                   {.name = "../../x", .data = "3"},
                                                   {.name = "gr\xc3\xbcn", .data = "4"}}));
  EXPECT_THAT(paths(contents), ElementsAre("../../x", "bad\\xff\\x0a", "../../x#2", "gr\xc3\xbcn"));
}

TEST(Hostile, NamesCannotPassForOthers) {
  using Names = std::vector<std::string>;
  const auto with = [](const Names& names, bool turned) {
    std::vector<ZipMember> members;
    for (std::size_t i = 0; i < names.size(); ++i) {
      members.push_back({.name = names[turned ? names.size() - 1 - i : i], .data = std::to_string(i)});
    }
    return contents_of_bytes(zip(members));
  };
  // Each pair would look alike if one of them were shown as it is.
  for (const Names& names : {Names{"a\n", "a\\x0a"}, Names{"a\\", "a\\x5c"}, Names{"\xff", "\\xff"}}) {
    const Comparison comparison = compare(with(names, false), with(names, true));
    EXPECT_FALSE(comparison.payload_equal) << names[1];
  }
  EXPECT_THAT(paths(with({"x", "x", "x#2", "y!z", "(outside)", "C#", "#1/2", "back\\slash"}, false)),
              ElementsAre("x", "x#2", "x\\x232", "y\\x21z", "\\x28outside)", "C#", "#1/2", "back\\slash"));
}

TEST(Hostile, NamesCannotSteerATerminal) {
  const Contents contents = contents_of_bytes(zip({{.name = "a\xc2\x9b"
                                                            "2J",
                                                    .data = "1"},
                                                   {.name = "b\xe2\x80\xae"
                                                            "gpj.exe",
                                                    .data = "2"},
                                                   {.name = "c\xe2\x81\xa6", .data = "3"},
                                                   {.name = "d\xe2\x82\xac", .data = "4"}}));
  EXPECT_THAT(paths(contents),
              ElementsAre("a\\xc2\\x9b2J", "b\\xe2\\x80\\xaegpj.exe", "c\\xe2\\x81\\xa6", "d\xe2\x82\xac"));
}

// Each level repeats the names of those around it, so that a small archive could fill any memory.
TEST(Hostile, PathsOfAllMembersTogetherMeetALimit) {
  Limits limits;
  limits.paths_total_max_bytes = 1000;
  std::vector<ZipMember> inner;
  for (int i = 0; i < 20; ++i) inner.push_back({.name = std::to_string(i), .data = ""});
  const std::string bomb = zip({{.name = std::string(100, 'n'), .data = zip(inner)}});
  const Contents contents = contents_of_bytes(bomb, limits);
  ASSERT_FALSE(contents.unopened.empty());
  EXPECT_EQ(contents.unopened[0].code, ErrorCode::kLimitExceeded);
  EXPECT_THAT(contents.unopened[0].reason, HasSubstr("too long altogether"));
  EXPECT_FALSE(contents.members[1].opened);
}

TEST(Hostile, PackagesWithoutBoundAreNamedAndLeftOut) {
  const std::string text = R"({"name":")" + std::string(5000, 'n') + R"(","version":"1"})";
  Contents contents = contents_of_bytes(zip({{.name = "package.json", .data = text}}));
  EXPECT_THAT(contents.components, IsEmpty());
  ASSERT_EQ(contents.unopened.size(), 1U);
  EXPECT_THAT(contents.unopened[0].reason, HasSubstr("too long a name"));

  Limits limits;
  limits.statements_total_max_bytes = 50;
  std::vector<ZipMember> members;
  for (int i = 0; i < 4; ++i) {
    const std::string name = std::to_string(i);
    members.push_back(
        {.name = name + "/package.json", .data = R"({"name":")" + name + R"(","version":"1"})"});
  }
  contents = contents_of_bytes(zip(members), limits);
  EXPECT_EQ(contents.components.size(), 3U);
  ASSERT_EQ(contents.unopened.size(), 1U);
  EXPECT_THAT(contents.unopened[0].reason, HasSubstr("more packages"));
}

TEST(Hostile, TooManyMembersLeaveTheContainerClosed) {
  Limits limits;
  limits.entries_max = 3;
  const Contents contents = contents_of_bytes(zip({{.name = "1", .data = ""},
                                                   {.name = "2", .data = ""},
                                                   {.name = "3", .data = ""},
                                                   {.name = "4", .data = ""}}),
                                              limits);
  ASSERT_EQ(contents.unopened.size(), 1U);
  EXPECT_EQ(contents.unopened[0].code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(contents.members.size(), 1U);
}

// cpio(5), new format; `name_size` in place of the right one.
std::string cpio_member(const std::string& name, const std::string& data, const std::string& name_size = {}) {
  const auto hex = [](std::size_t value) {
    std::array<char, 9> text{};
    std::snprintf(text.data(), text.size(), "%08zx", value);
    return std::string(text.data());
  };
  const auto padded = [](std::string text) {
    text.resize((text.size() + 3) / 4 * 4, '\0');
    return text;
  };
  const std::string zeros(32, '0');
  return padded("070701" + hex(1) + "000081a4" + zeros + hex(data.size()) + zeros +
                (name_size.empty() ? hex(name.size() + 1) : name_size) + hex(0) + name + '\0') +
         padded(data);
}

TEST(Hostile, ACpioWithAnAbsurdNameIsRefusedBeforeItIsAllocated) {
  const auto cpio = [](const std::string& name_size) { return cpio_member("name", "data", name_size); };
  Contents contents = contents_of_bytes(cpio("ffffffff"));
  ASSERT_EQ(contents.unopened.size(), 1U);
  EXPECT_EQ(contents.unopened[0].code, ErrorCode::kLimitExceeded);
  contents = contents_of_bytes(cpio("00000000"));
  EXPECT_THAT(contents.unopened.at(0).reason, HasSubstr("without a name"));
  contents = contents_of_bytes(cpio("zzzzzzzz"));
  EXPECT_THAT(contents.unopened.at(0).reason, HasSubstr("no number"));
}

TEST(Hostile, EachContainerMayBeCutOffAnywhere) {
  const Folder folder;
  folder.write("p/DEBIAN/control",
               "Package: h\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: d\n");
  folder.write("p/x", "x");
  (void)folder.run("dpkg-deb -Zgzip -b p t.deb && cd p && zip -q ../t.zip x && tar -cf ../t.tar x");
  folder.write("t.cpio", cpio_member("x", "some bytes") + cpio_member("TRAILER!!!", ""));
  for (const char* name : {"t.deb", "t.zip", "t.tar", "t.cpio"}) {
    const std::string whole = folder.read(name);
    const std::size_t step = std::max<std::size_t>(1, whole.size() / 1500);
    for (std::size_t size = 0; size < whole.size(); size += step) {
      const Contents contents = contents_of_bytes(whole.substr(0, size));
      // A tar may end behind any member, an ar behind its magic, and padding may be missing.
      if (contents.unopened.empty()) {
        EXPECT_TRUE(contents.type == Type::kPlain || contents.type == Type::kTar || size == 8 ||
                    size + 3 >= whole.size())
            << name << " " << size;
      }
    }
  }
}

}  // namespace
}  // namespace stella::artifact
