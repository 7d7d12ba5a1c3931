#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "stella/artifact/contents.h"
#include "stella/oci/descriptor.h"
#include "test_support.h"

namespace stella::artifact {
namespace {

using namespace testing;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Compare, AZipPackedAgainInAnotherOrderWithAnotherLevelHasTheSamePayload) {
  const Folder folder;
  folder.write("in/a", std::string(5000, 'a'));
  folder.write("in/b/c", "c");
  (void)folder.run(
      "cd in && find . -type f | sort | zip -q -X -1 ../1.zip -@ && touch -d 2001-01-01 a && "
      "find . -mindepth 1 | sort -r | zip -q -9 ../2.zip -@");
  const Contents base = contents_of(folder.path("1.zip"));
  const Contents target = contents_of(folder.path("2.zip"));
  const Comparison comparison = compare(base, target);
  EXPECT_FALSE(comparison.bytes_equal);
  EXPECT_TRUE(comparison.payload_equal);
  EXPECT_TRUE(comparison.signatures_equal);
  EXPECT_EQ(comparison.members_unchanged, 2U);
  EXPECT_EQ(payload_digest(base), payload_digest(target));
}

TEST(Compare, ListsWhatWasAddedRemovedAndChangedWithDigestsAndSizes) {
  const Folder folder;
  folder.write("a/same", "same");
  folder.write("a/gone", "gone");
  folder.write("a/text", "one");
  folder.write("a/mode", "m");
  (void)folder.run(
      "ln -s same a/link && cp -a a b && rm b/gone && echo -n two! > b/text && chmod 4755 b/mode && "
      "ln -sfn text b/link && echo new > b/new && tar --sort=name -cf a.tar -C a . && "
      "tar --sort=name -czf b.tgz -C b . --transform 's,^[.]/,,'");
  const Comparison comparison = compare(contents_of(folder.path("a.tar")), contents_of(folder.path("b.tgz")));
  EXPECT_THAT(keys(comparison.added), ElementsAre("new"));
  EXPECT_THAT(keys(comparison.removed), ElementsAre("gone"));
  ASSERT_THAT(keys(comparison.changed), ElementsAre("link", "mode", "text"));
  EXPECT_EQ(comparison.changed[0].target->link_target, "text");
  EXPECT_EQ(comparison.changed[1].target->mode, 04755U);
  EXPECT_EQ(comparison.changed[2].base->sha256, sha256(as_bytes("one")));
  EXPECT_EQ(comparison.changed[2].target->size_bytes, 4U);
  EXPECT_FALSE(comparison.payload_equal);
}

TEST(Compare, AnArtifactWithItselfDiffersInNothing) {
  const Folder folder;
  folder.write("x", "plain text");
  const Contents contents = contents_of(folder.path("x"));
  const Comparison comparison = compare(contents, contents);
  EXPECT_TRUE(comparison.bytes_equal);
  EXPECT_TRUE(comparison.payload_equal);
  EXPECT_EQ(comparison.members_unchanged, 1U);
}

TEST(Compare, PlainFilesDifferAsOneMemberWithoutAName) {
  const Comparison comparison = compare(contents_of_bytes("one"), contents_of_bytes("two"));
  EXPECT_THAT(keys(comparison.changed), ElementsAre(""));
}

TEST(Compare, SignaturesOfJarsAndDebsStandApart) {
  const Folder folder;
  folder.write("j/META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n");
  folder.write("j/x", "x");
  folder.write("s/META-INF/KEY.SF", "sf");
  folder.write("s/META-INF/KEY.RSA", "rsa");
  folder.write("p/DEBIAN/control",
               "Package: h\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: d\n");
  folder.write("_gpgbuilder", "signature");
  (void)folder.run(
      "cd j && zip -q -r ../1.jar . && cp ../1.jar ../2.jar && cd ../s && zip -q -r ../2.jar . && cd .. && "
      "dpkg-deb --root-owner-group -b p 1.deb && cp 1.deb 2.deb && ar q 2.deb _gpgbuilder");
  const Comparison jar = compare(contents_of(folder.path("1.jar")), contents_of(folder.path("2.jar")));
  EXPECT_TRUE(jar.payload_equal);
  EXPECT_FALSE(jar.signatures_equal);
  EXPECT_THAT(keys(jar.signatures), ElementsAre("META-INF/KEY.RSA", "META-INF/KEY.SF"));
  const Comparison deb = compare(contents_of(folder.path("2.deb")), contents_of(folder.path("1.deb")));
  EXPECT_TRUE(deb.payload_equal);
  ASSERT_THAT(keys(deb.signatures), ElementsAre("_gpgbuilder"));
  EXPECT_FALSE(deb.signatures[0].target.has_value());
}

// A PE32+ file of headers and one block, with or without a certificate table.
std::string pe_file(const std::string& certificates) {
  std::string file(0x400, '\0');
  const auto put = [&](std::size_t at, std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) file[at + i] = static_cast<char>(value >> (8 * i));
  };
  file.replace(0, 2, "MZ");
  put(0x3c, 0x40, 4);
  file.replace(0x40, 2, "PE");
  put(0x44, 0x8664, 2);  // x64
  put(0x46, 1, 2);       // sections
  put(0x54, 240, 2);     // optional header
  put(0x56, 0x22, 2);
  put(0x58, 0x20b, 2);  // PE32+
  put(0x58 + 24, 0x140000000, 8);
  put(0x58 + 32, 0x1000, 4);
  put(0x58 + 36, 0x200, 4);
  put(0x58 + 56, 0x2000, 4);
  put(0x58 + 60, 0x200, 4);
  put(0x58 + 64, 0x1234 + certificates.size(), 4);  // checksum
  put(0x58 + 108, 16, 4);
  if (!certificates.empty()) {
    put(0x58 + 112 + 32, file.size(), 4);
    put(0x58 + 112 + 36, certificates.size(), 4);
  }
  file.replace(0x148, 5, ".text");
  put(0x148 + 8, 0x200, 4);
  put(0x148 + 12, 0x1000, 4);
  put(0x148 + 16, 0x200, 4);
  put(0x148 + 20, 0x200, 4);
  put(0x148 + 36, 0x60000020, 4);
  return file + certificates;
}

TEST(Compare, ASignedPeDiffersFromTheUnsignedOneInItsSignatureOnly) {
  const Contents base = contents_of_bytes(pe_file(""));
  const Contents target = contents_of_bytes(pe_file("certificate bytes "));
  ASSERT_EQ(target.type, Type::kPe);
  const Comparison comparison = compare(base, target);
  EXPECT_TRUE(comparison.payload_equal);
  EXPECT_THAT(keys(comparison.signatures), ElementsAre("(signature)"));
  EXPECT_FALSE(comparison.signatures_equal);
  // Against another signature over the same program, nothing but the signature differs.
  const Comparison again = compare(target, contents_of_bytes(pe_file("another certificate!!!")));
  EXPECT_TRUE(again.payload_equal);
  EXPECT_THAT(keys(again.signatures), ElementsAre("(signature)"));
  std::string changed = pe_file("certificate bytes ");
  changed[0x300] = 1;
  EXPECT_FALSE(compare(target, contents_of_bytes(changed)).payload_equal);
}

TEST(Compare, AnRpmPackedAgainHasTheSamePayload) {
  if (!has_program("rpmbuild") || !has_program("rpm2cpio")) GTEST_SKIP() << "needs rpmbuild";
  const Folder folder;
  folder.write(
      "t.spec",
      "Name: hello\nVersion: 1.2\nRelease: 3\nEpoch: 2\nSummary: s\nLicense: MIT\nBuildArch: noarch\n"
      "%description\nd\n%install\nmkdir -p %{buildroot}/usr/share/hello\n"
      "echo hi > %{buildroot}/usr/share/hello/a\nln -s a %{buildroot}/usr/share/hello/l\n"
      "%files\n/usr/share/hello\n");
  for (const char* packing : {"w9.gzdio", "w6.xzdio", "w3.zstdio"}) {
    (void)folder.run(std::string("HOME=$PWD rpmbuild -bb --quiet --define \"_topdir $PWD/") + packing +
                     "\" --define '_binary_payload " + packing + "' t.spec && cp " + packing +
                     "/RPMS/noarch/*.rpm " + packing + ".rpm");
  }
  const Contents base = contents_of(folder.path("w9.gzdio.rpm"));
  EXPECT_EQ(base.type, Type::kRpm);
  EXPECT_THAT(purls(base), ElementsAre("pkg:rpm/hello@1.2-3?arch=noarch&epoch=2"));
  // Uncompressed, for a reader of cpio that is not ours: names stand behind headers of 110 bytes.
  const auto names = folder.lines("rpm -qlp w9.gzdio.rpm");
  for (const std::string& name : names) EXPECT_THAT(paths(base), Contains("." + name));
  EXPECT_EQ(find(base, "./usr/share/hello/a")->sha256, sha256(as_bytes("hi\n")));
  EXPECT_EQ(find(base, "./usr/share/hello/l")->link_target, "a");
  for (const char* other : {"w6.xzdio.rpm", "w3.zstdio.rpm"}) {
    const Contents target = contents_of(folder.path(other));
    const Comparison comparison = compare(base, target);
    EXPECT_FALSE(comparison.bytes_equal);
    EXPECT_TRUE(comparison.payload_equal) << ::testing::PrintToString(keys(comparison.changed));
    const MaterialsDelta materials = compare_components(base.components, target.components);
    EXPECT_THAT(materials.changed, IsEmpty());
  }
}

}  // namespace
}  // namespace stella::artifact
