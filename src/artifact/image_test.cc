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
using ::testing::Not;

// Puts an image layout into a folder, of layers that are tars in it.
class ImageFolder {
 public:
  explicit ImageFolder(const Folder& folder, std::string name) : folder_(folder), name_(std::move(name)) {}

  // `files` of one layer, by name.
  void add_layer(const std::map<std::string, std::string>& files, bool packed = true) {
    (void)folder_.run("rm -rf layer");
    folder_.write("layer/.keep", "");
    for (const auto& [name, bytes] : files) folder_.write("layer/" + name, bytes);
    (void)folder_.run(
        "rm layer/.keep && cd layer && tar --sort=name --owner=0 --group=0 --mtime=@0 -cf ../layer.tar * " +
        std::string(has_hidden(files) ? ".wh.*" : ""));
    const std::string tar = folder_.read("layer.tar");
    diff_ids_.push_back(sha256_text(sha256(as_bytes(tar))));
    (void)folder_.run(packed ? "gzip -nf layer.tar" : "true");
    manifest_.layers.push_back(add_blob(folder_.read(packed ? "layer.tar.gz" : "layer.tar"), "layer"));
  }

  void finish(const std::string& created = "2024-01-01T00:00:00Z") {
    std::string ids;
    for (const std::string& id : diff_ids_) ids += (ids.empty() ? "\"" : ",\"") + id + "\"";
    manifest_.config = add_blob(R"({"architecture":"amd64","created":")" + created +
                                    R"(","os":"linux","rootfs":{"type":"layers","diff_ids":[)" + ids + "]}}",
                                "config");
    oci::Index index;
    index.manifests.push_back(
        add_blob(json::canonical(to_json(manifest_)), std::string(oci::kMediaTypeManifest)));
    folder_.write(name_ + "/index.json", json::canonical(to_json(index)));
    folder_.write(name_ + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    (void)folder_.run("cd " + name_ + " && tar -cf ../" + name_ + ".tar *");
  }

  [[nodiscard]] std::string layer_file(std::size_t index) const {
    return blob_name(manifest_.layers[index].digest);
  }

 private:
  static bool has_hidden(const std::map<std::string, std::string>& files) {
    return std::ranges::any_of(files, [](const auto& file) { return file.first.starts_with(".wh."); });
  }
  [[nodiscard]] std::string blob_name(const Digest& digest) const {
    return name_ + "/blobs/sha256/" + to_hex(digest.view());
  }
  oci::Descriptor add_blob(const std::string& bytes, const std::string& media_type) {
    oci::Descriptor descriptor;
    descriptor.media_type = media_type;
    descriptor.digest = sha256(as_bytes(bytes));
    descriptor.size_bytes = bytes.size();
    folder_.write(blob_name(descriptor.digest), bytes);
    return descriptor;
  }

  const Folder& folder_;
  std::string name_;
  oci::Manifest manifest_;
  std::vector<std::string> diff_ids_;
};

const std::string kStatus1 = "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n";
const std::string kStatus2 = "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2\n";

TEST(Image, IsWalkedLayerByLayerAsAnArchiveAndAsAFolder) {
  const Folder folder;
  ImageFolder image(folder, "i");
  image.add_layer({{"etc/passwd", "root"}, {"etc/gone", "x"}});
  image.add_layer({{"etc/.wh.gone", ""}, {"app/p/package.json", R"({"name":"p","version":"1.0.0"})"}});
  image.finish();
  const Contents archive = contents_of(folder.path("i.tar"));
  EXPECT_EQ(archive.type, Type::kOciArchive);
  EXPECT_THAT(archive.unopened, IsEmpty());
  EXPECT_THAT(paths(archive),
              ElementsAre("linux/amd64!config", "linux/amd64!layer-1", "linux/amd64!layer-1!etc/",
                          "linux/amd64!layer-1!etc/gone", "linux/amd64!layer-1!etc/passwd",
                          "linux/amd64!layer-2", "linux/amd64!layer-2!app/", "linux/amd64!layer-2!app/p/",
                          "linux/amd64!layer-2!app/p/package.json", "linux/amd64!layer-2!etc/",
                          "linux/amd64!layer-2!etc/.wh.gone"));
  EXPECT_EQ(find(archive, "linux/amd64!layer-2!etc/.wh.gone")->kind, Kind::kWhiteout);
  EXPECT_EQ(find(archive, "linux/amd64!layer-1")->image_layer, 1U);
  EXPECT_THAT(purls(archive), ElementsAre("pkg:npm/p@1.0.0"));
  const Contents as_folder = contents_of(folder.path("i"));
  EXPECT_EQ(as_folder.type, Type::kOciLayout);
  EXPECT_EQ(paths(as_folder), paths(archive));
  EXPECT_TRUE(compare(archive, as_folder).payload_equal);
}

TEST(Image, WithLayersPackedAgainAndAnotherTimeHasTheSamePayload) {
  const Folder folder;
  ImageFolder base(folder, "b");
  base.add_layer({{"x", "x"}});
  base.finish("2024-01-01T00:00:00Z");
  ImageFolder target(folder, "t");
  target.add_layer({{"x", "x"}}, false);
  target.finish("2025-05-05T00:00:00Z");
  const Comparison comparison = compare(contents_of(folder.path("b.tar")), contents_of(folder.path("t.tar")));
  EXPECT_FALSE(comparison.bytes_equal);
  EXPECT_TRUE(comparison.payload_equal) << ::testing::PrintToString(keys(comparison.changed));
}

TEST(Image, AnAddedLayerInTheMiddleDoesNotShiftTheOthersAndItsPackagesAreNew) {
  const Folder folder;
  ImageFolder base(folder, "b");
  base.add_layer({{"one", "1"}});
  base.add_layer({{"two", "2"}});
  base.finish();
  ImageFolder target(folder, "t");
  target.add_layer({{"one", "1"}});
  target.add_layer({{"dep/package.json", R"({"name":"dep","version":"3.0.0"})"}});
  target.add_layer({{"two", "2"}});
  target.finish();
  const Contents base_contents = contents_of(folder.path("b.tar"));
  const Contents target_contents = contents_of(folder.path("t.tar"));
  const Comparison comparison = compare(base_contents, target_contents);
  EXPECT_THAT(keys(comparison.added), ElementsAre("linux/amd64!layer-2", "linux/amd64!layer-2!dep",
                                                  "linux/amd64!layer-2!dep/package.json"));
  EXPECT_THAT(comparison.removed, IsEmpty());
  EXPECT_THAT(keys(comparison.changed), ElementsAre("linux/amd64!config"));
  ASSERT_EQ(comparison.layers.size(), 3U);
  EXPECT_EQ(comparison.layers[1].base_path, "");
  EXPECT_EQ(comparison.layers[2].base_path, "linux/amd64!layer-2");
  EXPECT_EQ(comparison.layers[2].target_path, "linux/amd64!layer-3");
  EXPECT_TRUE(comparison.layers[0].payload_equal);
  EXPECT_TRUE(comparison.layers[2].payload_equal);
  const MaterialsDelta materials = compare_components(base_contents.components, target_contents.components);
  ASSERT_EQ(materials.added.size(), 1U);
  EXPECT_EQ(materials.added[0].purl, "pkg:npm/dep@3.0.0");
}

TEST(Image, PackagesThatAHigherLayerReplacesOrDeletesAreNotInIt) {
  const Folder folder;
  ImageFolder image(folder, "i");
  image.add_layer({{"var/lib/dpkg/status", kStatus1},
                   {"app/old/package.json", R"({"name":"old","version":"1.0.0"})"},
                   {"opt/x/package.json", R"({"name":"x","version":"1.0.0"})"},
                   {"kept/package.json", R"({"name":"kept","version":"1.0.0"})"}});
  image.add_layer({{"var/lib/dpkg/status", kStatus2}, {"app/.wh.old", ""}, {"opt/.wh..wh..opq", ""}});
  image.finish();
  EXPECT_THAT(purls(contents_of(folder.path("i.tar"))),
              ElementsAre("pkg:deb/debian/a@2?arch=amd64", "pkg:npm/kept@1.0.0"));
}

TEST(Image, ALayerWithAnotherDigestIsListedAndTheOthersAreRead) {
  const Folder folder;
  ImageFolder image(folder, "i");
  image.add_layer({{"one", "1"}});
  image.add_layer({{"two", "2"}});
  image.finish();
  std::string bytes = folder.read(image.layer_file(0));
  bytes[bytes.size() / 2] ^= 1;
  folder.write(image.layer_file(0), bytes);
  const Contents contents = contents_of(folder.path("i"));
  ASSERT_EQ(contents.unopened.size(), 1U);
  EXPECT_EQ(contents.unopened[0].path, "linux/amd64!layer-1");
  EXPECT_EQ(contents.unopened[0].code, ErrorCode::kCorrupt);
  EXPECT_THAT(paths(contents), Contains("linux/amd64!layer-2!two"));
  EXPECT_THAT(paths(contents), Not(Contains("linux/amd64!layer-1!one")));
}

TEST(Image, FilesThatNothingRefersToAreMembers) {
  const Folder folder;
  ImageFolder image(folder, "i");
  image.add_layer({{"one", "1"}});
  image.finish();
  folder.write("i/blobs/sha256/" + std::string(64, 'e'), "smuggled");
  EXPECT_THAT(paths(contents_of(folder.path("i"))), Contains("blobs/sha256/" + std::string(64, 'e')));
}

TEST(Image, AnArchiveOfDockerSaveIsWalkedTheSameWay) {
  const Folder folder;
  folder.write("l/one", "1");
  folder.write("d/c.json", R"({"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[]}})");
  const std::string id(64, 'a');
  folder.write("d/manifest.json",
               R"([{"Config":")" + id + R"(.json","Layers":[")" + id + R"(/layer.tar"]}])");
  (void)folder.run("mkdir d/" + id + " && mv d/c.json d/" + id + ".json && tar -cf d/" + id +
                   "/layer.tar -C l one && tar -cf d.tar -C d .");
  const Contents contents = contents_of(folder.path("d.tar"));
  EXPECT_EQ(contents.type, Type::kDockerArchive);
  EXPECT_THAT(paths(contents),
              ElementsAre("linux/amd64!config", "linux/amd64!layer-1", "linux/amd64!layer-1!one"));
}

TEST(Image, OneConfigurationWithTwoListsOfLayersHidesNeither) {
  const Folder folder;
  const auto archive = [&](const std::string& name, const std::string& second) {
    const std::string id(64, 'a'), one(64, 'b'), two(64, 'c');
    folder.write("d/" + id + ".json", R"({"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[]}})");
    folder.write("d/manifest.json", R"([{"Config":")" + id + R"(.json","Layers":[")" + one +
                                        R"("]},{"Config":")" + id + R"(.json","Layers":[")" + two +
                                        R"("]}])");
    folder.write("d/" + one, "first");
    folder.write("d/" + two, second);
    (void)folder.run("tar -cf " + name + " -C d .");
    return contents_of(folder.path(name));
  };
  const Contents base = archive("base.tar", "second");
  const Contents target = archive("target.tar", "other");
  EXPECT_EQ(base.type, Type::kDockerArchive);
  EXPECT_FALSE(compare(base, target).payload_equal);
}

// Programs that read an archive as a stream take the first of two files of one name; extracting keeps the
// last.
TEST(Image, FilesThatLaterOnesReplaceLinksAndTheRestOfAnArchiveAreMembers) {
  const Folder folder;
  ImageFolder image(folder, "i");
  image.add_layer({{"one", "1"}});
  image.finish();
  const Contents honest = contents_of(folder.path("i.tar"));
  folder.write("blobs/x", "smuggled");
  (void)folder.run(
      "ln -s /etc/shadow blobs/l; tar -cf twice.tar blobs; echo '{}' > index.json; tar -cf twice.tar "
      "index.json; "
      "tar -rf twice.tar -C i .; tar -rf twice.tar blobs/l; cp i.tar tail.tar; printf smuggled >> tail.tar");
  const Contents twice = contents_of(folder.path("twice.tar"));
  EXPECT_EQ(twice.type, Type::kOciArchive);
  EXPECT_THAT(keys(compare(honest, twice).added), ElementsAre("blobs/l", "index.json"));
  EXPECT_THAT(keys(compare(honest, contents_of(folder.path("tail.tar"))).added), ElementsAre("(outside)"));
}

TEST(Image, HolesOfAnArchiveThatNoByteVouchesForAreNotRead) {
  const Folder folder;
  ImageFolder image(folder, "i");
  image.add_layer({{"one", "1"}});
  image.finish();
  (void)folder.run("truncate -s 300G i/blobs/sha256/hole && tar -S -cf hole.tar -C i .");
  const Contents contents = contents_of(folder.path("hole.tar"));
  ASSERT_EQ(contents.unopened.size(), 1U);
  EXPECT_EQ(contents.unopened[0].code, ErrorCode::kLimitExceeded);
}

TEST(Image, ALayerThatIsNamedWithoutEndIsNotReadWithoutEnd) {
  const Folder folder;
  ImageFolder image(folder, "i");
  for (int i = 0; i < 20; ++i) image.add_layer({{"one", std::string(20000, 'x')}}, false);
  image.finish();
  Limits limits;
  limits.expansion_free_bytes = limits.expansion_ratio_max = 1;
  const Contents contents = contents_of(folder.path("i.tar"), limits);
  ASSERT_EQ(contents.unopened.size(), 1U);
  EXPECT_EQ(contents.unopened[0].code, ErrorCode::kLimitExceeded);
  EXPECT_FALSE(contents.members[0].opened);
}

}  // namespace
}  // namespace stella::artifact
