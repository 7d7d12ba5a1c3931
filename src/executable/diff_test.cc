#include "stella/executable/diff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "analysis.h"
#include "codec.h"
#include "stella/executable/listing.h"
#include "testing.h"

namespace stella::executable {
namespace {

// Functions large enough to be recognised; `step` and the text are what versions change.
constexpr const char* kBase = R"(
#include <stdio.h>
#include <stdlib.h>
int table[64];
static __attribute__((noinline)) int helper(int x) { for (int i = 0; i < x; ++i) table[i & 63] += i * 7; return table[x & 63]; }
static __attribute__((noinline)) int other_helper(int x) { for (int i = x; i > 0; --i) table[i & 63] ^= i + 11; return table[(x + 5) & 63]; }
int stays(int a, int b) { int s = 0; for (int i = a; i < b; ++i) { s += helper(i); if (s > 1000) puts("too much"); } return s; }
int immediate(int a) { int s = a; while (s < 500) s = s * 3 + 12; return helper(s); }
int retargeted(int a) { int s = 1; for (int i = 0; i < a; ++i) s += s * i + 5; return helper(s) + other_helper(a); }
int goes(int a) { int *p = malloc(a * sizeof *p); for (int i = 0; i < a; ++i) p[i] = i * i - 3; int r = p[a / 2]; free(p); return r; }
int old_name(const char *s) { int n = 0; for (; *s; ++s) n = n * 31 + (*s | 0x20); return n ^ 0x5a5a; }
)";
constexpr const char* kTarget = R"(
#include <stdio.h>
#include <stdlib.h>
int table[64];
char comes(char *text, int a) { for (int i = 0; text[i]; ++i) if (text[i] == a) { text[i] = '_'; fputs(text, stderr); } return text[0] + 3; }
static __attribute__((noinline)) int helper(int x) { for (int i = 0; i < x; ++i) table[i & 63] += i * 7; return table[x & 63]; }
static __attribute__((noinline)) int other_helper(int x) { for (int i = x; i > 0; --i) table[i & 63] ^= i + 11; return table[(x + 5) & 63]; }
int stays(int a, int b) { int s = 0; for (int i = a; i < b; ++i) { s += helper(i); if (s > 1000) puts("too much"); } return s; }
int immediate(int a) { int s = a; while (s < 501) s = s * 3 + 12; return helper(s); }
int retargeted(int a) { int s = 1; for (int i = 0; i < a; ++i) s += s * i + 5; return other_helper(s) + helper(a); }
int new_name(const char *s) { int n = 0; for (; *s; ++s) n = n * 31 + (*s | 0x20); return n ^ 0x5a5a; }
)";

std::string shown(const Function& function) { return function.name.empty() ? "(none)" : function.name; }

const Match* match_of(const FunctionDiff& diff, const std::string& name) {
  for (const Match& match : diff.matches) {
    if (diff.base.functions[match.base].name == name) return &match;
  }
  return nullptr;
}

std::set<std::string> names(const Program& program, const std::vector<std::uint32_t>& indexes) {
  std::set<std::string> all;
  for (const std::uint32_t index : indexes) all.insert(shown(program.functions[index]));
  return all;
}

FunctionDiff diff_of(const std::string& base, const std::string& target, DiffOptions options = {}) {
  const auto one = open(base), other = open(target);
  auto diff = diff_functions(*one, *other, options);
  EXPECT_TRUE(diff) << to_string(diff.error());
  return diff ? *std::move(diff) : FunctionDiff();
}

TEST(Diff, TellsChangedRenamedAddedAndRemovedFunctionsApart) {
  const Workshop shop;
  const FunctionDiff diff = diff_of(shop.compile("base", kBase), shop.compile("target", kTarget));
  const Match* stays = match_of(diff, "stays");
  ASSERT_NE(stays, nullptr);
  EXPECT_FALSE(stays->modified);
  EXPECT_EQ(stays->kind, MatchKind::kNameAndCode);

  const Match* immediate = match_of(diff, "immediate");
  ASSERT_NE(immediate, nullptr);
  ASSERT_TRUE(immediate->modified && immediate->change);
  EXPECT_EQ(immediate->change->instructions_added, immediate->change->instructions_removed);
  EXPECT_GE(immediate->change->instructions_added, 1U);
  EXPECT_TRUE(immediate->change->calls_added.empty());
  EXPECT_LT(immediate->similarity_per_mille, 1000);

  const Match* renamed = match_of(diff, "old_name");
  ASSERT_NE(renamed, nullptr);
  EXPECT_EQ(diff.target.functions[renamed->target].name, "new_name");
  EXPECT_TRUE(renamed->renamed);
  EXPECT_FALSE(renamed->modified);

  EXPECT_TRUE(names(diff.target, diff.added).contains("comes"));
  EXPECT_TRUE(names(diff.base, diff.removed).contains("goes"));
  EXPECT_EQ(diff.imports.removed, (std::vector<std::string>{"free", "malloc"}));
  EXPECT_TRUE(std::ranges::count(diff.imports.added, "fputs") == 1);
  EXPECT_TRUE(std::ranges::count(diff.exports.added, "new_name") == 1);
  EXPECT_EQ(diff.strings.added_count + diff.strings.removed_count, 0U) << "names of symbols are no strings";
}

TEST(Diff, SeesACallThatGoesToAnotherFunctionOfTheSameShape) {
  const Workshop shop;
  const FunctionDiff diff = diff_of(shop.compile("base", kBase), shop.compile("target", kTarget));
  const Match* retargeted = match_of(diff, "retargeted");
  ASSERT_NE(retargeted, nullptr);
  EXPECT_EQ(diff.base.functions[retargeted->base].strict, diff.target.functions[retargeted->target].strict);
  EXPECT_TRUE(retargeted->modified);
  EXPECT_GE(retargeted->change->instructions_added, 1U);
}

TEST(Diff, MatchesByContentWhenOneSideHasNoSymbols) {
  const Workshop shop;
  const std::string base = shop.compile("base", kBase);
  shop.compile("target", kTarget, "-O1 -fPIC -shared -fvisibility=hidden");
  const FunctionDiff diff = diff_of(base, shop.strip("target"));
  EXPECT_TRUE(diff.base.has_symbols);
  EXPECT_FALSE(diff.target.has_symbols);
  for (const char* name : {"stays", "immediate", "retargeted", "old_name", "helper", "other_helper"}) {
    EXPECT_NE(match_of(diff, name), nullptr) << name;
  }
  EXPECT_FALSE(match_of(diff, "stays")->modified);
  EXPECT_TRUE(match_of(diff, "immediate")->modified);
}

TEST(Diff, FindsNothingChangedBetweenAFileAndItself) {
  const Workshop shop;
  const std::string base = shop.compile("base", kBase);
  const FunctionDiff diff = diff_of(base, base);
  EXPECT_TRUE(diff.added.empty() && diff.removed.empty());
  EXPECT_GE(diff.matches.size(), 7U);
  EXPECT_TRUE(std::ranges::all_of(diff.matches, &Match::unchanged));
}

TEST(Diff, IsTheSameForEveryNumberOfThreads) {
  const Workshop shop;
  const auto base = open(shop.compile("base", kBase)), target = open(shop.compile("target", kTarget));
  const auto one = diff_functions_unconfined(*base, *target, {.threads = 1});
  const auto many = diff_functions_unconfined(*base, *target, {.threads = 7});
  ASSERT_TRUE(one && many);
  EXPECT_EQ(encode(*one), encode(*many));
}

TEST(Diff, IsTheSameWhetherOrNotIdenticalCodeIsDecodedAgain) {
  const Workshop shop;
  const auto base = open(shop.compile("base", kBase));
  Bytes patched = *read_all(*base, 1 << 24);
  const Bytes constant{0x5a, 0x5a, 0x00, 0x00};  // of old_name
  const auto found = std::ranges::search(patched, constant);
  ASSERT_FALSE(found.empty());
  *found.begin() = 0x5b;
  const auto target = memory_source(patched);
  const auto before = analyse(*base, {});
  ASSERT_TRUE(before);
  const auto fresh = analyse(*target, {}), reused = analyse(*target, {}, before->get());
  ASSERT_TRUE(fresh && reused);
  ASSERT_EQ((*fresh)->codes.size(), (*reused)->codes.size());
  std::size_t changed = 0;
  for (std::size_t i = 0; i < (*fresh)->codes.size(); ++i) {
    const Code &one = (*fresh)->codes[i], &other = (*reused)->codes[i];
    EXPECT_EQ(one.strict, other.strict);
    EXPECT_EQ(one.loose, other.loose);
    EXPECT_EQ(one.references, other.references);
    EXPECT_EQ(one.sketch, other.sketch);
    EXPECT_EQ(one.instructions, other.instructions);
    changed += one.strict != (*before)->codes[i].strict;
  }
  EXPECT_EQ(changed, 1U);
}

TEST(Diff, ReadsWhatItWroteAndRefusesItCutOffAnywhere) {
  const Workshop shop;
  const auto base = open(shop.compile("base", "int f(int a) { return a * 3; }"));
  const auto diff = diff_functions_unconfined(*base, *base, {});
  ASSERT_TRUE(diff);
  const Bytes bytes = encode(*diff);
  const auto again = decode_diff(bytes);
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ(encode(*again), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_diff(ByteView(bytes).first(size))) << size;
}

TEST(Diff, RefusesWhatCannotBeCompared) {
  const Workshop shop;
  const auto base = open(shop.compile("base", "int f(int a) { return a * 3; }"));
  const auto code_of = [&](const Bytes& bytes) {
    const auto other = memory_source(bytes, "other");
    const auto diff = diff_functions(*base, *other, {});
    return diff ? std::string("accepted") : std::string(to_string(diff.error().code));
  };
  Bytes program = *read_all(*base, 1 << 24);
  Bytes arm = program;
  arm[18] = 183;
  EXPECT_EQ(code_of(arm), "invalid_argument");
  Bytes core = program;
  core[16] = 4;
  EXPECT_EQ(code_of(core), "unsupported");
  EXPECT_EQ(code_of({'!', '<', 'a', 'r', 'c', 'h', '>', '\n'}), "unsupported");
  EXPECT_EQ(code_of({}), "unsupported");
  program.resize(program.size() / 2);
  EXPECT_EQ(code_of(program), "corrupt");
}

TEST(Diff, ListsFunctionsThatAreTooLargeAndGoesOn) {
  const Workshop shop;
  const std::string base = shop.compile("base", kBase);
  DiffOptions options;
  options.limits.function_size_max_bytes = 60;
  const FunctionDiff diff = diff_of(base, base, options);
  const auto too_large = [](const Unanalysed& one) {
    return one.reason == UnanalysedReason::kTooLarge && one.name == "stays";
  };
  EXPECT_EQ(std::ranges::count_if(diff.base.unanalysed, too_large), 1);
  EXPECT_FALSE(diff.base.functions.empty());
}

TEST(Diff, AnalysesAKernelModuleLikeObjectAndAnObjectWithoutSections) {
  const Workshop shop;
  const std::string object = shop.compile("object.o", kBase, "-O1 -c");
  const FunctionDiff diff = diff_of(object, object);
  EXPECT_NE(match_of(diff, "stays"), nullptr);
  EXPECT_TRUE(std::ranges::all_of(diff.matches, &Match::unchanged));
}

TEST(Diff, NeedsNoSectionHeaders) {
  const Workshop shop;
  const auto whole = open(shop.compile("base", kBase));
  Bytes bytes = *read_all(*whole, 1 << 20);
  std::fill_n(bytes.begin() + 40, 8, std::uint8_t{0});  // e_shoff
  std::fill_n(bytes.begin() + 58, 6, std::uint8_t{0});  // e_shentsize, e_shnum, e_shstrndx
  const auto diff = diff_functions(*whole, *memory_source(bytes), {});
  ASSERT_TRUE(diff) << to_string(diff.error());
  for (const char* name :
       {"stays", "immediate", "retargeted", "goes", "old_name", "helper", "other_helper"}) {
    const Match* match = match_of(*diff, name);
    ASSERT_NE(match, nullptr) << name;
    EXPECT_TRUE(match->unchanged()) << name;
  }
  EXPECT_EQ(diff->imports.added_count + diff->imports.removed_count, 0U);
  EXPECT_EQ(diff->exports.added_count + diff->exports.removed_count, 0U);
  EXPECT_EQ(std::ranges::count(diff->strings.added, "old_name"), 0) << "names of symbols are no strings";
}

TEST(Diff, SeesWhatAnUnlinkedObjectCalls) {
  const Workshop shop;
  constexpr const char* kObject = R"(
extern int one(int), two(int);
static __attribute__((noinline)) int near_one(int x) { for (int i = 0; i < x; ++i) x += one(i) * 3; return x; }
__attribute__((noinline)) int near_two(int x) { for (int i = 0; i < x; ++i) x ^= one(i) * 5; return x; }
int calls_near(int a) { int s = 0; for (int i = 0; i < a; ++i) s += NEAR(i) * i; return s + near_one(a); }
int calls_far(int a) { int s = 0; for (int i = 0; i < a; ++i) s += FAR(i) * i; return s; }
const char *says(void) { return TEXT; }
)";
  const auto compile = [&](const std::string& name, const std::string& flags) {
    return shop.compile(name, kObject, "-O1 -c -ffunction-sections " + flags);
  };
  for (const std::string model : {"-fno-pic ", "-fPIC "}) {
    const std::string base = compile("base.o", model + "-DNEAR=near_one -DFAR=one -DTEXT='\"hello there\"'");
    const std::string near = compile("near.o", model + "-DNEAR=near_two -DFAR=one -DTEXT='\"hello there\"'");
    const std::string far = compile("far.o", model + "-DNEAR=near_one -DFAR=two -DTEXT='\"hello where\"'");
    const FunctionDiff nearer = diff_of(base, near), farther = diff_of(base, far);
    EXPECT_TRUE(match_of(nearer, "calls_near")->modified);
    for (const char* name : {"calls_far", "near_two", "says"})
      EXPECT_FALSE(match_of(nearer, name)->modified) << name;
    EXPECT_TRUE(match_of(farther, "calls_far")->modified);
    EXPECT_TRUE(match_of(farther, "says")->modified);
    EXPECT_EQ(match_of(farther, "calls_far")->change->calls_added, std::vector<std::string>{"two"});
    for (const char* name : {"calls_near", "near_two"})
      EXPECT_FALSE(match_of(farther, name)->modified) << name;
  }
}

TEST(Diff, TakesNamesFromASeparateDebugFile) {
  const Workshop shop;
  const std::string base = shop.compile("base", kBase, "-O1 -fPIC -shared -Wl,--build-id=none");
  std::filesystem::create_directories(shop.path("debug"));
  Workshop::run("objcopy --only-keep-debug '" + base + "' '" + shop.path("debug/base.debug") + "'");
  const std::string stripped = shop.strip("base");
  Workshop::run("objcopy --add-gnu-debuglink='" + shop.path("debug/base.debug") + "' '" + stripped + "'");
  EXPECT_EQ(match_of(diff_of(stripped, stripped), "helper"), nullptr);
  DiffOptions options;
  options.base_debug_dir = options.target_debug_dir = shop.path("debug");
  const FunctionDiff diff = diff_of(stripped, stripped, options);
  EXPECT_NE(match_of(diff, "helper"), nullptr);
  EXPECT_TRUE(diff.base.has_symbols);
  // The debug file itself has no code to compare, and says so.
  const FunctionDiff nothing = diff_of(shop.path("debug/base.debug"), shop.path("debug/base.debug"));
  EXPECT_TRUE(nothing.base.functions.empty());
  const auto no_bytes = [](const Unanalysed& one) {
    return one.reason == UnanalysedReason::kNoBytes && one.name == "helper";
  };
  EXPECT_EQ(std::ranges::count_if(nothing.base.unanalysed, no_bytes), 1);
}

TEST(Diff, SurvivesDamagedPrograms) {
  const Workshop shop;
  const auto base =
      open(shop.compile("base", "int puts(const char*); int f(int a) { return puts(\"x\") + a * 3; }",
                        "-O1 -fPIC -shared -nostdlib"));
  const Bytes original = *read_all(*base, 1 << 20);
  constexpr unsigned kSeed = 20261127;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 60; ++round) {
    Bytes bytes = original;
    for (int i = 0; i < 6; ++i)
      bytes[random() % (round % 2 == 0 ? 1024 : bytes.size())] = static_cast<std::uint8_t>(random());
    DiffOptions options;
    options.limits.time_max_s = 60;
    const auto diff = diff_functions(*base, *memory_source(bytes), options);
    EXPECT_TRUE(diff || (diff.error().code != ErrorCode::kInternal &&
                         !diff.error().message.starts_with("the analysis")))
        << "seed " << kSeed << " round " << round << ": " << to_string(diff.error());
  }
}

TEST(Diff, SaysWhichLimitWasMet) {
  const Workshop shop;
  const auto base = open(shop.compile("base", kBase));
  DiffOptions options;
  options.limits.code_and_data_max_bytes = 16;
  const auto diff = diff_functions(*base, *base, options);
  ASSERT_FALSE(diff);
  EXPECT_EQ(diff.error().code, ErrorCode::kLimitExceeded);
  EXPECT_EQ(diff.error().expected, "at most 16 bytes");
}

TEST(Listing, ShowsOneFunctionAndWhatTwoHaveInCommon) {
  const Workshop shop;
  const std::string base = shop.compile("base", kBase), target = shop.compile("target", kTarget);
  const FunctionDiff diff = diff_of(base, target);
  const Match* match = match_of(diff, "immediate");
  ASSERT_NE(match, nullptr);
  const Function& one = diff.base.functions[match->base];
  const Function& other = diff.target.functions[match->target];
  const auto left = disassemble_function(*open(base), one.address, one.size_bytes);
  const auto right = disassemble_function(*open(target), other.address, other.size_bytes);
  ASSERT_TRUE(left && right);
  EXPECT_EQ(left->lines.size(), one.instructions);
  EXPECT_TRUE(std::ranges::any_of(
      left->lines, [](const ListingLine& line) { return line.text.find("<helper>") != std::string::npos; }));
  const auto common = common_lines(*left, *right);
  EXPECT_EQ(left->lines.size() - common.size(), match->change->instructions_removed);
  EXPECT_EQ(right->lines.size() - common.size(), match->change->instructions_added);
  EXPECT_EQ(disassemble_function(*open(base), 0x7f0000000000, 16).error().code, ErrorCode::kNotFound);
}

// "    401126:\tpush   %rbp"
TEST(Listing, AgreesWithObjdumpOnWhereInstructionsBegin) {
  constexpr std::size_t kFunctions = 6;
  for (const char* path : {"/bin/ls", "/usr/bin/env", "/usr/lib/x86_64-linux-gnu/libz.so.1"}) {
    if (!std::filesystem::is_regular_file(path)) continue;
    SCOPED_TRACE(path);
    const auto file = open(path);
    const FunctionDiff diff = diff_of(path, path);
    const std::vector<Function>& functions = diff.base.functions;
    ASSERT_FALSE(functions.empty());
    for (std::size_t i = 0; i < functions.size(); i += functions.size() / kFunctions + 1) {
      const Function& function = functions[i];
      const auto listing = disassemble_function(*file, function.address, function.size_bytes);
      ASSERT_TRUE(listing) << to_string(listing.error());
      std::map<std::uint64_t, std::string> theirs;
      std::istringstream lines(output_of(
          fmt::format("objdump -d --no-show-raw-insn --start-address={:#x} --stop-address={:#x} '{}'",
                      function.address, function.address + function.size_bytes, path)));
      for (std::string line; std::getline(lines, line);) {
        const auto colon = line.find(":\t");
        if (colon != std::string::npos) theirs[std::stoull(line, nullptr, 16)] = line.substr(colon + 2);
      }
      std::erase_if(theirs, [](const auto& one) {
        return one.second.find("nop") != std::string::npos ||
               one.second.find("xchg   %ax,%ax") != std::string::npos;
      });
      std::set<std::uint64_t> mine, expected;
      for (const ListingLine& line : listing->lines) mine.insert(line.address);
      for (const auto& [address, text] : theirs) expected.insert(address);
      EXPECT_EQ(mine, expected) << function.display_name();
    }
  }
}

}  // namespace
}  // namespace stella::executable
