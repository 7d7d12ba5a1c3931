#include "stella/operations/version.h"

#include <fmt/core.h>
#include <openssl/crypto.h>

#include <llvm/Config/llvm-config.h>

#include "stella/delta/format.h"

namespace stella::operations {

Version version() {
  const delta::ToolVersion tool = delta::tool_version();
  Version result;
  result.version = fmt::format("{}.{}.{}", tool.major, tool.minor, tool.patch);
  result.libraries = {
      {"LLVM", LLVM_VERSION_STRING},
      {"OpenSSL", ::OpenSSL_version(OPENSSL_VERSION_STRING)},
      {"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
      {"liblzma", fmt::format("{}.{}.{}", tool.liblzma / 10000000, tool.liblzma / 10000 % 1000,
                              tool.liblzma / 10 % 1000)},
      {"libzstd",
       fmt::format("{}.{}.{}", tool.libzstd / 10000, tool.libzstd / 100 % 100, tool.libzstd % 100)},
  };
#ifdef __clang__
  result.compiler = fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  result.compiler = fmt::format("gcc {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
  return result;
}

}  // namespace stella::operations
