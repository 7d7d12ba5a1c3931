#include "stella/executable/program.h"

#include <fmt/format.h>

namespace stella::executable {

std::string_view to_string(FunctionSource source) {
  switch (source) {
    case FunctionSource::kSymbolTable:
      return "symbol table";
    case FunctionSource::kDynamicSymbols:
      return "dynamic symbols";
    case FunctionSource::kExport:
      return "export";
    case FunctionSource::kCoffSymbols:
      return "coff symbols";
    case FunctionSource::kGoTable:
      return "go table";
    case FunctionSource::kUnwindTable:
      return "unwind table";
    case FunctionSource::kEntry:
      return "entry";
    case FunctionSource::kCall:
      return "call";
  }
  return "call";
}

std::string_view to_string(UnanalysedReason reason) {
  switch (reason) {
    case UnanalysedReason::kTooLarge:
      return "too large";
    case UnanalysedReason::kUndecodable:
      return "undecodable";
    case UnanalysedReason::kOverBudget:
      return "over budget";
    case UnanalysedReason::kOutsideSections:
      return "outside of sections";
    case UnanalysedReason::kNoBytes:
      return "no bytes";
    case UnanalysedReason::kNoStart:
      return "no known start";
  }
  return "too large";
}

std::string Function::display_name() const {
  return name.empty() ? fmt::format("sub_{:x}", address) : demangle(name);
}

}  // namespace stella::executable
