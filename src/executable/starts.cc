#include "starts.h"

#include <algorithm>
#include <tuple>

namespace stella::executable {
namespace {

struct Candidate {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  FunctionSource source = FunctionSource::kSymbolTable;
  bool global = false;
  bool thumb = false;
  const std::string* name = nullptr;
};

FunctionSource source_of(object::SymbolSource source) {
  switch (source) {
    case object::SymbolSource::kSymtab:
      return FunctionSource::kSymbolTable;
    case object::SymbolSource::kDynsym:
      return FunctionSource::kDynamicSymbols;
    case object::SymbolSource::kPeExport:
      return FunctionSource::kExport;
    case object::SymbolSource::kCoff:
      return FunctionSource::kCoffSymbols;
  }
  return FunctionSource::kSymbolTable;
}

std::vector<Candidate> all_candidates(const StartSources& sources) {
  std::vector<Candidate> all;
  for (const object::Symbol& symbol : *sources.symbols) {
    if (symbol.kind != object::SymbolKind::kFunction || !symbol.defined || symbol.name.empty()) continue;
    all.push_back(
        {symbol.address, symbol.size, source_of(symbol.source), symbol.global, symbol.thumb, &symbol.name});
  }
  for (const object::FunctionRange& range : sources.go) {
    all.push_back({range.address, range.size, FunctionSource::kGoTable, true, false, &range.name});
  }
  for (const object::FunctionRange& range : sources.unwind) {
    all.push_back({range.address, range.size, FunctionSource::kUnwindTable, false, false, nullptr});
  }
  const std::uint64_t entry = sources.image->entry;
  const object::Memory::Piece* piece = entry == 0 ? nullptr : sources.memory->find(entry);
  if (piece != nullptr && piece->executable)
    all.push_back({entry & ~std::uint64_t{sources.image->machine == object::Machine::kArm}, 0,
                   FunctionSource::kEntry, false, (entry & 1) != 0, nullptr});
  static const std::string kNone;
  std::ranges::sort(all, {}, [](const Candidate& one) {
    const std::string& name = one.name == nullptr ? kNone : *one.name;
    return std::tuple(one.address, one.source, !one.global, name.size(), std::string_view(name), one.size);
  });
  return all;
}

Start unite(const Candidate* first, const Candidate* last) {
  Start start{first->address, 0, {}, first->source, false};
  for (const Candidate* one = first; one != last; ++one) {
    if (start.size == 0) start.size = one->size;
    start.thumb = start.thumb || one->thumb;
    if (one->name == nullptr || one->name->empty()) continue;
    if (std::ranges::find(start.names, *one->name) == start.names.end()) start.names.push_back(*one->name);
  }
  return start;
}

}  // namespace

std::vector<Start> unite_starts(const StartSources& sources) {
  const std::vector<Candidate> all = all_candidates(sources);
  std::vector<Start> starts;
  std::uint64_t named_end = 0;
  for (std::size_t i = 0; i < all.size();) {
    std::size_t next = i;
    while (next < all.size() && all[next].address == all[i].address) ++next;
    Start start = unite(&all[i], &all[i] + (next - i));
    i = next;
    if (start.names.empty() && start.address < named_end) continue;
    if (!start.names.empty()) named_end = std::max(named_end, start.address + start.size);
    starts.push_back(std::move(start));
  }
  return starts;
}

}  // namespace stella::executable
