// Refuses a signature with the installed library: nobody is trusted yet.
#include <stella/attestation/bundle.h>
#include <stella/attestation/trusted_root.h>
#include <stella/attestation/verifier.h>

#include <cstdio>

int main() {
  using namespace stella;
  auto root = attestation::parse_trusted_root(attestation::public_good_root().json);
  if (!root) return 1;
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP256);
  if (!key) return 2;
  const Bytes content{'a'};
  attestation::Bundle bundle;
  bundle.content = attestation::MessageSignature{
      .signature = crypto::sign(*key, crypto::default_algorithm(key->public_key()), content).value()};
  const attestation::Verifier verifier(*std::move(root));
  attestation::VerifyPolicy policy;
  const attestation::ArtifactDigest artifact{.sha256 = sha256(content)};
  if (verifier.verify(bundle, artifact, policy).report.accepted) return 3;
  policy.keys = {key->public_key()};
  if (!verifier.verify(bundle, artifact, policy).report.accepted) return 4;
  // Patterns bring in RE2, and policies YAML.
  if (attestation::TextPattern::regexp(".*")) return 5;
  std::puts("verified");
  return 0;
}
