// Pins cut points and chunk maps of generated inputs for all releases. docs/format/chunking.md says what the
// fields mean. STELLA_ACCEPT_GOLDEN=1 writes the file anew; such a run counts as skipped.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "gear.h"
#include "rabin.h"
#include "stella/base/file.h"
#include "stella/base/json.h"
#include "stella/chunk/chunk_map.h"
#include "test_inputs.h"

namespace stella::chunk {
namespace {

const std::filesystem::path kGoldenPath = std::filesystem::path(STELLA_TESTDATA) / "cut_points.json";

struct Case {
  Params params;
  std::string kind;
  std::uint64_t seed;
  std::vector<std::uint64_t> regions;
};

std::vector<Case> cases() {
  const Params gear;
  const Params gear4 = params_for_average(Algorithm::kGear, 4096).value();
  const Params gear16 = params_for_average(Algorithm::kGear, 16384).value();
  const Params rabin = params_for_average(Algorithm::kRabin, 8192).value();
  const Params rabin4 = params_for_average(Algorithm::kRabin, 4096).value();
  const Params rabin16 = params_for_average(Algorithm::kRabin, 16384).value();
  return {
      {gear, "random", 1, {0}},
      {gear, "random", 1, {1}},
      {gear, "random", 1, {2048}},
      {gear, "random", 1, {2049}},
      {gear, "random", 1, {1048576}},
      {gear, "records", 2, {500000}},
      {gear, "islands", 3, {1000001}},
      {gear, "constant", 0, {200000}},
      {gear, "constant", 255, {65536}},
      {gear, "random", 4, {100, 0, 70000, 1, 129899, 65536, 4096}},
      {gear4, "random", 5, {400000}},
      {gear16, "random", 6, {800000}},
      {{Algorithm::kGear, 64, 4096, 1048576}, "islands", 7, {600000}},
      {{Algorithm::kGear, 4096, 4096, 4096}, "random", 8, {20000}},
      {{Algorithm::kGear, 100, 4096, 5001}, "records", 9, {200000}},
      {rabin, "random", 10, {400000}},
      {rabin, "records", 11, {200000}},
      {rabin, "islands", 12, {300000}},
      {rabin, "constant", 0, {140000}},
      {rabin4, "random", 13, {0, 90000, 63, 64, 65}},
      {rabin16, "random", 14, {400000}},
      {{Algorithm::kRabin, 64, 4096, 1048576}, "random", 15, {150000}},
  };
}

json::Object describe(const Case& c) {
  std::uint64_t total = 0;
  std::vector<Region> regions;
  json::Array region_sizes;
  for (const std::uint64_t size : c.regions) {
    regions.push_back({"region", total, size});
    region_sizes.emplace_back(size);
    total += size;
  }
  const Bytes data = testing::generate(c.kind, c.seed, total);
  const ChunkMap map = map_chunks(*memory_source(data), regions, c.params, 2, {}).value();

  Bytes sizes;
  json::Array first_sizes;
  for (const Chunk& chunk : map.chunks) {
    sizes.resize(sizes.size() + 4);
    store_le<std::uint32_t>(&sizes[sizes.size() - 4], chunk.size_bytes);
    if (first_sizes.size() < 6) first_sizes.emplace_back(chunk.size_bytes);
  }
  return {{"algorithm", std::string(to_string(c.params.algorithm))},
          {"size_min_bytes", c.params.size_min_bytes},
          {"size_avg_bytes", c.params.size_avg_bytes},
          {"size_max_bytes", c.params.size_max_bytes},
          {"kind", c.kind},
          {"seed", c.seed},
          {"regions", std::move(region_sizes)},
          {"chunk_count", map.chunks.size()},
          {"first_sizes", std::move(first_sizes)},
          {"sizes_sha256", to_hex(sha256(sizes).view())},
          {"merkle_root", to_hex(map.merkle_root.view())}};
}

json::Value current() {
  Bytes window(RabinHash::kWindowBytes);
  for (std::size_t i = 0; i < window.size(); ++i) window[i] = static_cast<std::uint8_t>(i);
  GearHash gear(1 << 15, 1 << 11);
  gear.roll(window.data(), GearHash::kWindowBytes);
  RabinHash rabin(1 << 15, 1 << 11);
  rabin.roll(window.data(), RabinHash::kWindowBytes);

  json::Array all;
  for (const Case& c : cases()) all.emplace_back(describe(c));
  return json::Object{{"gear_hash_of_0_to_31", gear.value()},
                      {"rabin_hash_of_0_to_47", rabin.value()},
                      {"cases", std::move(all)}};
}

TEST(Golden, CutPointsAreThoseOfAllReleases) {
  const json::Value found = current();
  if (std::getenv("STELLA_ACCEPT_GOLDEN") != nullptr) {
    ASSERT_TRUE(write_file(kGoldenPath, as_bytes(json::pretty(found))));
    GTEST_SKIP() << "wrote " << kGoldenPath;
  }
  const Bytes file = read_file(kGoldenPath, 1 << 20).value();
  const json::Value golden = json::parse(as_text(file)).value();
  const json::Array& expected = *golden.find("cases")->array();
  const json::Array& cases_found = *found.find("cases")->array();
  ASSERT_EQ(expected.size(), cases_found.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(json::canonical(expected[i]), json::canonical(cases_found[i])) << "case " << i;
  }
  EXPECT_EQ(golden, found);
}

}  // namespace
}  // namespace stella::chunk
