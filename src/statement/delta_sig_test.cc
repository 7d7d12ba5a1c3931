#include "stella/statement/delta_sig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "stella/base/source.h"

namespace stella::statement {
namespace {

using testing::HasSubstr;

std::string corpus(const char* name) {
  const auto bytes = read_file(std::string(STELLA_SOURCE_DIR "/fuzz/corpus/delta_sig/") + name, 1 << 20);
  EXPECT_TRUE(bytes) << name;
  return bytes ? std::string(as_text(*bytes)) : std::string();
}

std::string text_of(const DeltaSig& predicate) {
  MemorySink sink;
  EXPECT_TRUE(write_delta_sig(predicate, sink));
  return std::string(as_text(sink.bytes()));
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// The problems of the predicate once `change` was made.
std::vector<DeltaSigProblem> problems_after(const std::function<void(DeltaSig&)>& change) {
  DeltaSig predicate = read_delta_sig(corpus("full.json")).value();
  change(predicate);
  return examine_delta_sig(json::parse(text_of(predicate)).value()).problems;
}

TEST(DeltaSig, IsWrittenAsItWasRead) {
  for (const char* name : {"full.json", "empty.json"}) {
    const std::string text = corpus(name);
    const auto predicate = read_delta_sig(text);
    ASSERT_TRUE(predicate) << to_string(predicate.error());
    EXPECT_EQ(text_of(*predicate), text);
  }
}

TEST(DeltaSig, RefusesTextCutOffAnywhere) {
  const std::string text = corpus("full.json");
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(read_delta_sig(std::string_view(text).substr(0, size))) << size;
  }
}

TEST(DeltaSig, ListsEveryMissingField) {
  const auto reading = examine_delta_sig(json::parse("{}").value());
  std::vector<std::string> places;
  for (const DeltaSigProblem& problem : reading.problems) places.push_back(problem.where);
  EXPECT_THAT(places, testing::ElementsAre("$.computedAt", "$.delta", "$.subject", "$.summary", "$.tooling"));
  const auto error = read_delta_sig("{}").error();
  EXPECT_EQ(exit_status(error.code), 2);
  EXPECT_THAT(error.message, HasSubstr("5 fields are missing or wrong"));
  EXPECT_THAT(error.found, HasSubstr("$.subject: nothing"));
}

TEST(DeltaSig, NamesThePlaceOfEveryWrongField) {
  const std::string text = corpus("full.json");
  const struct {
    const char* from;
    const char* to;
    const char* where;
  } cases[] = {
      {"\"computedAt\":\"2026-11-27T02:21:00Z\"", "\"computedAt\":\"2026-13-27T02:21:00Z\"", "$.computedAt"},
      {"\"computedAt\":\"2026-11-27T02:21:00Z\"", "\"computedAt\":\"2026-11-27T02:21:00+01:00\"",
       "$.computedAt"},
      {"\"address\":\"0x11fe\"", "\"address\":\"0x011fe\"", "$.delta[0].base.address"},
      {"\"change\":\"modified\"", "\"change\":\"improved\"", "$.delta[0].change"},
      {"\"change\":\"modified\"", "\"change\":\"added\"", "$.delta[0].base"},
      {"\"confidencePerMille\":", "\"confidencePerMille\":9", "$.delta[0].match.confidencePerMille"},
      {"\"kind\":\"call graph\"", "\"kind\":\"luck\"", "$.delta[0].match.kind"},
      {"\"kind\":\"binary-patch\"", "\"kind\":\"Binary Patch\"", "$.largeBlobs[0].kind"},
      {"\"sbomDigest\":\"sha256:", "\"sbomDigest\":\"sha512:", "$.sbomDigest"},
      {"\"role\":\"base\"", "\"role\":\"target\"", "$.subject[0].role"},
      {"\"symbols\":\"none\"", "\"symbols\":\"some\"", "$.summary.programs[0].comparison.base.symbols"},
      {"\"bits\":64", "\"bits\":65", "$.summary.programs[0].comparison.bits"},
      {"\"programsUnchanged\":12", "\"programsUnchanged\":-1", "$.summary.programsUnchanged"},
      {"\"generator\":", "\"author\":{},\"generator\":", "$.tooling.author"},
  };
  for (const auto& c : cases) {
    const auto value = json::parse(replaced(text, c.from, c.to));
    ASSERT_TRUE(value) << c.to;
    const auto problems = examine_delta_sig(*value).problems;
    ASSERT_FALSE(problems.empty()) << c.to;
    EXPECT_EQ(problems.front().where, c.where) << c.to;
  }
}

TEST(DeltaSig, RefusesNumbersThatContradictEachOther) {
  const std::function<void(DeltaSig&)> changes[] = {
      [](DeltaSig& p) { ++p.summary.functions.added; },
      [](DeltaSig& p) { ++p.summary.functions.base; },
      [](DeltaSig& p) { ++p.summary.programs[0].comparison->functions.unchanged; },
      [](DeltaSig& p) { ++p.summary.functions_unlisted; },
      [](DeltaSig& p) { p.delta.pop_back(); },
      [](DeltaSig& p) { std::swap(p.delta[0], p.delta[1]); },
      [](DeltaSig& p) { p.delta[0].program = 1; },
      [](DeltaSig& p) { ++p.delta[0].code->size_delta_bytes; },
      [](DeltaSig& p) { p.delta.back().match->moved = false; },
      [](DeltaSig& p) { ++p.summary.unopened.count; },
      [](DeltaSig& p) { p.summary.programs[1].target = p.summary.programs[1].base; },
  };
  for (std::size_t i = 0; i < std::size(changes); ++i) EXPECT_FALSE(problems_after(changes[i]).empty()) << i;
  EXPECT_TRUE(problems_after([](DeltaSig&) {}).empty());
}

TEST(DeltaSig, PutsTheLargestChangeFirstInATotalOrder) {
  std::vector<FunctionDelta> delta = read_delta_sig(corpus("full.json")).value().delta;
  const std::vector<FunctionDelta> sorted = delta;
  std::ranges::reverse(delta);
  std::ranges::sort(delta, ordered_before);
  EXPECT_EQ(delta, sorted);
  for (std::size_t i = 1; i < delta.size(); ++i) EXPECT_GE(delta[i - 1].weight(), delta[i].weight());
}

TEST(DeltaSig, NamesAFunctionWithoutANameByItsAddress) {
  EXPECT_EQ((FunctionState{.address = 0x401000}.display_name()), "sub_401000");
  EXPECT_EQ((FunctionState{.name = "_Z1fv", .demangled = "f()"}.display_name()), "f()");
}

}  // namespace
}  // namespace stella::statement
