// What a search for the next candidate tells.
#pragma once

#include <cstddef>

namespace stella::chunk {

struct Hit {
  std::size_t consumed = 0;  // bytes rolled over, the candidate's last byte included
  bool found = false;        // false: none, and all bytes are consumed
};

}  // namespace stella::chunk
