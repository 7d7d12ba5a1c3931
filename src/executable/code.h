// One function's code, decoded: its digests, its shape and what it refers to.
#pragma once

#include <cstdint>
#include <vector>

#include "contents.h"
#include "decoder.h"
#include "stella/base/digest.h"

namespace stella::executable {

enum class ReferenceKind : std::uint8_t { kCall, kJump, kData };

// A place outside of the function that its code names.
struct Reference {
  std::uint64_t target = 0;
  std::uint64_t name_hash = 0;  // of the import's name or the text; 0 when there is none
  ReferenceKind kind = ReferenceKind::kData;
  bool import = false;

  friend bool operator==(const Reference&, const Reference&) = default;
};

inline constexpr std::size_t kSketchSize = 32;

struct Code {
  Digest strict{};
  Digest loose{};
  std::uint64_t size_bytes = 0;  // without the padding at the end
  std::uint32_t instructions = 0;
  std::uint32_t blocks = 0;
  std::uint32_t undecoded = 0;
  std::vector<Reference> references{};  // in the code's order
  std::vector<std::uint32_t>
      sketch{};  // the smallest hashes of three instructions in a row, ascending, unique
};

// One instruction for a comparison by lines.
struct CodeLine {
  std::uint64_t address = 0;
  std::uint64_t key = 0;    // of all that the strict digest sees
  std::uint32_t block = 0;  // index of its basic block
  std::uint32_t reference =
      0;  // index into Code::references plus one, of a call or jump; 0 when there is none
};

class CodeReader {
 public:
  // Both are borrowed.
  CodeReader(Decoder& decoder, const Contents& contents) : decoder_(decoder), contents_(contents) {}

  // `bytes` are the function's at `address`. With `lines`, fills that too.
  [[nodiscard]] Code read(ByteView bytes, std::uint64_t address, bool thumb,
                          std::vector<CodeLine>* lines = nullptr);

 private:
  struct Step {
    std::uint32_t offset = 0;
    std::uint32_t stream_begin = 0;  // of its record
    std::uint32_t reference = 0;
    bool ends_block = false;
  };
  struct LocalTarget {
    std::uint32_t stream_at = 0;  // where the index of the instruction goes
    std::uint32_t offset = 0;
    std::uint32_t index = 0;
  };

  void append_record(const Instruction& instruction, ByteView bytes, std::uint64_t address,
                     std::uint64_t size);
  void append_target(std::uint64_t target, std::uint64_t address, std::uint64_t size, ReferenceKind kind);
  void append_data(const Instruction::Data& data, std::uint64_t address, std::uint64_t size);
  void append_ordinal(std::uint64_t target);
  void append_local(std::uint64_t offset);
  void append_text(char mark, ByteView text);
  void resolve_locals();
  void mark_blocks(Code& code);
  void make_sketch(Code& code);
  void fill_lines(std::uint64_t address, std::vector<CodeLine>& lines);
  [[nodiscard]] std::uint32_t index_at(std::uint32_t offset) const;

  Decoder& decoder_;
  const Contents& contents_;
  Sha256 sha256_;
  Bytes stream_;
  std::vector<Reference> references_;
  std::vector<Step> steps_;
  std::vector<std::uint32_t> tokens_;
  std::vector<LocalTarget> locals_;
  std::vector<std::uint32_t> positions_;  // in the stream, of distances and ordinals
  std::vector<std::uint64_t> targets_;    // outside, in order of first appearance
  std::vector<std::uint8_t> leaders_;
  std::vector<std::uint32_t> grams_;
};

// A hash for tables and comparisons of lines; not for evidence.
[[nodiscard]] std::uint64_t quick_hash(ByteView bytes);

}  // namespace stella::executable
