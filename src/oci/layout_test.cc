#include "stella/oci/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "test_support.h"

namespace stella::oci {
namespace {

using namespace testing;
using ::testing::HasSubstr;

// A layout whose files a test can spoil before it is packed.
struct Layout {
  std::map<std::string, std::string> files;

  Descriptor add(const std::string& bytes, std::string_view media_type) {
    Descriptor descriptor;
    descriptor.media_type = media_type;
    descriptor.digest = sha256(as_bytes(bytes));
    descriptor.size_bytes = bytes.size();
    files["blobs/sha256/" + to_hex(descriptor.digest.view())] = bytes;
    return descriptor;
  }
  Descriptor add_image(const std::string& layer_bytes, const std::string& os = "linux") {
    const Digest diff_id = sha256(as_bytes(layer_bytes));
    Manifest manifest;
    manifest.layers.push_back(add(layer_bytes, "application/vnd.oci.image.layer.v1.tar"));
    manifest.config = add(R"({"architecture":"amd64","os":")" + os + R"(","rootfs":{"diff_ids":[")" +
                              sha256_text(diff_id) + R"("]}})",
                          kMediaTypeConfig);
    return add(json::canonical(to_json(manifest)), kMediaTypeManifest);
  }
  void finish(std::vector<Descriptor> manifests) {
    Index index;
    index.manifests = std::move(manifests);
    files["index.json"] = json::canonical(to_json(index));
    files["oci-layout"] = R"({"imageLayoutVersion":"1.0.0"})";
  }
  [[nodiscard]] std::string tar() const {
    std::string archive;
    for (const auto& [name, bytes] : files) {
      // Digests are longer than some fields, not than the name's.
      archive += tar_file(name, bytes);
    }
    return archive + tar_end();
  }
};

Result<Images> images_of(const std::string& archive) {
  const auto source = memory_source(as_bytes(archive), "image.tar");
  STELLA_TRY(const auto files, open_layout_archive(*source));
  return read_images(*files);
}

TEST(ImageLayout, GivesItsImagesWithLayersAndPlatform) {
  Layout layout;
  layout.finish({layout.add_image("layer one"), layout.add_image("layer two", "windows")});
  const auto images = images_of(layout.tar());
  ASSERT_TRUE(images.has_value()) << to_string(images.error());
  ASSERT_EQ(images->images.size(), 2U);
  EXPECT_EQ(to_string(images->images[0].platform), "linux/amd64");
  EXPECT_EQ(to_string(images->images[1].platform), "windows/amd64");
  EXPECT_EQ(images->images[0].layers.size(), 1U);
  EXPECT_EQ(images->images[0].diff_ids.size(), 1U);
  EXPECT_TRUE(images->problems.empty());
}

TEST(ImageLayout, FollowsIndexesInsideOfIndexes) {
  Layout layout;
  Index inner;
  inner.manifests.push_back(layout.add_image("layer"));
  layout.finish({layout.add(json::canonical(to_json(inner)), kMediaTypeIndex)});
  const auto images = images_of(layout.tar());
  ASSERT_TRUE(images.has_value()) << to_string(images.error());
  EXPECT_EQ(images->images.size(), 1U);
}

TEST(ImageLayout, StopsWhereIndexesLieTooDeep) {
  Layout layout;
  Descriptor descriptor = layout.add_image("layer");
  for (unsigned depth = 0; depth <= kIndexDepthMax; ++depth) {
    Index index;
    index.manifests.push_back(descriptor);
    descriptor = layout.add(json::canonical(to_json(index)), kMediaTypeIndex);
  }
  layout.finish({descriptor});
  const auto images = images_of(layout.tar());
  ASSERT_FALSE(images.has_value());
  EXPECT_EQ(images.error().code, ErrorCode::kLimitExceeded);
}

// Four indexes of 1,000 entries each, inside each other, would be 10^12 images.
TEST(ImageLayout, StopsWhereIndexesMultiply) {
  Layout layout;
  Descriptor descriptor = layout.add_image("layer");
  for (unsigned depth = 0; depth < kIndexDepthMax; ++depth) {
    Index index;
    index.manifests.assign(1000, descriptor);
    descriptor = layout.add(json::canonical(to_json(index)), kMediaTypeIndex);
  }
  layout.finish({descriptor});
  const auto images = images_of(layout.tar());
  ASSERT_FALSE(images.has_value());
  EXPECT_THAT(to_string(images.error()), HasSubstr("too many manifests"));
}

TEST(ImageLayout, AManifestWithAnotherDigestIsAProblemAndTheOthersAreRead) {
  Layout layout;
  const Descriptor good = layout.add_image("good");
  const Descriptor bad = layout.add_image("bad");
  layout.finish({bad, good});
  std::string& bytes = layout.files["blobs/sha256/" + to_hex(bad.digest.view())];
  bytes[bytes.size() / 2] ^= 1;
  const auto images = images_of(layout.tar());
  ASSERT_TRUE(images.has_value()) << to_string(images.error());
  EXPECT_EQ(images->images.size(), 1U);
  ASSERT_EQ(images->problems.size(), 1U);
  EXPECT_THAT(to_string(images->problems[0].error), HasSubstr("another digest"));
}

TEST(ImageLayout, ChecksSizeAndDigestOfBlobs) {
  Layout layout;
  const Descriptor blob = layout.add("some bytes", "x/y");
  layout.finish({});
  const std::string archive = layout.tar();
  const auto source = memory_source(as_bytes(archive), "image.tar");
  const auto files = open_layout_archive(*source);
  ASSERT_TRUE(files.has_value());
  Blob named{.name = "blobs/sha256/" + to_hex(blob.digest.view()), .descriptor = blob};
  EXPECT_TRUE(open_blob(**files, named).has_value());
  named.descriptor->size_bytes += 1;
  EXPECT_THAT(to_string(open_blob(**files, named).error()), HasSubstr("another size"));
  named.descriptor->size_bytes -= 1;
  named.descriptor->digest.bytes[0] ^= 1;
  EXPECT_THAT(to_string(open_blob(**files, named).error()), HasSubstr("another digest"));
  named.name = "blobs/sha256/missing";
  EXPECT_EQ(open_blob(**files, named).error().code, ErrorCode::kNotFound);
}

TEST(ImageLayout, AsAFolderGivesTheSameImagesAndNoNameLeadsOutOfIt) {
  namespace fs = std::filesystem;
  Layout layout;
  layout.finish({layout.add_image("layer")});
  std::string root = (fs::temp_directory_path() / "stella_oci.XXXXXX").string();
  ASSERT_NE(::mkdtemp(root.data()), nullptr);
  EXPECT_EQ(open_layout_folder(root).error().code, ErrorCode::kInvalidArgument);
  for (const auto& [name, bytes] : layout.files) {
    fs::create_directories((fs::path(root) / name).parent_path());
    std::ofstream(fs::path(root) / name, std::ios::binary) << bytes;
  }
  const auto files = open_layout_folder(root);
  ASSERT_TRUE(files.has_value()) << to_string(files.error());
  EXPECT_EQ((*files)->names().size(), layout.files.size());
  const auto images = read_images(**files);
  ASSERT_TRUE(images.has_value()) << to_string(images.error());
  EXPECT_EQ(images->images.size(), 1U);
  EXPECT_EQ((*files)->open("../../etc/passwd").error().code, ErrorCode::kNotFound);
  fs::remove_all(root);
}

TEST(DockerArchive, GivesItsImages) {
  const std::string archive =
      tar_file("manifest.json", R"([{"Config":"c.json","RepoTags":["a:1"],"Layers":["l/layer.tar"]}])") +
      tar_file("c.json", R"({"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[]}})") +
      tar_file("l/layer.tar", "layer") + tar_end();
  const auto images = images_of(archive);
  ASSERT_TRUE(images.has_value()) << to_string(images.error());
  ASSERT_EQ(images->images.size(), 1U);
  EXPECT_EQ(images->images[0].layers[0].name, "l/layer.tar");
  EXPECT_EQ(to_string(images->images[0].platform), "linux/amd64");
  EXPECT_FALSE(images_of(tar_file("manifest.json", R"([{"Config":1}])") + tar_end()).has_value());
}

TEST(Whiteout, IsToldByTheLastPartOfTheName) {
  EXPECT_EQ(whiteout_of("etc/.wh.passwd"), Whiteout::kDelete);
  EXPECT_EQ(whiteout_of(".wh.x"), Whiteout::kDelete);
  EXPECT_EQ(whiteout_of("etc/.wh..wh..opq"), Whiteout::kOpaque);
  EXPECT_EQ(whiteout_of("etc/.wh..wh.plnk"), Whiteout::kNone);
  EXPECT_EQ(whiteout_of("etc/.wh."), Whiteout::kNone);
  EXPECT_EQ(whiteout_of("etc/passwd.wh.x"), Whiteout::kNone);
}

}  // namespace
}  // namespace stella::oci
