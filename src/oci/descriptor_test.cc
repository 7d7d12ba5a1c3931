#include "stella/oci/descriptor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stella::oci {
namespace {

using ::testing::HasSubstr;

const std::string kDigest = "sha256:" + std::string(64, 'a');

std::string descriptor(const std::string& extra = "") {
  return R"({"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" + kDigest + R"(","size":7)" +
         extra + "}";
}
std::string manifest(const std::string& extra = "") {
  return R"({"schemaVersion":2,"config":)" + descriptor() + R"(,"layers":[)" + descriptor() + "]" + extra +
         "}";
}

template <typename T>
std::string error_of(const Result<T>& result) {
  return result ? "no error" : to_string(result.error());
}

TEST(Manifest, IsReadWithAllThatItSaysAndWrittenTheSame) {
  const std::string text =
      manifest(R"(,"artifactType":"a/b","annotations":{"k":"v"},"subject":)" + descriptor());
  const auto read = parse_manifest(text);
  ASSERT_TRUE(read.has_value()) << to_string(read.error());
  EXPECT_EQ(read->layers.size(), 1U);
  EXPECT_EQ(read->config.size_bytes, 7U);
  EXPECT_EQ(read->annotations.at("k"), "v");
  ASSERT_TRUE(read->subject.has_value());
  const auto again = parse_manifest(json::canonical(to_json(*read)));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(*again, *read);
}

TEST(Index, KeepsPlatformsAndIsWrittenTheSame) {
  const std::string text = R"({"schemaVersion":2,"manifests":[)" +
                           descriptor(R"(,"platform":{"os":"linux","architecture":"arm64","variant":"v8"})") +
                           "]}";
  const auto read = parse_index(text);
  ASSERT_TRUE(read.has_value()) << to_string(read.error());
  EXPECT_EQ(to_string(*read->manifests[0].platform), "linux/arm64/v8");
  EXPECT_EQ(*parse_index(json::canonical(to_json(*read))), *read);
}

TEST(Config, GivesPlatformAndLayerDigests) {
  const auto config =
      parse_config(R"({"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[")" +
                   kDigest + R"("]}})");
  ASSERT_TRUE(config.has_value()) << to_string(config.error());
  EXPECT_EQ(config->diff_ids.size(), 1U);
  EXPECT_EQ(to_string(config->platform), "linux/amd64");
  EXPECT_THAT(error_of(parse_config(R"({"os":"linux","rootfs":{}})")), HasSubstr("rootfs.diff_ids"));
}

TEST(Manifest, EachWrongFieldIsNamed) {
  const auto with = [](const std::string& from, const std::string& to) {
    std::string text = manifest();
    text.replace(text.find(from), from.size(), to);
    return error_of(parse_manifest(text));
  };
  EXPECT_THAT(with("\"schemaVersion\":2", "\"schemaVersion\":1"), HasSubstr("schemaVersion"));
  EXPECT_THAT(with("\"schemaVersion\":2", "\"x\":2"), HasSubstr("schemaVersion"));
  EXPECT_THAT(with("\"size\":7", "\"size\":-7"), HasSubstr("config.size"));
  EXPECT_THAT(with("\"size\":7", "\"size\":\"7\""), HasSubstr("config.size"));
  EXPECT_THAT(with(kDigest, "sha256:abc"), HasSubstr("config.digest"));
  EXPECT_THAT(with(kDigest, "sha512:abc"), HasSubstr("not supported"));
  EXPECT_THAT(with("\"layers\"", "\"strata\""), HasSubstr("layers"));
  EXPECT_THAT(with("\"config\"", "\"cfg\""), HasSubstr("config"));
  EXPECT_THAT(error_of(parse_manifest(manifest(R"(,"annotations":{"k":1})"))), HasSubstr("annotations.k"));
  EXPECT_THAT(error_of(parse_manifest("[]")), HasSubstr("object"));
}

// CVE-2021-41190: one document that is index and manifest means one thing to one reader and another to the
// next.
TEST(Manifest, ThatIsAlsoAnIndexIsRefused) {
  EXPECT_THAT(error_of(parse_manifest(manifest(R"(,"manifests":[])"))), HasSubstr("manifests"));
}

TEST(Manifest, StopsAtItsLimits) {
  std::string layers;
  for (std::size_t i = 0; i <= kDescriptorsMax; ++i) layers += (i == 0 ? "" : ",") + descriptor();
  const auto read =
      parse_manifest(R"({"schemaVersion":2,"config":)" + descriptor() + R"(,"layers":[)" + layers + "]}");
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::kLimitExceeded);
}

}  // namespace
}  // namespace stella::oci
