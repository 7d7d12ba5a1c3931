// From a file to its functions: starts, extents, code, the graph of calls.
#include "analysis.h"

#include <algorithm>

#include <fmt/format.h>

#include "decoder_pool.h"
#include "starts.h"
#include "stella/base/digest.h"
#include "stella/base/parallel.h"
#include "stella/object/function_ranges.h"
#include "stella/object/symbols.h"

namespace stella::executable {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{64} << 10;  // of code decoded by one piece of work
constexpr std::uint64_t kGapListedMinBytes = 64;            // smaller gaps between functions are padding

class Analyser {
 public:
  Analyser(std::unique_ptr<Analysis> analysis, const AnalysisOptions& options, const Analysis* similar)
      : analysis_(std::move(analysis)), options_(options), similar_(similar), pool_(*analysis_) {
    if (similar_ != nullptr && !same_surroundings()) similar_ = nullptr;
  }

  Result<std::unique_ptr<Analysis>> run(const std::vector<object::Symbol>& symbols) {
    describe_program();
    std::vector<Start> starts = unite_starts(sources(symbols));
    std::vector<Start> sized, unsized;
    for (Start& start : starts) admit(std::move(start), sized, unsized);
    std::vector<Code> codes;
    STELLA_CHECK(decode_all(sized, codes));
    STELLA_CHECK(fill_gaps(sized, codes, std::move(unsized)));
    keep(sized, codes);
    link_calls();
    std::ranges::sort(analysis_->program.unanalysed, {}, [](const Unanalysed& one) {
      return std::tuple(one.address, std::string_view(one.name), one.size_bytes, one.reason);
    });
    return std::move(analysis_);
  }

 private:
  // Whether all that decoding looks at, except the code itself, is the same in the other version.
  bool same_surroundings() const {
    const auto same_section = [](const object::Section& a, const object::Section& b) {
      return a.address == b.address && a.memory_size == b.memory_size && a.allocated == b.allocated &&
             a.name == b.name;
    };
    if (analysis_->image.machine != similar_->image.machine ||
        analysis_->image.kind != similar_->image.kind || analysis_->image.flags != similar_->image.flags ||
        !std::ranges::equal(analysis_->image.sections, similar_->image.sections, same_section) ||
        analysis_->linkage.slots != similar_->linkage.slots) {
      return false;
    }
    const auto same_piece = [](const object::Memory::Piece& a, const object::Memory::Piece& b) {
      const bool matters = !a.writable && !a.executable;
      return a.address == b.address && a.writable == b.writable && a.executable == b.executable &&
             a.bytes.size() == b.bytes.size() && (!matters || a.bytes == b.bytes);
    };
    if (!std::ranges::equal(analysis_->memory.pieces(), similar_->memory.pieces(), same_piece)) return false;
    for (std::size_t i = 0; i < analysis_->memory.pieces().size(); ++i) {
      const auto& piece = analysis_->memory.pieces()[i];
      if (analysis_->contents->is_stub_section(piece.section) &&
          piece.bytes != similar_->memory.pieces()[i].bytes)
        return false;
    }
    return true;
  }

  void describe_program() {
    Program& program = analysis_->program;
    program.format = analysis_->image.format;
    program.kind = analysis_->image.kind;
    program.machine = analysis_->image.machine;
    program.bits = analysis_->image.bits;
    program.imports = analysis_->linkage.imports;
    program.exports = analysis_->linkage.exports;
    for (const object::Section& section : analysis_->image.sections) {
      if (section.allocated && section.executable) program.code_bytes += section.memory_size;
    }
  }

  void take_ranges(std::string_view source, Result<std::vector<object::FunctionRange>> ranges,
                   std::vector<object::FunctionRange>& to) {
    if (ranges) {
      to.insert(to.end(), std::make_move_iterator(ranges->begin()), std::make_move_iterator(ranges->end()));
    } else {
      analysis_->program.notes.push_back(fmt::format("{} not used: {}", source, to_string(ranges.error())));
    }
  }

  StartSources sources(const std::vector<object::Symbol>& symbols) {
    const object::Image& image = analysis_->image;
    StartSources all{&image, &analysis_->memory, &symbols, {}, {}};
    take_ranges("Go's function table", object::go_function_ranges(image, analysis_->memory), all.go);
    if (image.format == object::Format::kPe) {
      if (image.machine == object::Machine::kX64 || image.machine == object::Machine::kArm64) {
        take_ranges("exception directory", object::pdata_ranges(image, analysis_->memory), all.unwind);
      }
    } else {
      take_ranges(".eh_frame", object::elf_unwind_ranges(image, analysis_->memory), all.unwind);
    }
    for (const object::Symbol& symbol : symbols) {
      const bool table =
          symbol.source == object::SymbolSource::kSymtab || symbol.source == object::SymbolSource::kCoff;
      if (table && symbol.kind == object::SymbolKind::kFunction && symbol.defined)
        analysis_->program.has_symbols = true;
    }
    if (!all.go.empty()) analysis_->program.has_symbols = true;
    return all;
  }

  void refuse(const Start& start, UnanalysedReason reason) {
    analysis_->program.unanalysed.push_back({start.names.empty() ? std::string() : start.names.front(),
                                             section_name(start.address), start.address, start.size, reason});
  }

  std::string section_name(std::uint64_t address) const {
    const object::Memory::Piece* piece = analysis_->memory.find(address);
    if (piece == nullptr || piece->section == object::Memory::kNoSection) return {};
    return analysis_->image.sections[piece->section].name;
  }

  bool within_section_without_bytes(std::uint64_t address) const {
    return std::ranges::any_of(analysis_->image.sections, [&](const object::Section& section) {
      return section.allocated && section.executable && section.file_size == 0 &&
             address - section.address < section.memory_size;
    });
  }

  void admit(Start start, std::vector<Start>& sized, std::vector<Start>& unsized) {
    const object::Memory::Piece* piece = analysis_->memory.find(start.address);
    if (piece == nullptr || !piece->executable) {
      const bool no_bytes = piece == nullptr && within_section_without_bytes(start.address);
      refuse(start, no_bytes ? UnanalysedReason::kNoBytes : UnanalysedReason::kOutsideSections);
      return;
    }
    if (analysis_->contents->is_stub_section(piece->section))
      return;  // calls through it name what it imports
    const std::uint64_t room = piece->address + piece->bytes.size() - start.address;
    if (start.size > room) {
      refuse(start, UnanalysedReason::kOutsideSections);
    } else if (start.size > options_.limits.function_size_max_bytes) {
      refuse(start, UnanalysedReason::kTooLarge);
    } else if (functions_ >= options_.limits.functions_max ||
               start.size > options_.limits.code_max_bytes - code_bytes_) {
      refuse(start, UnanalysedReason::kOverBudget);
    } else {
      ++functions_;
      code_bytes_ += start.size;
      (start.size == 0 ? unsized : sized).push_back(std::move(start));
    }
  }

  Status decode_all(const std::vector<Start>& starts, std::vector<Code>& codes) {
    codes.resize(starts.size());
    std::vector<std::size_t> batches{0};
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < starts.size(); ++i) {
      bytes += starts[i].size;
      if (bytes < kBatchBytes) continue;
      batches.push_back(i + 1);
      bytes = 0;
    }
    if (batches.back() != starts.size()) batches.push_back(starts.size());
    return parallel_for(batches.size() - 1, options_.threads, [&](std::size_t batch) -> Status {
      STELLA_TRY(auto decoder, pool_.take());
      CodeReader reader(*decoder, *analysis_->contents);
      for (std::size_t i = batches[batch]; i < batches[batch + 1]; ++i) codes[i] = decode(starts[i], reader);
      pool_.give_back(std::move(decoder));
      return {};
    });
  }

  Code decode(const Start& start, CodeReader& reader) const {
    const ByteView bytes = analysis_->memory.at(start.address, start.size);
    if (similar_ != nullptr) {
      const std::uint32_t known = similar_->function_at(start.address);
      const Extent extent{start.address, start.size, start.thumb};
      if (known != Analysis::kNoFunction && similar_->extents[known] == extent &&
          std::ranges::equal(similar_->bytes_of(known), bytes)) {
        return similar_->codes[known];
      }
    }
    return reader.read(bytes, start.address, start.thumb);
  }

  struct Gap {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };

  // Executable bytes that belong to no function of known size.
  std::vector<Gap> gaps_between(const std::vector<Start>& sized) const {
    std::vector<Gap> gaps;
    std::size_t next = 0;
    for (const object::Memory::Piece& piece : analysis_->memory.pieces()) {
      if (!piece.executable || analysis_->contents->is_stub_section(piece.section)) continue;
      std::uint64_t at = piece.address;
      const std::uint64_t end = piece.address + piece.bytes.size();
      while (next < sized.size() && sized[next].address < at) ++next;
      for (; next < sized.size() && sized[next].address < end; ++next) {
        if (sized[next].address > at) gaps.push_back({at, sized[next].address});
        at = std::max(at, sized[next].address + sized[next].size);
      }
      if (at < end) gaps.push_back({at, end});
    }
    return gaps;
  }

  // Instructions in a gap that are no padding tell which further places are called.
  std::vector<std::uint64_t> calls_in(const Gap& gap, Decoder& decoder) const {
    std::vector<std::uint64_t> targets;
    Instruction instruction;
    decoder.begin_function(false);
    const ByteView bytes = analysis_->memory.at(gap.begin, gap.end - gap.begin);
    for (std::size_t at = 0; at < bytes.size(); at += instruction.size) {
      const bool decoded = decoder.decode(bytes.subspan(at), gap.begin + at, instruction);
      if (decoded && instruction.flow == Flow::kCall && instruction.has_target)
        targets.push_back(instruction.target);
    }
    return targets;
  }

  Status fill_gaps(std::vector<Start>& sized, std::vector<Code>& codes, std::vector<Start> unsized) {
    const std::vector<Gap> gaps = gaps_between(sized);
    std::vector<std::uint64_t> called;
    for (const Code& code : codes) {
      for (const Reference& reference : code.references) {
        if (reference.kind == ReferenceKind::kCall && !reference.import) called.push_back(reference.target);
      }
    }
    std::vector<std::vector<std::uint64_t>> more(gaps.size());
    STELLA_CHECK(parallel_for(gaps.size(), options_.threads, [&](std::size_t i) -> Status {
      if (gaps[i].end - gaps[i].begin < 16) return {};
      STELLA_TRY(auto decoder, pool_.take());
      more[i] = calls_in(gaps[i], *decoder);
      pool_.give_back(std::move(decoder));
      return {};
    }));
    for (const auto& targets : more) called.insert(called.end(), targets.begin(), targets.end());
    std::ranges::sort(called);
    called.erase(std::unique(called.begin(), called.end()), called.end());

    std::vector<Start> found;
    for (const Gap& gap : gaps) split(gap, called, unsized, found);
    std::vector<Code> found_codes;
    STELLA_CHECK(decode_all(found, found_codes));
    sized.insert(sized.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
    codes.insert(codes.end(), std::make_move_iterator(found_codes.begin()),
                 std::make_move_iterator(found_codes.end()));
    return {};
  }

  // Cuts a gap at the unsized starts and the called places within it.
  void split(const Gap& gap, const std::vector<std::uint64_t>& called, const std::vector<Start>& unsized,
             std::vector<Start>& found) {
    std::vector<Start> starts;
    auto known = std::ranges::lower_bound(unsized, gap.begin, {}, &Start::address);
    for (; known != unsized.end() && known->address < gap.end; ++known) starts.push_back(*known);
    const std::uint64_t alignment = analysis_->image.machine == object::Machine::kArm64 ? 4 : 1;
    auto call = std::ranges::lower_bound(called, gap.begin);
    for (; call != called.end() && *call < gap.end; ++call) {
      if (*call % alignment != 0) continue;
      const auto at = std::ranges::lower_bound(starts, *call, {}, &Start::address);
      if (at == starts.end() || at->address != *call)
        starts.insert(at, Start{*call, 0, {}, FunctionSource::kCall, false});
    }
    const std::uint64_t first = starts.empty() ? gap.end : starts.front().address;
    if (first - gap.begin >= kGapListedMinBytes && !is_filling(gap.begin, first)) {
      refuse(Start{gap.begin, first - gap.begin, {}, FunctionSource::kCall, false},
             UnanalysedReason::kNoStart);
    }
    for (std::size_t i = 0; i < starts.size(); ++i) {
      starts[i].size = (i + 1 < starts.size() ? starts[i + 1].address : gap.end) - starts[i].address;
      const std::uint64_t size = starts[i].size;
      if (size > options_.limits.function_size_max_bytes) {
        refuse(starts[i], UnanalysedReason::kTooLarge);
      } else if (functions_ >= options_.limits.functions_max ||
                 size > options_.limits.code_max_bytes - code_bytes_) {
        refuse(starts[i], UnanalysedReason::kOverBudget);
      } else {
        ++functions_;
        code_bytes_ += size;
        found.push_back(std::move(starts[i]));
      }
    }
  }

  bool is_filling(std::uint64_t begin, std::uint64_t end) const {
    const ByteView bytes = analysis_->memory.at(begin, end - begin);
    return std::ranges::all_of(bytes,
                               [](std::uint8_t byte) { return byte == 0 || byte == 0xcc || byte == 0x90; });
  }

  void keep(std::vector<Start>& starts, std::vector<Code>& codes) {
    std::vector<std::size_t> order(starts.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, {}, [&](std::size_t i) { return starts[i].address; });
    Program& program = analysis_->program;
    for (const std::size_t i : order) {
      Start& start = starts[i];
      Code& code = codes[i];
      if (code.instructions == 0 || code.undecoded > code.instructions * 2ULL) {
        refuse(start, UnanalysedReason::kUndecodable);
        continue;
      }
      Function function;
      if (!start.names.empty()) function.name = std::move(start.names.front());
      for (std::size_t k = 1; k < start.names.size(); ++k)
        function.aliases.push_back(std::move(start.names[k]));
      std::ranges::sort(function.aliases);
      function.section = section_name(start.address);
      function.source = start.source;
      function.address = start.address;
      function.size_bytes = code.size_bytes;
      function.instructions = code.instructions;
      function.blocks = code.blocks;
      function.undecoded = code.undecoded;
      function.strict = code.strict;
      function.loose = code.loose;
      program.instructions += code.instructions;
      program.functions.push_back(std::move(function));
      analysis_->extents.push_back({start.address, start.size, start.thumb});
      analysis_->codes.push_back(std::move(code));
    }
  }

  void link_calls() {
    std::vector<Function>& functions = analysis_->program.functions;
    for (std::uint32_t i = 0; i < functions.size(); ++i) {
      for (const Reference& reference : analysis_->codes[i].references) {
        if (reference.import) {
          if (const std::string_view name = import_name(reference); !name.empty())
            functions[i].imports.emplace_back(name);
          continue;
        }
        if (reference.kind == ReferenceKind::kData) continue;
        const std::uint32_t callee = analysis_->function_at(reference.target);
        if (callee != Analysis::kNoFunction) functions[i].callees.push_back(callee);
      }
      sort_unique(functions[i].callees);
      sort_unique(functions[i].imports);
      for (const std::uint32_t callee : functions[i].callees) functions[callee].callers.push_back(i);
    }
  }

  std::string_view import_name(const Reference& reference) const {
    const Content content = analysis_->contents->of({reference.target, 0});
    return content.kind == Content::Kind::kImport ? as_text(content.bytes) : std::string_view{};
  }

  template <typename T>
  static void sort_unique(std::vector<T>& values) {
    std::ranges::sort(values);
    values.erase(std::unique(values.begin(), values.end()), values.end());
  }

  std::unique_ptr<Analysis> analysis_;
  const AnalysisOptions& options_;
  const Analysis* similar_;
  DecoderPool pool_;
  std::size_t functions_ = 0;
  std::uint64_t code_bytes_ = 0;
};

}  // namespace

Result<std::unique_ptr<Analysis>> analyse(const ByteSource& file, const AnalysisOptions& options,
                                          const Analysis* similar) {
  std::vector<object::Symbol> symbols;
  STELLA_TRY(auto analysis, open_program(file, options.limits, symbols));
  STELLA_TRY(const Bytes build_id, object::read_build_id(file, analysis->image));
  analysis->program.build_id = to_hex(build_id);
  if (options.debug_dir && analysis->image.format == object::Format::kElf) {
    STELLA_TRY(const auto path, object::find_debug_file(file, analysis->image, *options.debug_dir));
    if (path) {
      STELLA_TRY(const auto debug, open_file(*path));
      STELLA_TRY(const object::Image debug_image, object::read_image(*debug));
      STELLA_TRY(std::vector<object::Symbol> more, object::read_symbols(*debug, debug_image));
      symbols.insert(symbols.end(), std::make_move_iterator(more.begin()),
                     std::make_move_iterator(more.end()));
      analysis->program.debug_file = path->string();
    }
  }
  return Analyser(std::move(analysis), options, similar).run(symbols);
}

}  // namespace stella::executable
