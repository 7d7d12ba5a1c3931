// The stream that the strict digest covers is described in docs/format/function-hashes.md.
#include "code.h"

#include <algorithm>
#include <cstring>

namespace stella::executable {
namespace {

constexpr std::size_t kOrdinalsMax = 4096;  // places told apart within one function

void append_u32(Bytes& to, std::uint64_t value) {
  const std::size_t at = to.size();
  to.resize(at + 4);
  store_le(to.data() + at, static_cast<std::uint32_t>(value));
}

std::uint32_t mix(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  std::uint64_t hash = a * 0x9e3779b97f4a7c15 + b * 0xc2b2ae3d27d4eb4f + c * 0x165667b19e3779f9;
  hash ^= hash >> 29;
  hash *= 0xbf58476d1ce4e5b9;
  return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace

std::uint64_t quick_hash(ByteView bytes) {
  std::uint64_t hash = 0x9e3779b97f4a7c15 ^ bytes.size();
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    hash = (hash ^ load_le<std::uint64_t>(bytes.data() + at)) * 0xbf58476d1ce4e5b9;
    hash ^= hash >> 31;
  }
  for (; at < bytes.size(); ++at) hash = (hash ^ bytes[at]) * 0x100000001b3;
  hash ^= hash >> 32;
  hash *= 0x94d049bb133111eb;
  return hash ^ (hash >> 29);
}

Code CodeReader::read(ByteView bytes, std::uint64_t address, bool thumb, std::vector<CodeLine>* lines) {
  stream_.clear(), references_.clear(), steps_.clear(), tokens_.clear(), locals_.clear(), targets_.clear();
  positions_.clear();
  decoder_.begin_function(thumb);
  Code code;
  std::size_t traps = 0;  // at the end so far
  std::uint64_t end = 0;  // of the last instruction that is neither padding nor such a trap
  Instruction instruction;
  for (std::size_t at = 0; at < bytes.size(); at += instruction.size) {
    const bool decoded = decoder_.decode(bytes.subspan(at), address + at, instruction);
    if (decoded && instruction.padding) continue;
    Step step{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(stream_.size()), 0, false};
    if (!decoded) {
      code.undecoded += instruction.size;
      instruction.token = 1;
      append_text('u', bytes.subspan(at, instruction.size));
    } else {
      const std::size_t known = references_.size();
      append_record(instruction, bytes.subspan(at, instruction.size), address, bytes.size());
      const bool calls = references_.size() > known && references_.back().kind != ReferenceKind::kData;
      if (calls) step.reference = static_cast<std::uint32_t>(references_.size());
      step.ends_block = instruction.flow != Flow::kNone && instruction.flow != Flow::kCall &&
                        instruction.flow != Flow::kIndirectCall;
    }
    steps_.push_back(step);
    tokens_.push_back(instruction.token);
    const bool trap = decoded && instruction.trap;
    traps = trap ? traps + 1 : 0;
    if (!trap) end = at + instruction.size;
  }
  if (traps < steps_.size() && traps != 0) {
    stream_.resize(steps_[steps_.size() - traps].stream_begin);
    steps_.resize(steps_.size() - traps);
    tokens_.resize(steps_.size());
  } else if (traps != 0) {
    end = bytes.size();
  }
  code.size_bytes = end;
  code.instructions = static_cast<std::uint32_t>(steps_.size());
  resolve_locals();
  mark_blocks(code);
  make_sketch(code);
  code.references = references_;
  sha256_.update(stream_);
  code.strict = sha256_.finish();
  sha256_.update(
      {reinterpret_cast<const std::uint8_t*>(tokens_.data()), tokens_.size() * sizeof(std::uint32_t)});
  code.loose = sha256_.finish();
  if (lines != nullptr) fill_lines(address, *lines);
  return code;
}

void CodeReader::append_record(const Instruction& instruction, ByteView bytes, std::uint64_t address,
                               std::uint64_t size) {
  if (!instruction.has_reference()) {
    const std::size_t at = stream_.size();
    stream_.resize(at + 1 + bytes.size());
    stream_[at] = static_cast<std::uint8_t>(bytes.size());
    std::memcpy(stream_.data() + at + 1, bytes.data(), bytes.size());
    return;
  }
  stream_.push_back('R');
  decoder_.append_operands(stream_);
  if (instruction.has_target) {
    const bool call = instruction.flow == Flow::kCall;
    append_target(instruction.target, address, size, call ? ReferenceKind::kCall : ReferenceKind::kJump);
  }
  for (std::size_t i = 0; i < instruction.data_count; ++i) append_data(instruction.data[i], address, size);
}

void CodeReader::append_target(std::uint64_t target, std::uint64_t address, std::uint64_t size,
                               ReferenceKind kind) {
  if (target - address < size && !(kind == ReferenceKind::kCall && target == address)) {
    append_local(target - address);
    return;
  }
  Reference reference{target, 0, kind, false};
  if (const std::string_view name = contents_.import_called_at(target); !name.empty()) {
    append_text('I', as_bytes(name));
    reference.name_hash = quick_hash(as_bytes(name));
    reference.import = true;
  } else {
    append_ordinal(target);
  }
  references_.push_back(reference);
}

void CodeReader::append_data(const Instruction::Data& data, std::uint64_t address, std::uint64_t size) {
  if (data.address - address < size) {
    append_local(data.address - address);
    return;
  }
  Reference reference{data.address, 0, ReferenceKind::kData, false};
  const Content content = contents_.of(data);
  switch (content.kind) {
    case Content::Kind::kImport:
      append_text('I', content.bytes);
      reference.name_hash = quick_hash(content.bytes);
      reference.import = true;
      break;
    case Content::Kind::kText:
      append_text('S', content.bytes);
      reference.name_hash = quick_hash(content.bytes);
      break;
    case Content::Kind::kBytes:
      append_text('C', content.bytes);
      break;
    case Content::Kind::kUnknown:
      append_ordinal(data.address);
      break;
  }
  references_.push_back(reference);
}

// Places that are only known by their address are told apart by the order in which the function names them.
void CodeReader::append_ordinal(std::uint64_t target) {
  auto found = std::ranges::find(targets_, target);
  if (found == targets_.end() && targets_.size() < kOrdinalsMax) found = targets_.insert(found, target);
  stream_.push_back('P');
  positions_.push_back(static_cast<std::uint32_t>(stream_.size()));
  append_u32(stream_, static_cast<std::uint64_t>(found - targets_.begin()));
}

// Jumps within the function count instructions, so that neither addresses nor encodings nor padding matter.
void CodeReader::append_local(std::uint64_t offset) {
  stream_.push_back('L');
  positions_.push_back(static_cast<std::uint32_t>(stream_.size()));
  locals_.push_back({static_cast<std::uint32_t>(stream_.size()), static_cast<std::uint32_t>(offset)});
  append_u32(stream_, 0);
}

void CodeReader::append_text(char mark, ByteView text) {
  stream_.push_back(static_cast<std::uint8_t>(mark));
  append_u32(stream_, text.size());
  append(stream_, text);
}

std::uint32_t CodeReader::index_at(std::uint32_t offset) const {
  return static_cast<std::uint32_t>(std::ranges::lower_bound(steps_, offset, {}, &Step::offset) -
                                    steps_.begin());
}

void CodeReader::resolve_locals() {
  for (LocalTarget& local : locals_) {
    local.index = index_at(local.offset);
    const bool kept = local.stream_at + 4 <= stream_.size();
    if (kept) store_le(stream_.data() + local.stream_at, local.index);
  }
}

void CodeReader::mark_blocks(Code& code) {
  leaders_.assign(steps_.size() + 1, 0);
  leaders_[0] = 1;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (steps_[i].ends_block) leaders_[i + 1] = 1;
  }
  for (const LocalTarget& local : locals_) leaders_[local.index] = 1;
  leaders_.resize(steps_.size());
  code.blocks = static_cast<std::uint32_t>(std::ranges::count(leaders_, 1));
}

void CodeReader::make_sketch(Code& code) {
  const std::size_t count = tokens_.size() < 3 ? tokens_.size() : tokens_.size() - 2;
  // Of many hashes only those are sorted that are small enough to be among the smallest; there are some too
  // many, since repetitions are dropped. When there are too few for once, all are.
  constexpr std::uint64_t kWanted = kSketchSize + kSketchSize / 2;
  const std::uint64_t all = std::uint64_t{1} << 32;
  std::uint64_t below = count <= kWanted ? all : all * kWanted / count;
  for (;; below = all) {
    grams_.resize(count);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t gram =
          tokens_.size() < 3 ? mix(tokens_[i], 0, 0) : mix(tokens_[i], tokens_[i + 1], tokens_[i + 2]);
      grams_[kept] = gram;
      kept += gram < below ? 1 : 0;
    }
    grams_.resize(kept);
    std::ranges::sort(grams_);
    grams_.erase(std::unique(grams_.begin(), grams_.end()), grams_.end());
    if (grams_.size() >= kSketchSize || below == all) break;
  }
  grams_.resize(std::min(grams_.size(), kSketchSize));
  code.sketch.assign(grams_.begin(), grams_.end());
}

void CodeReader::fill_lines(std::uint64_t address, std::vector<CodeLine>& lines) {
  // Distances and ordinals change in all lines after one that is added; they are left out of the keys.
  for (const std::uint32_t position : positions_) {
    if (position + 4 <= stream_.size()) store_le(stream_.data() + position, std::uint32_t{0});
  }
  lines.clear();
  std::uint32_t block = 0;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (i != 0 && leaders_[i] != 0) ++block;
    const std::size_t begin = steps_[i].stream_begin;
    const std::size_t end = i + 1 < steps_.size() ? steps_[i + 1].stream_begin : stream_.size();
    lines.push_back({address + steps_[i].offset, quick_hash(ByteView(stream_).subspan(begin, end - begin)),
                     block, steps_[i].reference});
  }
}

}  // namespace stella::executable
