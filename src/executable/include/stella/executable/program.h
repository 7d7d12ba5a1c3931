// The functions of one program: where they are, what they are called, what they call, and two digests of
// their code. docs/format/function-hashes.md says what the digests cover.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/digest.h"
#include "stella/executable/limits.h"
#include "stella/object/image.h"

namespace stella::executable {

// Where a function's beginning was learned from; the first that knows it.
enum class FunctionSource {
  kSymbolTable,
  kDynamicSymbols,
  kExport,
  kCoffSymbols,
  kGoTable,
  kUnwindTable,
  kEntry,
  kCall
};
[[nodiscard]] std::string_view to_string(FunctionSource source);  // "symbol table", "unwind table" …

struct Function {
  std::string name{};                  // as in the symbol table; empty when the program does not say
  std::string demangled{};             // equal to `name` when that is not mangled
  std::vector<std::string> aliases{};  // other names of the same address, sorted
  std::string section{};
  FunctionSource source = FunctionSource::kSymbolTable;
  std::uint64_t address = 0;
  std::uint64_t size_bytes = 0;          // without the padding behind it
  std::uint32_t instructions = 0;        // without padding
  std::uint32_t blocks = 0;              // basic blocks
  std::uint32_t undecoded = 0;           // bytes that are no instruction, such as data between code
  Digest strict{};                       // of the code; what operands point at in place of addresses
  Digest loose{};                        // of the kinds of instruction; operands masked
  std::vector<std::uint32_t> callees{};  // indexes of functions called, sorted, unique
  std::vector<std::uint32_t> callers{};  // indexes of functions that call this one, sorted, unique
  std::vector<std::string> imports{};    // names of imported functions called, sorted, unique

  [[nodiscard]] std::size_t fan_in() const { return callers.size(); }
  [[nodiscard]] std::size_t fan_out() const { return callees.size() + imports.size(); }
  // The name to show: the demangled one, or "sub_<address in hex>".
  [[nodiscard]] std::string display_name() const;
};

enum class UnanalysedReason {
  kTooLarge,         // larger than function_size_max_bytes
  kUndecodable,      // more bytes that are no instruction than instructions
  kOverBudget,       // after code_max_bytes or functions_max
  kOutsideSections,  // its address or its end lies in no executable section
  kNoBytes,          // its section has no bytes in this file, as in a debug-only file
  kNoStart,          // code of which no source says where functions begin
};
[[nodiscard]] std::string_view to_string(UnanalysedReason reason);  // "too large" …

struct Unanalysed {
  std::string name{};  // empty when unknown
  std::string section{};
  std::uint64_t address = 0;
  std::uint64_t size_bytes = 0;
  UnanalysedReason reason = UnanalysedReason::kTooLarge;
};

struct Program {
  object::Format format = object::Format::kElf;
  object::Kind kind = object::Kind::kExecutable;
  object::Machine machine = object::Machine::kOther;
  unsigned bits = 64;
  bool has_symbols = false;      // a symbol table (or that of a debug file) or Go's table names the functions
  std::string build_id{};        // hex; empty when there is none
  std::string debug_file{};      // the separate debug file that was used
  std::uint64_t code_bytes = 0;  // of executable sections
  std::uint64_t instructions = 0;
  std::vector<Function> functions{};     // ordered by address, unique
  std::vector<Unanalysed> unanalysed{};  // ordered by address, then name
  std::vector<std::string> imports{};    // sorted, unique
  std::vector<std::string> exports{};    // sorted, unique
  std::vector<std::string> notes{};      // sources of functions that could not be read, and why
};

// A name as people write it; itself when it is not mangled or longer than kMangledNameMaxBytes.
[[nodiscard]] std::string demangle(std::string_view name);
inline constexpr std::size_t kMangledNameMaxBytes = 8192;

}  // namespace stella::executable
