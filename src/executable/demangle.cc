#include <llvm/Demangle/Demangle.h>

#include "stella/executable/program.h"

namespace stella::executable {

std::string demangle(std::string_view name) {
  if (name.size() > kMangledNameMaxBytes) return std::string(name);
  return llvm::demangle(name);
}

}  // namespace stella::executable
