#include "stella/object/symbols.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <tuple>

#include <unistd.h>

#include "stella/base/digest.h"
#include "stella/object/function_ranges.h"
#include "stella/object/linkage.h"
#include "testing.h"

namespace stella::object {
namespace {

using Entry = std::tuple<std::uint64_t, std::string>;

// "0000000000001040 T name", or with blanks for what is not defined; versions are cut off.
std::set<Entry> from_nm(const std::string& options, const std::string& path) {
  std::istringstream lines(output_of("nm " + options + " '" + path + "' 2>/dev/null"));
  std::set<Entry> entries;
  for (std::string line; std::getline(lines, line);) {
    if (line.size() < 20 || line[0] == ' ' || line[17] == 'N' || line[17] == 'a' || line[17] == 'A') continue;
    const std::string name = line.substr(19);
    entries.insert({std::stoull(line.substr(0, 16), nullptr, 16), name.substr(0, name.find('@'))});
  }
  return entries;
}

std::set<Entry> ours(const std::vector<Symbol>& symbols, SymbolSource source) {
  std::set<Entry> entries;
  for (const Symbol& symbol : symbols) {
    const bool shown =
        symbol.source == source && symbol.defined && symbol.section < 0xff00 && !symbol.name.empty();
    if (shown) entries.insert({symbol.address, symbol.name.substr(0, symbol.name.find('@'))});
  }
  return entries;
}

TEST(Symbols, AgreeWithNmOnProgramsOfThisMachine) {
  for (const std::string& path : programs_of_this_machine()) {
    SCOPED_TRACE(path);
    const auto file = open_file(path);
    ASSERT_TRUE(file);
    const auto image = read_image(**file);
    ASSERT_TRUE(image);
    const auto symbols = read_symbols(**file, *image);
    ASSERT_TRUE(symbols) << to_string(symbols.error());
    for (const auto& [options, source] :
         {std::pair("", SymbolSource::kSymtab), std::pair("-D", SymbolSource::kDynsym)}) {
      const std::set<Entry> theirs = from_nm(options, path), mine = ours(*symbols, source);
      std::vector<Entry> missing;
      std::ranges::set_difference(theirs, mine, std::back_inserter(missing));
      EXPECT_TRUE(missing.empty()) << missing.size() << " missing, first "
                                   << (missing.empty() ? "" : std::get<1>(missing[0]));
    }
  }
}

TEST(Symbols, SayWhichAreFunctions) {
  const auto file = open_file("/proc/self/exe");
  ASSERT_TRUE(file);
  const auto image = read_image(**file);
  ASSERT_TRUE(image);
  const auto symbols = read_symbols(**file, *image);
  ASSERT_TRUE(symbols);
  const auto start = std::ranges::find_if(*symbols, [](const Symbol& one) {
    return one.name == "_start" && one.source == SymbolSource::kSymtab;
  });
  ASSERT_NE(start, symbols->end());
  EXPECT_EQ(start->kind, SymbolKind::kFunction);
  EXPECT_TRUE(start->defined);
}

TEST(Symbols, GiveTheBuildIdThatReadelfShows) {
  for (const std::string& path : programs_of_this_machine()) {
    const auto file = open_file(path);
    ASSERT_TRUE(file);
    const auto image = read_image(**file);
    ASSERT_TRUE(image);
    const auto id = read_build_id(**file, *image);
    ASSERT_TRUE(id);
    const std::string text = output_of("readelf -n '" + path + "' 2>/dev/null");
    const auto at = text.find("Build ID: ");
    EXPECT_EQ(to_hex(*id), at == std::string::npos ? "" : text.substr(at + 10, text.find('\n', at) - at - 10))
        << path;
  }
}

TEST(Symbols, FindTheDebugFileByItsBuildIdAndByItsLink) {
  const auto folder = std::filesystem::temp_directory_path() / ("stella-debug-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder / "debug");
  const auto run = [&](const std::string& command) {
    output_of("cd '" + folder.string() + "' && " + command + " 2>&1");
  };
  std::ofstream(folder / "a.c") << "int f(int a) { return a + 1; }";
  run("cc -shared -fPIC -Wl,--build-id -o a.so a.c && objcopy --only-keep-debug a.so debug/a.debug && "
      "strip -s a.so && objcopy --add-gnu-debuglink=debug/a.debug a.so");
  const auto file = open_file(folder / "a.so");
  ASSERT_TRUE(file);
  const auto image = read_image(**file);
  ASSERT_TRUE(image);
  EXPECT_EQ(*read_debug_link(**file, *image), "a.debug");
  const auto linked = find_debug_file(**file, *image, folder / "debug");
  ASSERT_TRUE(linked);
  EXPECT_EQ(linked->value_or("none"), folder / "debug" / "a.debug");

  const std::string id = to_hex(*read_build_id(**file, *image));
  std::filesystem::create_directories(folder / "ids" / ".build-id" / id.substr(0, 2));
  const auto by_id = folder / "ids" / ".build-id" / id.substr(0, 2) / (id.substr(2) + ".debug");
  std::filesystem::copy_file(folder / "debug" / "a.debug", by_id);
  EXPECT_EQ(find_debug_file(**file, *image, folder / "ids")->value_or("none"), by_id);

  std::ofstream(folder / "debug" / "a.debug", std::ios::app) << "x";
  EXPECT_FALSE(find_debug_file(**file, *image, folder / "debug")->has_value())
      << "its checksum does not fit any more";
  std::filesystem::remove_all(folder);
}

// The same programs with their section headers taken away.
TEST(Symbols, AndUnwindTablesAndImportsAreFoundWithoutSectionHeaders) {
  for (const std::string& path : programs_of_this_machine()) {
    SCOPED_TRACE(path);
    const auto whole = open_file(path);
    ASSERT_TRUE(whole);
    Bytes bytes = *read_all(**whole, std::uint64_t{1} << 30);
    std::fill_n(bytes.begin() + 40, 8, std::uint8_t{0});  // e_shoff
    std::fill_n(bytes.begin() + 58, 6, std::uint8_t{0});  // e_shentsize, e_shnum, e_shstrndx
    const auto bare = memory_source(bytes);
    const auto image = read_image(**whole), bare_image = read_image(*bare);
    ASSERT_TRUE(image && bare_image);
    EXPECT_TRUE(bare_image->sections.empty());
    const auto memory = Memory::load(**whole, *image, std::uint64_t{1} << 30);
    const auto bare_memory = Memory::load(*bare, *bare_image, std::uint64_t{1} << 30);
    ASSERT_TRUE(memory && bare_memory);
    EXPECT_EQ(*elf_unwind_ranges(*image, *memory), *elf_unwind_ranges(*bare_image, *bare_memory));
    auto symbols = *read_symbols(**whole, *image);
    std::erase_if(symbols, [](const Symbol& one) { return one.source != SymbolSource::kDynsym; });
    const auto bare_symbols = *read_symbols(*bare, *bare_image);
    EXPECT_EQ(ours(symbols, SymbolSource::kDynsym), ours(bare_symbols, SymbolSource::kDynsym));
    EXPECT_FALSE(bare_symbols.empty());
    const auto linkage = *read_linkage(**whole, *image, *memory, symbols);
    const auto bare_linkage = *read_linkage(*bare, *bare_image, *bare_memory, bare_symbols);
    EXPECT_EQ(linkage.imports, bare_linkage.imports);
    EXPECT_EQ(linkage.exports, bare_linkage.exports);
    EXPECT_EQ(linkage.slots, bare_linkage.slots);
  }
}

TEST(Symbols, RefuseATableOutsideOfTheFile) {
  const auto file = open_file("/proc/self/exe");
  ASSERT_TRUE(file);
  auto image = read_image(**file);
  ASSERT_TRUE(image);
  const auto table = std::ranges::find(image->sections, SectionType::kSymbols, &Section::type);
  ASSERT_NE(table, image->sections.end());
  Image damaged = *image;
  damaged.sections[static_cast<std::size_t>(table - image->sections.begin())].outside_file = true;
  EXPECT_EQ(read_symbols(**file, damaged).error().code, ErrorCode::kCorrupt);
}

TEST(Linkage, NamesImportsExportsAndSlotsAsReadelfDoes) {
  for (const std::string& path : programs_of_this_machine()) {
    SCOPED_TRACE(path);
    const auto file = open_file(path);
    ASSERT_TRUE(file);
    const auto image = read_image(**file);
    ASSERT_TRUE(image);
    const auto memory = Memory::load(**file, *image, std::uint64_t{1} << 30);
    ASSERT_TRUE(memory);
    const auto symbols = read_symbols(**file, *image);
    ASSERT_TRUE(symbols);
    const auto linkage = read_linkage(**file, *image, *memory, *symbols);
    ASSERT_TRUE(linkage);
    EXPECT_TRUE(std::ranges::is_sorted(linkage->imports));
    EXPECT_TRUE(std::ranges::is_sorted(linkage->slots, {}, &ImportSlot::address));
    std::set<Entry> mine;
    for (const ImportSlot& slot : linkage->slots) mine.insert({slot.address, slot.name});
    // "0000000000012fa8  0000000200000007 R_X86_64_JUMP_SLO 0000000000000000 puts@GLIBC_2.2.5 + 0"
    std::istringstream lines(output_of("readelf -rW '" + path + "' 2>/dev/null | grep JUMP_SLO"));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string address, info, type, value, name;
      words >> address >> info >> type >> value >> name;
      EXPECT_TRUE(mine.contains({std::stoull(address, nullptr, 16), name.substr(0, name.find('@'))})) << line;
    }
  }
}

}  // namespace
}  // namespace stella::object
