#include <algorithm>

#include <fmt/format.h>

#include "analysis.h"
#include "stella/object/symbols.h"

namespace stella::executable {

Result<std::unique_ptr<Analysis>> open_program(const ByteSource& file, const AnalysisLimits& limits,
                                               std::vector<object::Symbol>& symbols) {
  auto analysis = std::make_unique<Analysis>();
  STELLA_TRY(analysis->image, object::read_image(file));
  if (analysis->image.kind == object::Kind::kCore) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "a core dump has no functions to compare",
                 .where = file.name(),
                 .expected = "an executable, a shared object or a relocatable object",
                 .found = "a core dump"});
  }
  object::lay_out_relocatable(analysis->image);
  STELLA_TRY(analysis->memory, object::Memory::load(file, analysis->image, limits.code_and_data_max_bytes));
  STELLA_TRY(symbols, object::read_symbols(file, analysis->image));
  if (analysis->image.format == object::Format::kPe) {
    STELLA_TRY(symbols, object::read_pe_symbols(file, analysis->image, analysis->memory));
  }
  STELLA_TRY(analysis->linkage, object::read_linkage(file, analysis->image, analysis->memory, symbols));
  if (analysis->image.kind == object::Kind::kRelocatable) {
    STELLA_TRY(analysis->linkage.slots,
               object::apply_relocations(file, analysis->image, analysis->memory, symbols));
  }
  analysis->space = std::make_unique<AddressSpace>(analysis->image);
  analysis->contents =
      std::make_unique<Contents>(analysis->image, analysis->memory, analysis->linkage, *analysis->space);
  analysis->unterminated_texts = has_unterminated_texts(analysis->image, analysis->memory);
  auto decoder = Decoder::create(analysis->image, *analysis->space);
  if (!decoder) return fail(std::move(decoder).error().at(file.name()));
  STELLA_CHECK(analysis->contents->find_stubs(**decoder));
  return analysis;
}

std::uint32_t Analysis::function_at(std::uint64_t address) const {
  const auto found = std::ranges::lower_bound(program.functions, address, {}, &Function::address);
  if (found == program.functions.end() || found->address != address) return kNoFunction;
  return static_cast<std::uint32_t>(found - program.functions.begin());
}

ByteView Analysis::bytes_of(std::size_t function) const {
  return memory.at(extents[function].address, extents[function].size);
}

}  // namespace stella::executable
