#include "stella/operations/share.h"

#include <fmt/format.h>

namespace stella::operations {

std::string share(std::uint64_t part, std::uint64_t whole) {
  __extension__ typedef unsigned __int128 Wide;
  const auto permille = whole == 0 ? 0 : static_cast<std::uint64_t>(Wide{part} * 1000 / whole);
  return fmt::format("{}.{} %", permille / 10, permille % 10);
}

}  // namespace stella::operations
