// Which programs inside one artifact became which inside the other, and their bytes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stella/artifact/contents.h"
#include "stella/base/source.h"
#include "stella/operations/context.h"

namespace stella::operations {

// One side of a pair; none when the other side alone has the program.
struct ProgramMember {
  std::string path{};
  std::uint64_t size_bytes = 0;
  Digest sha256{};
  const ByteSource* bytes = nullptr;  // only of those that are to be compared
};

struct ProgramPair {
  std::optional<ProgramMember> base{};
  std::optional<ProgramMember> target{};
};

struct ProgramPairs {
  std::vector<ProgramPair> pairs{};  // programs that differ, by path of the target, else of the base
  std::uint64_t unchanged = 0;       // programs with the same bytes on both sides
  bool plain = false;                // both artifacts are programs themselves: one pair, also when equal
  std::vector<std::unique_ptr<ByteSource>> sources{};  // owns the bytes of members
};

struct ProgramSide {
  const ByteSource& source;
  const artifact::Contents& contents;
};

// Pairs by path; what is left by equal content, by file name, by file name without its version, and at last
// by their global symbols. Errors: kIo.
[[nodiscard]] Result<ProgramPairs> pair_programs(const ProgramSide& base, const ProgramSide& target);

}  // namespace stella::operations
