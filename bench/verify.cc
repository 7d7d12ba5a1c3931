// Warm verification of keyless bundles on one core: v0.3, P-384 authorities as the public instance has them,
// every leaf distinct. What is counted is all of it: reading the JSON, comparing, verifying. Goals: 750/s for
// Rekor v1 and 500/s for v2.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "stella/attestation/bundle.h"
#include "stella/attestation/verifier.h"
#include "virtual_sigstore.h"

namespace stella::attestation {
namespace {

constexpr std::size_t kBundles = 256;
constexpr std::string_view kContent = "artifact";

struct Inputs {
  testing::VirtualSigstore sigstore{crypto::KeyType::kEcdsaP384};
  std::vector<std::string> bundles{};
  Verifier verifier{sigstore.root()};
};

void verify(benchmark::State& state, testing::LogKind kind) {
  Inputs inputs;
  // As the public instances: v1 gives the time, v2 needs a timestamp.
  const testing::SignRequest request{.log = kind, .timestamp = kind == testing::LogKind::kV2};
  for (std::size_t i = 0; i < kBundles; ++i) {
    inputs.bundles.push_back(
        to_json_text(inputs.sigstore.sign_payload(testing::statement_about(as_bytes(kContent)), request))
            .value());
  }
  const VerifyPolicy policy = testing::policy();
  const ArtifactDigest artifact = testing::artifact(as_bytes(kContent));
  std::size_t next = 0;
  for (auto _ : state) {
    const Bundle bundle = parse_bundle(inputs.bundles[next++ % kBundles]).value();
    const Verdict verdict = inputs.verifier.verify(bundle, artifact, policy);
    if (!verdict.report.accepted) state.SkipWithError("refused");
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(verify, rekor_v1, testing::LogKind::kV1)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(verify, rekor_v2, testing::LogKind::kV2)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace stella::attestation

BENCHMARK_MAIN();
