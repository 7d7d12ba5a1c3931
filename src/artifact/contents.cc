#include "stella/artifact/contents.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "layers.h"
#include "materials.h"
#include "unpack.h"

namespace stella::artifact {
namespace {

std::string name_of(const Purl& purl) {
  if (purl.type == "npm" || purl.type == "golang") {
    return purl.name_space.empty() ? purl.name : purl.name_space + "/" + purl.name;
  }
  if (purl.type == "maven") return purl.name_space + ":" + purl.name;
  return purl.name;
}

constexpr std::size_t kPackageJsonMaxBytes = std::size_t{4} << 20;
constexpr std::size_t kPackageTextMaxBytes = 4096;  // of a name or a version
constexpr std::size_t kReleaseTextMaxBytes = 64;    // they are repeated for every package

bool is_too_long(const Purl& purl) {
  std::size_t longest = std::max({purl.name_space.size(), purl.name.size(), purl.version.size()});
  for (const auto& [key, value] : purl.qualifiers) longest = std::max(longest, value.size());
  return longest > kPackageTextMaxBytes;
}

std::size_t text_bytes(const Purl& purl) {
  std::size_t total = purl.name_space.size() + purl.name.size() + purl.version.size();
  for (const auto& [key, value] : purl.qualifiers) total += value.size();
  return total;
}

// Collects members, what could not be opened, and what the members state.
class Collector final : public Visitor {
 public:
  explicit Collector(const Limits& limits) : limits_(limits) {}

  bool wants_bytes(const Member& member) override {
    return statement_of(member, parent()) != Statement::kNone;
  }

  Status visit(const Member& member, const ByteSource* bytes) override {
    contents_.members.push_back(member);
    if (member.opened) {
      marks_.push_back({.type = member.type,
                        .member = contents_.members.size() - 1,
                        .unopened = contents_.unopened.size(),
                        .stated = stated_.size(),
                        .releases = releases_.size()});
      return {};
    }
    if (bytes == nullptr || member.kind != Kind::kFile) return {};
    return read_statement(member, *bytes);
  }

  Status leave(const Member& container, bool whole) override {
    const Mark mark = marks_.back();
    marks_.pop_back();
    if (whole) return {};
    contents_.members.resize(mark.member);
    contents_.members.push_back(container);
    contents_.unopened.resize(mark.unopened);
    stated_.erase(stated_.begin() + static_cast<std::ptrdiff_t>(mark.stated), stated_.end());
    releases_.erase(releases_.begin() + static_cast<std::ptrdiff_t>(mark.releases), releases_.end());
    return {};
  }

  Status unopened(Unopened what) override {
    contents_.unopened.push_back(std::move(what));
    return {};
  }

  Contents finish() {
    drop_hidden();
    drop_named_by_maven();
    std::map<std::string, OsRelease> systems;  // the highest layer's counts
    for (Release& one : releases_) systems.insert_or_assign(std::move(one.root), std::move(one.release));
    for (Stated& one : stated_) {
      if (one.purl.type == "deb") set_distribution(one, systems);
      contents_.components.push_back(component_of(one));
    }
    std::ranges::sort(contents_.components);
    const auto same = std::ranges::unique(contents_.components);
    contents_.components.erase(same.begin(), same.end());
    return std::move(contents_);
  }

 private:
  struct Mark {
    Type type;
    std::size_t member, unopened, stated, releases;
  };
  struct Stated {
    Purl purl;
    std::string path;
    Digest sha256;
    Digest statement_sha256;
  };
  struct Release {
    std::string root;  // what lies beside it belongs to the same system
    OsRelease release;
  };

  [[nodiscard]] Type parent() const { return marks_.empty() ? Type::kPlain : marks_.back().type; }

  Status read_statement(const Member& member, const ByteSource& bytes) {
    const Statement statement = statement_of(member, parent());
    std::vector<Found> found;
    if (statement == Statement::kGoProgram) {
      STELLA_TRY(found, read_go_program(bytes));
    } else {
      // JSON takes many times its size when it is read.
      const std::size_t size_max = statement == Statement::kNpm
                                       ? std::min(limits_.metadata_size_max_bytes, kPackageJsonMaxBytes)
                                       : limits_.metadata_size_max_bytes;
      if (bytes.size() > size_max) {
        note_limit(member, "too large to be searched for packages");
        return {};
      }
      STELLA_TRY(const Bytes whole, read_all(bytes, limits_.metadata_size_max_bytes));
      found = read_text(statement, whole, member);
    }
    for (Found& one : found) {
      if (is_too_long(one.purl)) {
        note_limit(member, "states a package with too long a name");
        continue;
      }
      stated_bytes_ += member.path.size() + text_bytes(one.purl);
      if (stated_.size() >= kComponentsMax || stated_bytes_ > limits_.statements_total_max_bytes) {
        note_limit(member, "states more packages than fit the limits of one artifact");
        break;
      }
      stated_.push_back(
          {.purl = std::move(one.purl),
           .path = member.path,
           .sha256 = member.sha256,
           .statement_sha256 = one.statement_sha256.value_or(member.payload_sha256.value_or(member.sha256))});
    }
    return {};
  }

  void note_limit(const Member& member, std::string reason) {
    contents_.unopened.push_back(
        {.path = member.path, .code = ErrorCode::kLimitExceeded, .reason = std::move(reason)});
  }

  std::vector<Found> read_text(Statement statement, ByteView bytes, const Member& member) {
    const std::string_view text = as_text(bytes);
    switch (statement) {
      case Statement::kDpkgStatus:
        return read_dpkg_status(text);
      case Statement::kDebControl:
        return read_deb_control(text);
      case Statement::kRpmHeader:
        return read_rpm_header(bytes);
      case Statement::kNpm:
        return read_package_json(text);
      case Statement::kJarManifest:
        return read_jar_manifest(text);
      case Statement::kMavenProperties:
        return read_pom_properties(text);
      case Statement::kPython:
        return read_python_metadata(text);
      case Statement::kOsRelease:
        read_release(text, member);
        return {};
      case Statement::kGoProgram:
      case Statement::kNone:
        break;
    }
    return {};
  }

  void read_release(std::string_view text, const Member& member) {
    Release release{.root = root_of(member.path), .release = read_os_release(text)};
    if (std::max(release.release.id.size(), release.release.version_id.size()) > kReleaseTextMaxBytes) return;
    stated_bytes_ += release.root.size();
    if (stated_bytes_ <= limits_.statements_total_max_bytes) releases_.push_back(std::move(release));
  }

  // What a higher layer replaces or deletes is not in the image.
  void drop_hidden() {
    const Layers layers(contents_.members);
    if (layers.empty()) return;
    std::erase_if(stated_, [&](const Stated& one) { return layers.hides(one.path); });
  }

  void drop_named_by_maven() {
    std::set<std::string> jars;
    for (const Stated& one : stated_) {
      if (one.purl.type == "maven") jars.insert(container_of(one.path));
    }
    std::erase_if(stated_, [&](const Stated& one) {
      return one.purl.type == "generic" && jars.contains(container_of(one.path));
    });
  }

  static std::string container_of(const std::string& path) {
    const std::size_t mark = path.rfind('!');
    return mark == std::string::npos ? std::string{} : path.substr(0, mark);
  }

  static void set_distribution(Stated& one, const std::map<std::string, OsRelease>& systems) {
    const auto found = systems.find(root_of(one.path));
    if (found == systems.end() || found->second.id.empty()) return;
    const OsRelease& release = found->second;
    one.purl.name_space = release.id;
    if (release.version_id.empty()) return;
    one.purl.qualifiers.emplace_back("distro", release.id + "-" + release.version_id);
  }

  static Component component_of(const Stated& one) {
    Component component;
    component.purl = to_string(one.purl);
    component.type = one.purl.type;
    component.name = name_of(one.purl);
    component.version = one.purl.version;
    Purl without = one.purl;
    without.version.clear();
    // The release of the distribution changes with the packages; it does not tell them apart.
    std::erase_if(without.qualifiers, [](const auto& qualifier) {
      return qualifier.first == "distro" || qualifier.first == "epoch";
    });
    component.key = to_string(without);
    component.path = one.path;
    component.sha256 = one.sha256;
    component.statement_sha256 = one.statement_sha256;
    return component;
  }

  const Limits& limits_;
  Contents contents_;
  std::vector<Mark> marks_;
  std::vector<Stated> stated_;
  std::vector<Release> releases_;
  std::uint64_t stated_bytes_ = 0;
};

}  // namespace

Result<Contents> read_contents(const ByteSource& source, const Limits& limits, const Progress& progress) {
  Collector collector(limits);
  STELLA_CHECK(walk(source, limits, collector, progress));
  Contents contents = collector.finish();
  STELLA_TRY(contents.type, recognise(source));
  contents.size_bytes = source.size();
  // What was not unpacked has been hashed already.
  const Member& whole = contents.members.front();
  if (whole.packings.empty()) {
    contents.sha256 = whole.sha256;
  } else {
    STELLA_TRY(contents.sha256, hash_source(source));
  }
  return contents;
}

Result<Contents> read_contents(const std::filesystem::path& path, const Limits& limits,
                               const Progress& progress) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    STELLA_TRY(const auto source, open_file(path));
    return read_contents(*source, limits, progress);
  }
  Collector collector(limits);
  STELLA_CHECK(walk(path, limits, collector, progress));
  Contents contents = collector.finish();
  contents.type = Type::kOciLayout;
  contents.size_bytes = contents.members.front().size_bytes;
  contents.sha256 = contents.members.front().sha256;
  return contents;
}

}  // namespace stella::artifact
