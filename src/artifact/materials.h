// Finds software packages in the files that state them. Each reader takes the bytes of one such file and
// gives the packages that it states; a file that is no such thing after all states none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stella/artifact/component.h"
#include "stella/artifact/limits.h"
#include "stella/artifact/walk.h"

namespace stella::artifact {

inline constexpr std::size_t kComponentsMax = 1'000'000;  // of one artifact

struct Found {
  Purl purl;
  std::optional<Digest> statement_sha256{};  // where the file states several
};

enum class Statement : std::uint8_t {
  kNone,
  kDpkgStatus,
  kDebControl,
  kRpmHeader,
  kNpm,
  kJarManifest,
  kMavenProperties,
  kPython,
  kGoProgram,
  kOsRelease,
};

// By the member's place in its container (`parent` is the container's type): where each kind of package puts
// its statement.
[[nodiscard]] Statement statement_of(const Member& member, Type parent);

[[nodiscard]] std::vector<Found> read_dpkg_status(std::string_view text);
[[nodiscard]] std::vector<Found> read_deb_control(std::string_view text);
[[nodiscard]] std::vector<Found> read_rpm_header(ByteView bytes);
[[nodiscard]] std::vector<Found> read_package_json(std::string_view text);
[[nodiscard]] std::vector<Found> read_jar_manifest(std::string_view text);
[[nodiscard]] std::vector<Found> read_pom_properties(std::string_view text);
[[nodiscard]] std::vector<Found> read_python_metadata(std::string_view text);
// The build information that Go puts into programs, of Go 1.13 and later. Errors: kIo.
[[nodiscard]] Result<std::vector<Found>> read_go_program(const ByteSource& program);

// ID and VERSION_ID of an os-release file.
struct OsRelease {
  std::string id;
  std::string version_id;
};
[[nodiscard]] OsRelease read_os_release(std::string_view text);

// Fields of a stanza as in control files and mail headers ("Key: value", continued by lines that begin with a
// blank); keys in lower case. Stops at the first empty line and removes what it read from `text`.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> take_stanza(std::string_view& text);

}  // namespace stella::artifact
