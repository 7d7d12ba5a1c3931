// Where functions begin, from every source there is, united.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stella/executable/program.h"
#include "stella/object/function_ranges.h"
#include "stella/object/memory.h"
#include "stella/object/symbols.h"

namespace stella::executable {

struct Start {
  std::uint64_t address = 0;
  std::uint64_t size = 0;            // 0: up to the next start
  std::vector<std::string> names{};  // the one to show first
  FunctionSource source = FunctionSource::kSymbolTable;
  bool thumb = false;
};

struct StartSources {
  const object::Image* image = nullptr;
  const object::Memory* memory = nullptr;
  const std::vector<object::Symbol>* symbols = nullptr;
  std::vector<object::FunctionRange> go{};
  std::vector<object::FunctionRange> unwind{};
};

// Ordered by address, unique. Starts that only unwind tables know are left out when they lie within a
// function that a symbol names.
[[nodiscard]] std::vector<Start> unite_starts(const StartSources& sources);

}  // namespace stella::executable
