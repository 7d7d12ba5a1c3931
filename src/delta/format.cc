#include "stella/delta/format.h"

#include <lzma.h>
#include <zstd.h>

#include <array>

#include <fmt/format.h>

namespace stella::delta {
namespace {
constexpr std::array<std::string_view, 3> kLevelNames = {"fast", "default", "best"};
}  // namespace

std::string_view to_string(Level level) { return kLevelNames[static_cast<std::size_t>(level)]; }

Result<Level> parse_level(std::string_view name) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (name == kLevelNames[i]) return static_cast<Level>(i);
  }
  return fail({.code = ErrorCode::kInvalidArgument,
               .message = "there is no such level",
               .expected = "fast, default or best",
               .found = std::string(name)});
}

ToolVersion tool_version() {
  return {
      .major = 0, .minor = 1, .patch = 0, .liblzma = lzma_version_number(), .libzstd = ZSTD_versionNumber()};
}

std::string to_string(const ToolVersion& tool) {
  return fmt::format("stella {}.{}.{}, liblzma {}.{}.{}, libzstd {}.{}.{}", tool.major, tool.minor,
                     tool.patch, tool.liblzma / 10000000, tool.liblzma / 10000 % 1000,
                     tool.liblzma / 10 % 1000, tool.libzstd / 10000, tool.libzstd / 100 % 100,
                     tool.libzstd % 100);
}

}  // namespace stella::delta
