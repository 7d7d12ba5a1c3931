// The readers of package statements: what they find has a type and a name, and a purl of printable ASCII.
#include "../src/artifact/materials.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stella;
  const auto check = [](const std::vector<artifact::Found>& found) {
    for (const artifact::Found& one : found) {
      if (one.purl.type.empty() || one.purl.name.empty()) std::abort();
      for (const char c : to_string(one.purl)) {
        if (c <= ' ' || c > '~') std::abort();
      }
    }
  };
  const std::string_view text = as_text({data, size});
  check(artifact::read_dpkg_status(text));
  check(artifact::read_deb_control(text));
  check(artifact::read_rpm_header({data, size}));
  check(artifact::read_package_json(text));
  check(artifact::read_jar_manifest(text));
  check(artifact::read_pom_properties(text));
  check(artifact::read_python_metadata(text));
  (void)artifact::read_os_release(text);
  const auto go = artifact::read_go_program(*memory_source({data, size}, "fuzz"));
  if (!go) std::abort();
  check(*go);
  return 0;
}
