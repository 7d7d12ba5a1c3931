#include "stella/statement/delta_sig.h"

#include <tuple>

#include <fmt/format.h>

namespace stella::statement {

std::string_view to_string(ChangeKind kind) { return kChangeKindNames[static_cast<std::size_t>(kind)]; }

std::string FunctionState::display_name() const {
  if (!demangled.empty()) return demangled;
  return name.empty() ? fmt::format("sub_{:x}", address) : name;
}

std::uint64_t FunctionDelta::weight() const {
  switch (change) {
    case ChangeKind::kModified:
      return code ? code->instructions_added + code->instructions_removed : 0;
    case ChangeKind::kAdded:
      return target ? target->instructions : 0;
    case ChangeKind::kRemoved:
      return base ? base->instructions : 0;
    case ChangeKind::kRenamed:
    case ChangeKind::kMoved:
      return 0;
  }
  return 0;
}

bool ordered_before(const FunctionDelta& a, const FunctionDelta& b) {
  const auto place = [](const FunctionDelta& d) {
    return std::tuple(d.change, d.program, d.shown().address, d.base ? d.base->address : 0);
  };
  const std::uint64_t one = a.weight(), other = b.weight();
  return one != other ? one > other : place(a) < place(b);
}

FunctionCounts& FunctionCounts::operator+=(const FunctionCounts& other) {
  base += other.base;
  target += other.target;
  added += other.added;
  removed += other.removed;
  modified += other.modified;
  renamed += other.renamed;
  moved += other.moved;
  unchanged += other.unchanged;
  return *this;
}

}  // namespace stella::statement
