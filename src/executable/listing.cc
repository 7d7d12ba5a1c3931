#include "stella/executable/listing.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "analysis.h"
#include "codec.h"
#include "common_subsequence.h"
#include "stella/base/isolate.h"
#include "stella/executable/program.h"

namespace stella::executable {
namespace {

constexpr std::uint64_t kListingMaxBytes = std::uint64_t{256} << 20;
constexpr std::size_t kShownTextMaxBytes = 64;

class Lister {
 public:
  Lister(const Analysis& analysis, const std::vector<object::Symbol>& symbols) : analysis_(analysis) {
    for (const object::Symbol& symbol : symbols) {
      if (symbol.defined && !symbol.name.empty()) names_.push_back(&symbol);
    }
    std::ranges::sort(names_, {}, [](const object::Symbol* one) {
      return std::tuple(one->address, one->kind != object::SymbolKind::kFunction, !one->global,
                        std::string_view(one->name));
    });
  }

  Result<Listing> list(ByteView bytes, std::uint64_t address) const {
    STELLA_TRY(const auto decoder, Decoder::create(analysis_.image, *analysis_.space));
    std::vector<CodeLine> lines;
    const bool thumb = is_thumb(address);
    std::ignore = CodeReader(*decoder, *analysis_.contents).read(bytes, address, thumb, &lines);
    if (lines.size() > kListingLinesMax) {
      return fail(ErrorCode::kLimitExceeded,
                  fmt::format("a listing of {} lines is too long to show", lines.size()));
    }
    Listing listing;
    Instruction instruction;
    decoder->keep_operands();
    decoder->begin_function(thumb);
    for (const CodeLine& line : lines) {
      const bool decoded = decoder->decode(bytes.subspan(line.address - address), line.address, instruction);
      std::string text = decoded ? decoder->text(line.address) : "(no instruction)";
      std::uint64_t key = line.key;
      if (const std::string name = reference_name(instruction, address, bytes.size()); !name.empty()) {
        text += fmt::format(" <{}>", name);
        key = (key ^ quick_hash(as_bytes(name))) * 0x9e3779b97f4a7c15;
      }
      listing.lines.push_back({line.address, std::move(text), key});
    }
    return listing;
  }

 private:
  bool is_thumb(std::uint64_t address) const {
    const auto symbol = std::ranges::lower_bound(names_, address, {}, &object::Symbol::address);
    return symbol != names_.end() && (*symbol)->address == address && (*symbol)->thumb;
  }

  std::string name_at(std::uint64_t address) const {
    const auto symbol = std::ranges::lower_bound(names_, address, {}, &object::Symbol::address);
    return symbol != names_.end() && (*symbol)->address == address ? demangle((*symbol)->name)
                                                                   : std::string();
  }

  std::string reference_name(const Instruction& instruction, std::uint64_t address,
                             std::uint64_t size) const {
    if (instruction.has_target) {
      if (instruction.target - address < size && instruction.target != address) return {};
      const std::string_view import = analysis_.contents->import_called_at(instruction.target);
      return import.empty() ? name_at(instruction.target) : demangle(import);
    }
    for (std::size_t i = 0; i < instruction.data_count; ++i) {
      const Content content = analysis_.contents->of(instruction.data[i]);
      if (content.kind == Content::Kind::kImport) return demangle(as_text(content.bytes));
      if (content.kind == Content::Kind::kText)
        return fmt::format("\"{}\"", as_text(content.bytes).substr(0, kShownTextMaxBytes));
      if (std::string name = name_at(instruction.data[i].address); !name.empty()) return name;
    }
    return {};
  }

  const Analysis& analysis_;
  std::vector<const object::Symbol*> names_;
};

Result<Listing> list_unconfined(const ByteSource& file, std::uint64_t address, std::uint64_t size_bytes,
                                const AnalysisLimits& limits) {
  if (size_bytes > limits.function_size_max_bytes) {
    return fail(
        ErrorCode::kLimitExceeded,
        fmt::format("a function of {} bytes is larger than {}", size_bytes, limits.function_size_max_bytes),
        file.name());
  }
  std::vector<object::Symbol> symbols;
  STELLA_TRY(const auto analysis, open_program(file, limits, symbols));
  const ByteView bytes = analysis->memory.at(address, size_bytes);
  if (bytes.empty() || !analysis->memory.find(address)->executable) {
    return fail(ErrorCode::kNotFound,
                fmt::format("there is no code of {} bytes at {:#x}", size_bytes, address), file.name());
  }
  return Lister(*analysis, symbols).list(bytes, address);
}

}  // namespace

Result<Listing> disassemble_function(const ByteSource& file, std::uint64_t address, std::uint64_t size_bytes,
                                     const AnalysisLimits& limits) {
  const IsolationLimits isolation{limits.memory_max_bytes, limits.time_max_s, kListingMaxBytes};
  STELLA_TRY(const Bytes bytes, run_isolated(isolation, [&]() -> Result<Bytes> {
               STELLA_TRY(const Listing listing, list_unconfined(file, address, size_bytes, limits));
               return encode(listing);
             }));
  return decode_listing(bytes);
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> common_lines(const Listing& base,
                                                                  const Listing& target) {
  const auto keys = [](const Listing& listing) {
    std::vector<std::uint64_t> all;
    for (const ListingLine& line : listing.lines) all.push_back(line.key);
    return all;
  };
  return common_subsequence(keys(base), keys(target));
}

}  // namespace stella::executable
