// Packages stated in lines of "key: value": dpkg, jar manifests, pom.properties, Python, os-release.
// Sources: deb-control(5); JAR File Specification; core metadata of packaging.python.org; os-release(5).
#include <algorithm>

#include "materials.h"

namespace stella::artifact {
namespace {

constexpr std::size_t kFieldsMax = 10'000;  // of one stanza; what stands behind them is not read

using Fields = std::vector<std::pair<std::string, std::string>>;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return result;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// One line without its end; removes it from `text`.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view field(const Fields& fields, std::string_view key) {
  const auto found = std::ranges::find(fields, key, &Fields::value_type::first);
  return found == fields.end() ? std::string_view{} : std::string_view(found->second);
}

std::optional<Found> debian_package(const Fields& fields) {
  const std::string_view name = field(fields, "package");
  const std::string_view version = field(fields, "version");
  if (name.empty() || version.empty()) return std::nullopt;
  Purl purl{.type = "deb",
            // Where no os-release says better: Ubuntu marks its versions.
            .name_space = version.find("ubuntu") != std::string_view::npos ? "ubuntu" : "debian",
            .name = lower(name),
            .version = std::string(version),
            .qualifiers = {{"arch", std::string(field(fields, "architecture"))}}};
  return Found{.purl = std::move(purl)};
}

}  // namespace

std::vector<std::pair<std::string, std::string>> take_stanza(std::string_view& text) {
  Fields fields;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) {
      if (fields.empty()) continue;
      break;
    }
    if (line[0] == ' ' || line[0] == '\t') {
      if (!fields.empty() && fields.size() < kFieldsMax) fields.back().second += line.substr(1);
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    if (fields.size() == kFieldsMax) continue;
    fields.emplace_back(lower(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1))));
  }
  return fields;
}

std::vector<Found> read_dpkg_status(std::string_view text) {
  std::vector<Found> result;
  while (!text.empty() && result.size() < kComponentsMax) {
    const std::string_view from = text;
    const Fields fields = take_stanza(text);
    const std::string_view status = field(fields, "status");
    if (!status.empty() && !status.ends_with(" installed")) continue;  // removed, only its settings are left
    auto found = debian_package(fields);
    if (!found) continue;
    found->statement_sha256 = sha256(as_bytes(trimmed(from.substr(0, from.size() - text.size()))));
    result.push_back(*std::move(found));
  }
  return result;
}

std::vector<Found> read_deb_control(std::string_view text) {
  auto found = debian_package(take_stanza(text));
  if (!found) return {};
  return {*std::move(found)};
}

// A manifest knows no Maven coordinates, so its package is "generic" unless pom.properties say more.
std::vector<Found> read_jar_manifest(std::string_view text) {
  const Fields fields = take_stanza(text);
  const auto first_of = [&](std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) {
      if (!field(fields, key).empty()) return field(fields, key);
    }
    return std::string_view{};
  };
  std::string_view name = first_of({"bundle-symbolicname", "implementation-title", "automatic-module-name"});
  name = trimmed(name.substr(0, name.find(';')));
  const std::string_view version =
      first_of({"bundle-version", "implementation-version", "specification-version"});
  if (name.empty()) return {};
  return {{.purl = {.type = "generic",
                    .name_space = {},
                    .name = std::string(name),
                    .version = std::string(version),
                    .qualifiers = {}}}};
}

std::vector<Found> read_pom_properties(std::string_view text) {
  Purl purl{.type = "maven", .name_space = {}, .name = {}, .version = {}, .qualifiers = {}};
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(text));
    const std::size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    const std::string_view key = trimmed(line.substr(0, equals));
    const std::string value(trimmed(line.substr(equals + 1)));
    if (key == "groupId") purl.name_space = value;
    if (key == "artifactId") purl.name = value;
    if (key == "version") purl.version = value;
  }
  if (purl.name_space.empty() || purl.name.empty()) return {};
  return {{.purl = std::move(purl)}};
}

std::vector<Found> read_python_metadata(std::string_view text) {
  const Fields fields = take_stanza(text);
  std::string name = lower(field(fields, "name"));
  std::ranges::replace(name, '_', '-');
  if (name.empty()) return {};
  return {{.purl = {.type = "pypi",
                    .name_space = {},
                    .name = std::move(name),
                    .version = std::string(field(fields, "version")),
                    .qualifiers = {}}}};
}

OsRelease read_os_release(std::string_view text) {
  OsRelease release;
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(text));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    std::string_view value = line.substr(equals + 1);
    if (value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0]) {
      value = value.substr(1, value.size() - 2);
    }
    if (line.substr(0, equals) == "ID") release.id = lower(value);
    if (line.substr(0, equals) == "VERSION_ID") release.version_id = value;
  }
  return release;
}

}  // namespace stella::artifact
