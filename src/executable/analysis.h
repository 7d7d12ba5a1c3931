// All that matching needs to know of one program.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "code.h"
#include "contents.h"
#include "decoder.h"
#include "stella/base/source.h"
#include "stella/executable/program.h"
#include "stella/object/linkage.h"
#include "stella/object/memory.h"

namespace stella::executable {

struct Extent {
  std::uint64_t address = 0;
  std::uint64_t size = 0;  // with padding
  bool thumb = false;

  friend bool operator==(const Extent&, const Extent&) = default;
};

struct Analysis {
  Program program;
  std::vector<Code> codes;      // by function
  std::vector<Extent> extents;  // by function

  object::Image image;
  object::Memory memory;
  object::Linkage linkage;
  std::unique_ptr<AddressSpace> space;
  std::unique_ptr<Contents> contents;
  bool unterminated_texts = false;

  // Index of the function that begins at `address`, or kNoFunction.
  static constexpr std::uint32_t kNoFunction = 0xffffffff;
  [[nodiscard]] std::uint32_t function_at(std::uint64_t address) const;
  [[nodiscard]] ByteView bytes_of(std::size_t function) const;
};

struct AnalysisOptions {
  AnalysisLimits limits{};
  unsigned threads = 1;
  std::optional<std::filesystem::path> debug_dir{};
};

// `similar` is another version, analysed before; code that is the same there, at the same addresses and with
// the same data around it, is not decoded again. The result does not depend on it.
[[nodiscard]] Result<std::unique_ptr<Analysis>> analyse(const ByteSource& file,
                                                        const AnalysisOptions& options,
                                                        const Analysis* similar = nullptr);

// Only what decoding needs: image, memory, linkage, contents.
[[nodiscard]] Result<std::unique_ptr<Analysis>> open_program(const ByteSource& file,
                                                             const AnalysisLimits& limits,
                                                             std::vector<object::Symbol>& symbols);

}  // namespace stella::executable
