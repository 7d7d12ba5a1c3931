// What --help says of the verbs of evidence and trust, with examples that work as they stand.
#pragma once

namespace stella::cli {

inline constexpr const char* kAttestVerifyHelp = R"(
Says whether somebody you trust signed this artifact, when, and whether a log holds the proof. Whom you trust must be
said: by --certificate-identity with --certificate-oidc-issuer, by --key, or by a policy (--policy, ./policy.yaml,
~/.config/stellaops/policy.yaml, /etc/stellaops/policy.yaml). The policy that is enforced is shown before the answer.
No connection is ever opened: everything needed is in the bundle.

--bundle says where the evidence is, --artifact what it must be about; --artifact alone looks for FILE.sigstore.json
beside it. A bundle is a Sigstore bundle, several as JSON lines, or a bare NAME.dsse.json with rekor-proof.json and
cert-chain.pem beside it. --explain lists the checks.

Examples:
  stella attest verify --artifact app.tar --certificate-identity repo:org/repo:ref:refs/heads/main \
    --certificate-oidc-issuer https://token.actions.githubusercontent.com
  stella attest verify --bundle app.dsse.json --artifact sha256:9f86d08…  --key release.pub --require-rekor
  stella attest verify --batch list.tsv --policy policy.yaml --json     lines: BUNDLE, a tab, ARTIFACT

Exit status: 0 accepted, 1 refused, 2 broken bundle or usage, 4 not found.)";

inline constexpr const char* kAttestInspectHelp = R"(
Shows what a bundle claims. Nothing is verified, and the output says so.

Examples:
  stella attest inspect --bundle app.sigstore.json --show-cert
  stella attest inspect --artifact app.tar --show-entry --show-timestamps --json)";

inline constexpr const char* kTrustInitHelp = R"(
Without options the repository is that of Sigstore's public-good instance, whose first root is built in. With --url
alone it is a mirror of it; with --root and --url it is a repository of your own.

Examples:
  stella trust init
  stella trust init --root root.json --url https://tuf.example.com)";

inline constexpr const char* kTrustUpdateHelp = R"(
Follows The Update Framework: roots one by one, no version goes back, nothing expired, each file by its hash. Whatever
happens on the way, `attest verify` sees the state before the update or after it.

Examples:
  stella trust update
  stella trust update --url /media/mirror/tuf --offline
  stella trust update --target signing_config.v0.2.json)";

inline constexpr const char* kTrustShowHelp = R"(
Verifies again what is kept, without a network, and shows it.)";

inline constexpr const char* kTrustExportHelp = R"(
Verifies again what is kept and writes one file of it, for a machine without a network.

Examples:
  stella trust export --output trusted_root.json
  stella trust export --target signing_config.v0.2.json --output -)";

inline constexpr const char* kPolicyInitHelp = R"(
Writes a commented policy to begin with: whose evidence counts, for each kind of it.

Examples:
  stella policy init
  stella policy init --output /etc/stellaops/policy.yaml)";

}  // namespace stella::cli
