// What --help says of `stella binary delta-sig` besides the flags.
#pragma once

namespace stella::cli {

inline constexpr const char* kDeltaSigDiffHelp = R"(
Compares two programs function by function (ELF or PE; archives, packages and images are opened, and every program inside
is compared with its counterpart) and writes what changed as a predicate https://stellaops.dev/delta-sig/v1. The same
files give the same bytes, whatever the number of threads, once the time is given by --computed-at or SOURCE_DATE_EPOCH.

Examples:
  stella binary delta-sig diff --old app-1.0 --new app-2.0 --output predicate.json --arch linux-amd64
  stella binary delta-sig diff --old app-1.0.deb --new app-2.0.deb --output predicate.json --sbom app.spdx.json
  SOURCE_DATE_EPOCH=0 stella binary delta-sig diff --old app-1.0 --new app-2.0 --output predicate.json)";

inline constexpr const char* kDeltaSigVerifyHelp = R"(
Computes every number of the predicate again and says which differ. An invalid predicate ends with status 2 and a list of
all fields that are missing or wrong; numbers that differ end with status 1.

Examples:
  stella binary delta-sig verify --predicate predicate.json --old app-1.0 --new app-2.0
  stella binary delta-sig verify --predicate predicate.json --schema-only)";

inline constexpr const char* kDeltaSigShowHelp = R"(
Shows the functions that changed, the largest change first. With --function and both files, two listings stand side by
side, and the lines that changed are marked. --html writes a page that needs nothing else and can be searched and sorted.

Examples:
  stella binary delta-sig show --predicate predicate.json --kind modified --sort size --limit 50
  stella binary delta-sig show --predicate predicate.json --function parse_header --old app-1.0 --new app-2.0
  stella binary delta-sig show --predicate predicate.json --html changes.html)";

}  // namespace stella::cli
