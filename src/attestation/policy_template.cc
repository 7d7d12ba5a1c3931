#include "stella/attestation/policy.h"

namespace stella::attestation {

std::string_view policy_template() {
  return R"yaml(# Whose evidence counts, and what must stand behind it. Nothing is trusted that is not named here.
# `stella attest verify` finds this file as --policy FILE, ./policy.yaml, ~/.config/stellaops/policy.yaml or
# /etc/stellaops/policy.yaml; the first one found is the only one read.
version: 1

# attestation:
#   max_age_days: 365         # refuse what was signed longer ago; without it, evidence does not grow too old

trust:
  # Who may issue certificates, keep logs and tell the time: a Sigstore trusted root (JSON), relative to this file.
  # Without it: `stella trust update` if you use it, else the built-in root of Sigstore's public-good instance.
  # trusted_root: trusted_root.json

  rules:
    # One rule for each kind of evidence. A predicate type stands in one rule only; "file-signature" is a signature
    # over a file itself, and "any-other" is whatever no other rule names.
    - predicate_types:
        - https://slsa.dev/provenance/v1
        - https://stellaops.dev/delta-sig/v1
      # Keyless: any one of these identities, by its issuer. ".*" stands for any text; a bare ".*" is refused.
      signers:
        - identity: "repo:myorg/myrepo:ref:refs/heads/main"
          issuer: https://token.actions.githubusercontent.com
          # require:            # further conditions on the certificate's extensions
          #   runner_environment: github-hosted
        # - identity_regexp: "https://github\\.com/myorg/[a-z-]+/\\.github/workflows/release\\.yml@refs/tags/v.*"
        #   issuer: https://token.actions.githubusercontent.com
      # SLSA provenance only: who may have built it, and the least level.
      # builders: ["https://github.com/slsa-framework/slsa-github-generator/.*"]
      # slsa_level: 2
      require_log: true         # a transparency log must hold the proof, also for signatures by keys
      # logs: 1                 # how many different logs
      # timestamps: 0           # how many different timestamp authorities
      # witnesses: witnesses.txt    # who must have cosigned the checkpoint (c2sp.org/tlog-policy)
      # max_age_days: 90        # instead of the one above

    # Signed with a key of your own, without a certificate: the key's file, or the PEM text itself.
    # - predicate_types: [file-signature]
    #   keys: [keys/release.pub]
)yaml";
}

}  // namespace stella::attestation
