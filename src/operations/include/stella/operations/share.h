// Shares as people read them, without floating point: the same text on every machine.
#pragma once

#include <cstdint>
#include <string>

namespace stella::operations {

// "12.3 %" of `whole`, rounded down; "0.0 %" of nothing. Whatever the numbers are, it does not overflow.
[[nodiscard]] std::string share(std::uint64_t part, std::uint64_t whole);

}  // namespace stella::operations
