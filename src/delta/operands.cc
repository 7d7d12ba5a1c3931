#include "operands.h"

namespace stella::delta {
namespace {

// What a byte of x86-64 code may begin.
enum ByteClass : std::uint8_t { kNothing, kCallOpcode, kJumpOpcode, kBranchOpcode, kRipModRm };
constexpr std::array<ByteClass, 256> kByteClass = [] {
  std::array<ByteClass, 256> classes{};
  for (std::size_t i = 0; i < 256; ++i) {
    if ((i & 0xc7) == 0x05) classes[i] = kRipModRm;
    if ((i & 0xf0) == 0x80) classes[i] = kBranchOpcode;  // after 0F
  }
  classes[0xe8] = kCallOpcode;
  classes[0xe9] = kJumpOpcode;
  return classes;
}();

// Bytes of an immediate that follows the displacement, by opcode and ModRM.
std::uint64_t immediate_size(std::uint8_t opcode, std::uint8_t modrm) {
  switch (opcode) {
    case 0x80:
    case 0x83:
    case 0xc0:
    case 0xc1:
    case 0xc6:
    case 0x6b:
      return 1;
    case 0x81:
    case 0xc7:
    case 0x69:
      return 4;
    case 0xf6:
      return (modrm & 0x38) == 0 ? 1 : 0;
    case 0xf7:
      return (modrm & 0x38) == 0 ? 4 : 0;
    default:
      return 0;
  }
}

std::uint64_t sign_extend(std::uint32_t word) {
  return static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(word)});
}

}  // namespace

void OperandScanner::start(const Area* area, ByteView base, std::uint64_t base_offset_bytes,
                           std::uint64_t target_offset_bytes) {
  area_ = area;
  base_ = base;
  base_offset_ = base_offset_bytes;
  free_from_ = 0;
  if (area == nullptr) return;
  const Image& image = images_.images[area->image];
  const Load* const load = load_at_offset(image.base_loads, base_offset_bytes);
  const auto target = map_.target_address(area->image, target_offset_bytes);
  if (load == nullptr || !target) {
    area_ = nullptr;
    return;
  }
  base_address_ = load->address + (base_offset_bytes - load->file_offset_bytes);
  target_address_ = *target;
  low_ = image.base_loads.front().address;
  size_ = image.base_loads.back().address + image.base_loads.back().memory_size_bytes - low_;
}

std::span<const Operand> OperandScanner::scan(std::size_t from, std::size_t end) {
  count_ = 0;
  if (area_ == nullptr) return {};
  switch (area_->kind) {
    case AreaKind::kCodeX64:
      scan_x64(from, end);
      break;
    case AreaKind::kWords64:
      scan_words64(from, end);
      break;
    case AreaKind::kCodeArm64:
    case AreaKind::kSelf32:
    case AreaKind::kTable32:
      scan_words32(from, end);
      break;
  }
  return {found_.data(), count_};
}

bool OperandScanner::add(std::size_t at, std::size_t size, OperandClass cls, std::uint64_t word,
                         std::uint64_t base_origin, std::uint64_t target_origin) {
  Operand& operand = found_[count_];
  operand = {.at = at, .size = size, .cls = cls, .base_word = word, .target_origin = base_origin};
  operand.referent = operand.target_of(word);
  operand.target_origin = target_origin;
  if (!in_image(operand.referent)) return false;
  const auto target = map_.target_of(area_->image, operand.referent);
  if (!target) return false;
  operand.predicted = target->address;
  operand.covered = target->covered;
  ++count_;
  free_from_ = at + size;
  return true;
}

void OperandScanner::scan_x64(std::size_t from, std::size_t end) {
  const std::uint8_t* const b = base_.data();
  // An operand at i follows an opcode or ModRM byte at i - 1 that no operand before it holds.
  std::size_t i = std::max<std::size_t>(from, free_from_ + 1);
  for (; i < end && i + 4 <= base_.size(); ++i) {
    const ByteClass kind = kByteClass[b[i - 1]];
    if (kind == kNothing) continue;
    const std::uint32_t word = load_le<std::uint32_t>(b + i);
    std::uint64_t after = i + 4;
    OperandClass cls = OperandClass::kCall;
    switch (kind) {
      case kCallOpcode:
        break;
      case kJumpOpcode:
        cls = OperandClass::kJump;
        break;
      case kBranchOpcode:
        if (i < 2 || b[i - 2] != 0x0f) continue;
        cls = OperandClass::kBranch;
        break;
      default:
        cls = OperandClass::kRipRelative;
        if (i >= 2) after += immediate_size(b[i - 2], b[i - 1]);
        break;
    }
    if (!in_image(base_address_ + after + sign_extend(word))) continue;
    if (add(i, 4, cls, word, base_address_ + after, target_address_ + after)) i += 4;
  }
}

bool OperandScanner::add_offset(std::size_t at) {
  const auto word = load_le<std::uint32_t>(base_.data() + at);
  const std::uint32_t difference = tracks_ == nullptr ? 0 : tracks_->difference(word);
  if (difference == 0) return false;
  found_[count_++] = {.at = at,
                      .size = 4,
                      .cls = OperandClass::kOffset32,
                      .base_word = word,
                      .referent = word,
                      .predicted = static_cast<std::uint32_t>(word + difference),
                      .covered = false};
  free_from_ = at + 4;
  return true;
}

void OperandScanner::scan_words64(std::size_t from, std::size_t end) {
  std::size_t i = from + static_cast<std::size_t>((4 - (base_address_ + from) % 4) % 4);
  for (; i < end && i + 4 <= base_.size(); i += 4) {
    if ((base_address_ + i) % 8 == 0 && i + 8 <= base_.size()) {
      const auto word = load_le<std::uint64_t>(base_.data() + i);
      if (word != 0 && add(i, 8, OperandClass::kWord64, word, 0, 0)) {
        i += 4;
        continue;
      }
    }
    add_offset(i);
  }
}

void OperandScanner::scan_words32(std::size_t from, std::size_t end) {
  // Aligned by address; a table by its own beginning.
  const std::uint64_t phase =
      area_->kind == AreaKind::kTable32 ? base_offset_ - area_->base_offset_bytes : base_address_;
  std::size_t i = from + static_cast<std::size_t>((4 - (phase + from) % 4) % 4);
  for (; i < end && i + 4 <= base_.size(); i += 4) {
    const auto word = load_le<std::uint32_t>(base_.data() + i);
    if (area_->kind == AreaKind::kCodeArm64) {
      if ((word & 0x7c000000U) != 0x14000000U) continue;
      add(i, 4, OperandClass::kArmBranch, word, base_address_ + i, target_address_ + i);
    } else if (area_->kind == AreaKind::kSelf32) {
      add(i, 4, OperandClass::kSelf32, word, base_address_ + i, target_address_ + i);
    } else {
      const std::uint64_t index = (base_offset_ + i - area_->base_offset_bytes) / 4;
      const Anchor& anchor = area_->anchors[index % area_->anchors.size()];
      if (!anchor.used) continue;
      add(i, 4, OperandClass::kTable32, word, anchor.base_address, anchor.target_address);
    }
  }
}

}  // namespace stella::delta
