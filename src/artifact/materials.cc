#include "materials.h"

#include <algorithm>

#include "rpm.h"
#include "stella/base/json.h"

namespace stella::artifact {
namespace {

// The member's name inside its container.
std::string_view name_in_container(const Member& member) {
  const std::string_view path = member.path;
  const std::size_t mark = path.rfind('!');
  std::string_view name = mark == std::string_view::npos ? path : path.substr(mark + 1);
  while (name.starts_with("./")) name.remove_prefix(2);
  if (name.starts_with('/')) name.remove_prefix(1);
  return name;
}

bool is_or_ends_with(std::string_view name, std::string_view tail) {
  return name == tail || (name.ends_with(tail) && name[name.size() - tail.size() - 1] == '/');
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return result;
}

// The vendor's short name, as the purl-spec's examples have it.
std::string rpm_namespace(std::string_view vendor) {
  struct Known {
    std::string_view in_vendor;
    std::string_view name_space;
  };
  constexpr Known kKnown[] = {{"fedora", "fedora"},     {"red hat", "redhat"},   {"centos", "centos"},
                              {"opensuse", "opensuse"}, {"suse", "suse"},        {"rocky", "rocky"},
                              {"alma", "almalinux"},    {"oracle", "oracle"},    {"amazon", "amazon"},
                              {"mageia", "mageia"},     {"microsoft", "mariner"}};
  const std::string text = lower(vendor);
  for (const Known& known : kKnown) {
    if (text.find(known.in_vendor) != std::string::npos) return std::string(known.name_space);
  }
  return {};
}

}  // namespace

Statement statement_of(const Member& member, Type parent) {
  if (member.type == Type::kElf || member.type == Type::kPe) return Statement::kGoProgram;
  if (member.type != Type::kPlain) return Statement::kNone;
  const std::string_view name = name_in_container(member);
  if (parent == Type::kRpm) {
    if (name == "(header)") return Statement::kRpmHeader;
  }
  // A package's control.tar is the only container of that name inside of a .deb; see the collector.
  if (name == "control" && member.key.ends_with("control.tar!control")) return Statement::kDebControl;
  if (is_or_ends_with(name, "var/lib/dpkg/status")) return Statement::kDpkgStatus;
  // Images without dpkg keep one file for each package there.
  if (name.find("var/lib/dpkg/status.d/") != std::string_view::npos && !name.ends_with(".md5sums")) {
    return Statement::kDpkgStatus;
  }
  if (is_or_ends_with(name, "package.json")) return Statement::kNpm;
  if (name == "META-INF/MANIFEST.MF") return Statement::kJarManifest;
  if (name.starts_with("META-INF/maven/") && name.ends_with("/pom.properties"))
    return Statement::kMavenProperties;
  if (name.ends_with(".dist-info/METADATA") || name.ends_with(".egg-info/PKG-INFO"))
    return Statement::kPython;
  if (name == "etc/os-release" || name == "usr/lib/os-release") return Statement::kOsRelease;
  return Statement::kNone;
}

std::vector<Found> read_rpm_header(ByteView bytes) {
  const auto header = RpmHeader::parse(bytes);
  if (!header) return {};
  const auto name = header->text(kRpmName);
  const auto version = header->text(kRpmVersion);
  if (!name || name->empty() || !version) return {};
  Purl purl{.type = "rpm", .name_space = {}, .name = *name, .version = *version, .qualifiers = {}};
  purl.name_space = rpm_namespace(header->text(kRpmVendor).value_or(""));
  if (const auto release = header->text(kRpmRelease)) purl.version += "-" + *release;
  // A package that names no source package is one.
  const bool source = !header->has(kRpmSourceRpm);
  purl.qualifiers.emplace_back("arch", source ? "src" : header->text(kRpmArch).value_or(""));
  if (const auto epoch = header->number(kRpmEpoch); epoch && *epoch != 0) {
    purl.qualifiers.emplace_back("epoch", std::to_string(*epoch));
  }
  return {{.purl = std::move(purl)}};
}

std::vector<Found> read_package_json(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) return {};
  const json::Value* name = value->find("name");
  const json::Value* version = value->find("version");
  if (name == nullptr || version == nullptr || name->string() == nullptr || version->string() == nullptr)
    return {};
  if (name->string()->empty() || version->string()->empty()) return {};
  Purl purl{.type = "npm",
            .name_space = {},
            .name = *name->string(),
            .version = *version->string(),
            .qualifiers = {}};
  const std::size_t slash = purl.name.find('/');
  if (purl.name.starts_with('@') && slash != std::string::npos) {
    purl.name_space = purl.name.substr(0, slash);
    purl.name.erase(0, slash + 1);
  }
  if (purl.name.empty()) return {};
  return {{.purl = std::move(purl)}};
}

}  // namespace stella::artifact
