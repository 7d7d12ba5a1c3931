// Bundles from anywhere: those that can be read as v0.3 are written and read again to the same, and nobody
// accepts any of them.
#include <cstdlib>

#include "stella/attestation/bundle.h"
#include "stella/attestation/trusted_root.h"
#include "stella/attestation/verifier.h"

using namespace stella;
using namespace stella::attestation;

namespace {

const Verifier& verifier() {
  static const Verifier made(parse_trusted_root(public_good_root().json).value());
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bundles = parse_bundles(as_text({data, size}));
  if (!bundles) return 0;
  for (const Bundle& bundle : *bundles) {
    if (const auto text = to_json_text(bundle)) {
      const auto again = parse_bundle(*text);
      if (!again || to_json_text(*again).value() != *text) std::abort();
    }
    // Nobody is trusted, so that nothing may be accepted, however far the checks come.
    const Verdict verdict =
        verifier().verify(bundle, ArtifactDigest{.sha256 = sha256({})}, {.at = {.seconds = 1'800'000'000}});
    if (verdict.report.accepted || verdict.statement || !verdict.report.failure()) std::abort();
  }
  return 0;
}
