#include "materials.h"

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

std::vector<std::string> purls(const std::vector<Found>& found) {
  std::vector<std::string> result;
  for (const Found& one : found) result.push_back(to_string(one.purl));
  return result;
}

// Examples of the purl-spec, and what it says of encoding.
TEST(Purl, IsWrittenAsThePurlSpecHasIt) {
  EXPECT_EQ(to_string(Purl{.type = "npm",
                           .name_space = "@angular",
                           .name = "animation",
                           .version = "12.3.1",
                           .qualifiers = {}}),
            "pkg:npm/%40angular/animation@12.3.1");
  EXPECT_EQ(to_string(Purl{.type = "deb",
                           .name_space = "debian",
                           .name = "dpkg",
                           .version = "1:1.19~rc+b1",
                           .qualifiers = {{"arch", "all"}, {"distro", "debian-12"}, {"none", ""}}}),
            "pkg:deb/debian/dpkg@1:1.19~rc%2Bb1?arch=all&distro=debian-12");
  EXPECT_EQ(
      to_string(Purl{
          .type = "golang", .name_space = "github.com/a", .name = "b c", .version = "", .qualifiers = {}}),
      "pkg:golang/github.com/a/b%20c");
}

TEST(DpkgStatus, ListsWhatIsInstalledAndNotWhatWasRemoved) {
  const auto found = read_dpkg_status(
      "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\nDescription: x\n more\n\n"
      "Package: gone\nStatus: deinstall ok config-files\nVersion: 2\n\n\n"
      "Package: Ub\nArchitecture: all\nVersion: 3-0ubuntu1\n");
  EXPECT_THAT(purls(found),
              ElementsAre("pkg:deb/debian/a@1.0?arch=amd64", "pkg:deb/ubuntu/ub@3-0ubuntu1?arch=all"));
  EXPECT_NE(found[0].statement_sha256, found[1].statement_sha256);
}

TEST(DebControl, WithoutNameOrVersionStatesNothing) {
  EXPECT_THAT(read_deb_control("Package: a\n"), IsEmpty());
  EXPECT_THAT(read_deb_control("Version: 1\n"), IsEmpty());
  EXPECT_THAT(read_deb_control(""), IsEmpty());
  EXPECT_THAT(read_deb_control("no colon here\n: \n \n"), IsEmpty());
}

TEST(PackageJson, NeedsNameAndVersion) {
  EXPECT_THAT(purls(read_package_json(R"({"name":"@s/p","version":"1.0.0-rc+1"})")),
              ElementsAre("pkg:npm/%40s/p@1.0.0-rc%2B1"));
  EXPECT_THAT(read_package_json(R"({"name":"p"})"), IsEmpty());
  EXPECT_THAT(read_package_json(R"({"name":1,"version":"1"})"), IsEmpty());
  EXPECT_THAT(read_package_json("{"), IsEmpty());
  EXPECT_THAT(read_package_json(R"({"name":"@s/","version":"1"})"), IsEmpty());
}

TEST(JarManifest, JoinsContinuedLinesAndTakesTheBundleName) {
  EXPECT_THAT(purls(read_jar_manifest(
                  "Manifest-Version: 1.0\r\nBundle-SymbolicName: org.exam\r\n ple;singleton:=true\r\n"
                  "Implementation-Version: 1.2\r\n\r\nName: x\r\nBundle-Version: 9\r\n")),
              ElementsAre("pkg:generic/org.example@1.2"));
  EXPECT_THAT(read_jar_manifest("Manifest-Version: 1.0\n"), IsEmpty());
}

TEST(PomProperties, GiveMavenCoordinates) {
  EXPECT_THAT(purls(read_pom_properties(
                  "#Generated\n#Mon Jan 1\nversion=2.1\ngroupId=org.example\nartifactId = thing\n")),
              ElementsAre("pkg:maven/org.example/thing@2.1"));
  EXPECT_THAT(read_pom_properties("artifactId=thing\n"), IsEmpty());
}

TEST(PythonMetadata, NormalisesTheName) {
  EXPECT_THAT(
      purls(read_python_metadata("Metadata-Version: 2.1\nName: My_Package\nVersion: 1.0\n\nName: other\n")),
      ElementsAre("pkg:pypi/my-package@1.0"));
  EXPECT_THAT(read_python_metadata("\n\n"), IsEmpty());
}

// A program with nothing but one writable segment: the header, then `data` at offset 0x1000, address
// 0x401000.
std::string elf_with(const std::string& data) {
  constexpr std::size_t kDataAt = 0x1000;
  std::string file(kDataAt, '\0');
  const auto put = [&](std::size_t at, std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) file[at + i] = static_cast<char>(value >> (8 * i));
  };
  file.replace(0, 7,
               std::string("\x7f"
                           "ELF\x02\x01\x01",
                           7));
  put(16, 2, 2);   // executable
  put(18, 62, 2);  // x86-64
  put(20, 1, 4);
  put(32, 64, 8);  // program headers
  put(52, 64, 2);
  put(54, 56, 2);
  put(56, 1, 2);
  put(64, 1, 4);  // PT_LOAD
  put(68, 6, 4);  // readable, writable
  put(72, kDataAt, 8);
  put(80, 0x401000, 8);
  put(88, 0x401000, 8);
  put(96, data.size(), 8);
  put(104, data.size(), 8);
  put(112, 0x1000, 8);
  return file + data;
}

const std::string kFrame(16, '#');
const std::string kModules =
    "path\texample.com/cmd\nmod\texample.com/Main\t(devel)\t\ndep\tgithub.com/A/b\tv1.2.3\th1:x=\n"
    "dep\tgithub.com/c/d\tv0.1.0\n=>\tgithub.com/fork/d\tv0.2.0\th1:y=\nbuild\t-compiler=gc\n";

std::vector<std::string> go_purls(const std::string& program) {
  const auto source = memory_source(as_bytes(program), "program");
  const auto found = read_go_program(*source);
  EXPECT_TRUE(found.has_value());
  return purls(*found);
}

std::string inline_form() {
  std::string data(64, 'x');  // not at the segment's beginning
  data += "\xff Go buildinf:" + std::string("\x08\x02", 2) + std::string(16, '\0');
  const std::string modules = kFrame + kModules + kFrame;
  Bytes sizes;
  data += std::string("\x08", 1) + "go1.22.1";
  append_varint(sizes, modules.size());
  return data + std::string(as_text(sizes)) + modules;
}

TEST(GoProgram, StatesCompilerAndModulesInTheFormSince118) {
  EXPECT_THAT(go_purls(elf_with(inline_form())),
              ElementsAre("pkg:golang/stdlib@1.22.1", "pkg:golang/example.com/main",
                          "pkg:golang/github.com/a/b@v1.2.3", "pkg:golang/github.com/fork/d@v0.2.0"));
}

TEST(GoProgram, StatesThemInTheFormBeforeByPointers) {
  const std::string modules = kFrame + kModules + kFrame;
  std::string data = "\xff Go buildinf:" + std::string("\x08\x00", 2);
  const auto put = [&](std::uint64_t value) {
    for (int i = 0; i < 8; ++i) data += static_cast<char>(value >> (8 * i));
  };
  put(0x401000 + 32);  // Go string: version
  put(0x401000 + 48);  // Go string: modules
  put(0x401000 + 64);
  put(8);
  put(0x401000 + 72);
  put(modules.size());
  data += "go1.16.7" + modules;
  EXPECT_THAT(go_purls(elf_with(data)), Contains("pkg:golang/github.com/a/b@v1.2.3"));
  // Pointers to nowhere state nothing.
  for (std::size_t at = 16; at < 64; at += 8) {
    std::string wrong = data;
    wrong[at + 6] = '\x7f';
    EXPECT_THAT(go_purls(elf_with(wrong)), ::testing::Not(Contains("pkg:golang/github.com/a/b@v1.2.3")))
        << at;
  }
}

TEST(GoProgram, MayBeCutOffAnywhere) {
  const std::string whole = elf_with(inline_form());
  for (std::size_t size = 0; size < whole.size(); size += size < 200 || size > 4000 ? 1 : 100) {
    (void)go_purls(whole.substr(0, size));
  }
}

TEST(Components, AreFoundWhereTheyLieAndMavenNamesWinOverManifests) {
  const Folder folder;
  folder.write("j/META-INF/MANIFEST.MF", "Implementation-Title: thing\nImplementation-Version: 2.1\n");
  folder.write("j/META-INF/maven/org.example/thing/pom.properties",
               "groupId=org.example\nartifactId=thing\nversion=2.1\n");
  folder.write("k/META-INF/MANIFEST.MF", "Automatic-Module-Name: only.manifest\n");
  folder.write("r/var/lib/dpkg/status",
               "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\n");
  folder.write("r/etc/os-release", "NAME=\"X\"\nID=ubuntu\nVERSION_ID=\"22.04\"\n");
  folder.write("r/opt/node_modules/p/package.json", R"({"name":"p","version":"1.0.0"})");
  folder.write("r/usr/lib/python3/site-packages/Q_x-1.dist-info/METADATA", "Name: Q_x\nVersion: 1\n");
  (void)folder.run(
      "cd j && zip -q -r ../r/thing.jar . && cd ../k && zip -q -r ../r/only.jar . && cd .. && tar -cf t.tar "
      "r --transform 's,^r/,,'");
  const Contents contents = contents_of(folder.path("t.tar"));
  EXPECT_THAT(testing::purls(contents),
              ElementsAre("pkg:deb/ubuntu/a@1.0?arch=amd64&distro=ubuntu-22.04", "pkg:generic/only.manifest",
                          "pkg:maven/org.example/thing@2.1", "pkg:npm/p@1.0.0", "pkg:pypi/q-x@1"));
  for (const Component& component : contents.components) {
    const Member* member = find(contents, component.path);
    ASSERT_NE(member, nullptr) << component.path;
    EXPECT_EQ(member->sha256, component.sha256);
  }
}

Component component(const std::string& name, const std::string& version, const std::string& path,
                    char statement = 'x') {
  Component one;
  one.key = "pkg:npm/" + name;
  one.purl = one.key + "@" + version;
  one.version = version;
  one.path = path;
  one.statement_sha256 = sha256(as_bytes(std::string(1, statement)));
  return one;
}

TEST(MaterialsDelta, TellsAddedRemovedAndChangedAndIgnoresMoves) {
  const auto delta = compare_components({component("gone", "1", "a"), component("moved", "1", "old/place"),
                                         component("up", "1", "u"), component("same", "1", "s")},
                                        {component("moved", "1", "new/place"), component("new", "1", "n"),
                                         component("up", "2", "u"), component("same", "1", "s", 'y')});
  ASSERT_EQ(delta.added.size(), 1U);
  EXPECT_EQ(delta.added[0].purl, "pkg:npm/new@1");
  ASSERT_EQ(delta.removed.size(), 1U);
  EXPECT_EQ(delta.removed[0].purl, "pkg:npm/gone@1");
  ASSERT_EQ(delta.changed.size(), 2U);
  EXPECT_EQ(delta.changed[0].target.purl, "pkg:npm/same@1");  // same version, stated otherwise
  EXPECT_EQ(delta.changed[1].base.version, "1");
  EXPECT_EQ(delta.changed[1].target.version, "2");
}

TEST(MaterialsDelta, PairsSeveralVersionsOfOnePackageByTheirPlace) {
  const auto delta =
      compare_components({component("p", "1", "a"), component("p", "2", "b")},
                         {component("p", "3", "b"), component("p", "1", "a"), component("p", "4", "c")});
  ASSERT_EQ(delta.changed.size(), 1U);
  EXPECT_EQ(delta.changed[0].base.version, "2");
  EXPECT_EQ(delta.changed[0].target.version, "3");
  ASSERT_EQ(delta.added.size(), 1U);
  EXPECT_EQ(delta.added[0].version, "4");
}

}  // namespace
}  // namespace stella::artifact
