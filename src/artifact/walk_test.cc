#include "stella/artifact/walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_support.h"

namespace stella::artifact {
namespace {

using namespace testing;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string sum_of(const Folder& folder, const std::string& command) {
  return folder.run(command + " | sha256sum").substr(0, 64);
}

void make_tree(const Folder& folder) {
  folder.write("in/a.txt", "alpha");
  folder.write("in/sub/b.bin", std::string(100'000, 'b'));
  folder.write("in/empty", "");
}

TEST(Walk, NamesAndDigestsAreThoseOfTarAndSha256sum) {
  const Folder folder;
  make_tree(folder);
  const auto names = folder.lines("ln -s a.txt in/link && tar --sort=name -cf t.tar in && tar -tf t.tar");
  const Contents contents = contents_of(folder.path("t.tar"));
  EXPECT_EQ(contents.type, Type::kTar);
  EXPECT_EQ(paths(contents), names);
  EXPECT_EQ(to_hex(contents.sha256.view()), sum_of(folder, "cat t.tar"));
  const Member* file = find(contents, "in/sub/b.bin");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(to_hex(file->sha256.view()), sum_of(folder, "cat in/sub/b.bin"));
  ASSERT_TRUE(file->place.has_value());
  EXPECT_EQ(folder.read("t.tar").substr(file->place->offset_bytes, file->place->size_bytes),
            folder.read("in/sub/b.bin"));
  EXPECT_EQ(find(contents, "in/link")->link_target, "a.txt");
}

TEST(Walk, OpensEachPackingAndStatesWhatIsInside) {
  const Folder folder;
  make_tree(folder);
  (void)folder.run("tar -cf t.tar in && gzip -k t.tar && xz -k t.tar && zstd -q -k t.tar && bzip2 -k t.tar");
  const struct {
    const char* name;
    Type type;
  } kCases[] = {{"t.tar.gz", Type::kGzip},
                {"t.tar.xz", Type::kXz},
                {"t.tar.zst", Type::kZstd},
                {"t.tar.bz2", Type::kBzip2}};
  const Contents plain = contents_of(folder.path("t.tar"));
  for (const auto& one : kCases) {
    const Contents contents = contents_of(folder.path(one.name));
    EXPECT_EQ(contents.type, one.type) << one.name;
    EXPECT_EQ(paths(contents), paths(plain)) << one.name;
    EXPECT_THAT(contents.members[0].packings, ElementsAre(one.type));
    EXPECT_EQ(contents.members[0].type, Type::kTar);
    EXPECT_EQ(contents.members[0].sha256, plain.sha256);
    EXPECT_EQ(payload_digest(contents), payload_digest(plain));
    EXPECT_FALSE(find(contents, "in/a.txt")->place.has_value());
    EXPECT_TRUE(compare(plain, contents).payload_equal);
  }
}

TEST(Walk, ReadsSeveralGzipMembersAndPaddingButNothingBehind) {
  const Folder folder;
  (void)folder.run(
      "(printf one | gzip -c; printf two | gzip -c) > two.gz; cp two.gz padded.gz; "
      "head -c 1000 /dev/zero >> padded.gz; cp two.gz tail.gz; printf tail >> tail.gz");
  for (const char* name : {"two.gz", "padded.gz"}) {
    const Contents contents = contents_of(folder.path(name));
    EXPECT_THAT(contents.unopened, IsEmpty());
    EXPECT_EQ(contents.members[0].sha256, sha256(as_bytes("onetwo")));
  }
  const Contents tail = contents_of(folder.path("tail.gz"));
  ASSERT_EQ(tail.unopened.size(), 1U);
  EXPECT_EQ(tail.unopened[0].code, ErrorCode::kCorrupt);
}

TEST(Walk, NamesOfZipsAreThoseOfUnzip) {
  const Folder folder;
  make_tree(folder);
  const auto names = folder.lines("ln -s a.txt in/link && zip -q -r --symlinks t.zip in && unzip -Z1 t.zip");
  const Contents contents = contents_of(folder.path("t.zip"));
  EXPECT_EQ(contents.type, Type::kZip);
  EXPECT_EQ(paths(contents), names);
  EXPECT_EQ(find(contents, "in/sub/b.bin")->sha256, sha256(as_bytes(folder.read("in/sub/b.bin"))));
  EXPECT_EQ(find(contents, "in/link")->kind, Kind::kSymlink);
  EXPECT_EQ(find(contents, "in/link")->link_target, "a.txt");
  EXPECT_THAT(contents.unopened, IsEmpty());
}

TEST(Walk, ReadsZipsWrittenToAPipe) {
  const Folder folder;
  make_tree(folder);
  // Sizes behind the data instead of before it.
  (void)folder.run("zip -q -r - in | cat > t.zip");
  const Contents contents = contents_of(folder.path("t.zip"));
  EXPECT_THAT(contents.unopened, IsEmpty());
  EXPECT_EQ(find(contents, "in/sub/b.bin")->size_bytes, 100'000U);
  EXPECT_EQ(find(contents, "(outside)"), nullptr);
}

TEST(Walk, NamesOfDebsAreThoseOfDpkg) {
  const Folder folder;
  folder.write("p/DEBIAN/control",
               "Package: hello\nVersion: 1:2.0+b1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: d\n");
  folder.write("p/usr/share/hello/x.txt", "x");
  (void)folder.run(
      "dpkg-deb --root-owner-group -Zxz -b p xz.deb && dpkg-deb --root-owner-group -Zgzip -b p gz.deb");
  const auto names = folder.lines("dpkg-deb --fsys-tarfile xz.deb | tar -tf - | sed 's/^/data.tar.xz!/'");
  const Contents contents = contents_of(folder.path("xz.deb"));
  EXPECT_EQ(contents.type, Type::kDeb);
  std::vector<std::string> data;
  for (const std::string& path : paths(contents)) {
    if (path.starts_with("data.tar.xz!")) data.push_back(path);
  }
  EXPECT_EQ(data, names);
  EXPECT_THAT(purls(contents), ElementsAre("pkg:deb/debian/hello@1:2.0%2Bb1?arch=all"));
  // The same package packed otherwise.
  const Comparison comparison = compare(contents, contents_of(folder.path("gz.deb")));
  EXPECT_FALSE(comparison.bytes_equal);
  EXPECT_TRUE(comparison.payload_equal) << ::testing::PrintToString(keys(comparison.changed));
}

TEST(Walk, NamesOfStaticLibrariesAreThoseOfAr) {
  const Folder folder;
  folder.write("short.o", "s");
  folder.write("a_name_longer_than_sixteen_bytes.o", "l");
  const auto names = folder.lines("ar rcD t.a short.o a_name_longer_than_sixteen_bytes.o && ar t t.a");
  const Contents contents = contents_of(folder.path("t.a"));
  EXPECT_EQ(contents.type, Type::kAr);
  for (const std::string& name : names) EXPECT_THAT(paths(contents), Contains(name));
}

TEST(Walk, GoesThroughAJarInAWarInATarInAGzip) {
  const Folder folder;
  folder.write("m/META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n");
  folder.write("m/x.class", "class");
  folder.write("w/WEB-INF/web.xml", "<web/>");
  (void)folder.run(
      "cd m && zip -q -r ../w/WEB-INF/inner.jar . && cd ../w && zip -q -r ../app.war . && cd .. && "
      "tar -czf layer.tgz app.war");
  const Contents contents = contents_of(folder.path("layer.tgz"));
  EXPECT_EQ(find(contents, "app.war")->type, Type::kWar);
  EXPECT_EQ(find(contents, "app.war!WEB-INF/inner.jar")->type, Type::kJar);
  EXPECT_FALSE(find(contents, "app.war!WEB-INF/inner.jar")->place.has_value());
  const Contents war = contents_of(folder.path("app.war"));
  EXPECT_TRUE(find(war, "WEB-INF/inner.jar")->place.has_value());
  EXPECT_FALSE(find(war, "WEB-INF/inner.jar!x.class")->place.has_value());
  const Member* deep = find(contents, "app.war!WEB-INF/inner.jar!x.class");
  ASSERT_NE(deep, nullptr);
  EXPECT_EQ(deep->sha256, sha256(as_bytes("class")));
}

TEST(Walk, LeavesContainersClosedWhenTheVisitorWantsThatAndGivesBytesWhereWanted) {
  class Picky final : public Visitor {
   public:
    bool wants_bytes(const Member& member) override { return member.path.ends_with("a.txt"); }
    bool wants_members(const Member& member) override { return member.path.empty(); }
    Status visit(const Member& member, const ByteSource* bytes) override {
      seen.push_back(member.path);
      if (bytes != nullptr) {
        STELLA_TRY(const Bytes all, read_all(*bytes, 100));
        text = as_text(all);
      }
      return {};
    }
    Status leave(const Member&, bool) override { return {}; }
    Status unopened(Unopened) override { return {}; }
    std::vector<std::string> seen;
    std::string text;
  };
  const Folder folder;
  folder.write("a.txt", "alpha");
  (void)folder.run("tar -cf inner.tar a.txt && zip -q t.zip inner.tar a.txt");
  Picky visitor;
  ASSERT_TRUE(walk(folder.path("t.zip"), {}, visitor).has_value());
  EXPECT_THAT(visitor.seen, ElementsAre("", "inner.tar", "a.txt"));
  EXPECT_EQ(visitor.text, "alpha");
}

TEST(Walk, AnErrorOfTheVisitorEndsIt) {
  class Failing final : public Visitor {
   public:
    Status visit(const Member& member, const ByteSource*) override {
      if (member.path == "b") return fail(ErrorCode::kCorrupt, "enough");
      return {};
    }
    Status leave(const Member&, bool) override { return {}; }
    Status unopened(Unopened) override { return {}; }
  };
  const Folder folder;
  folder.write("a", "a");
  folder.write("b", "b");
  (void)folder.run("tar -cf t.tar a b");
  Failing visitor;
  const Status status = walk(folder.path("t.tar"), {}, visitor);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().message, "enough");
}

TEST(Recognise, GoesByContentAndNotByName) {
  const Folder folder;
  folder.write("x.zip", "this is text");
  folder.write("a", "a");
  (void)folder.run("tar -cf x.deb a && cp /proc/self/exe x.txt");
  const auto type_of = [&](const char* name) { return *recognise(**open_file(folder.path(name))); };
  EXPECT_EQ(type_of("x.zip"), Type::kPlain);
  EXPECT_EQ(type_of("x.deb"), Type::kTar);
  EXPECT_EQ(type_of("x.txt"), Type::kElf);
  EXPECT_EQ(*recognise(*memory_source({})), Type::kPlain);
}

TEST(Walk, RefusesAFolderThatIsNoImageAndWhatIsNoFile) {
  const Folder folder;
  EXPECT_EQ(read_contents(folder.path(".")).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(read_contents(folder.path("missing")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read_contents(std::filesystem::path("/dev/null")).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace stella::artifact
