// What --help says besides the list of flags: what the verb is for, with examples that work as they stand.
#pragma once

namespace stella::cli {

inline constexpr const char* kStellaHelp = R"(
A delta in three steps:
  stella delta create --base app-1.0 --target app-2.0      writes app-2.0.delta/
  stella delta verify --base app-1.0 --target app-2.0      anyone can recompute it
  stella delta apply  --base app-1.0 --target app-2.0      on a machine that has app-1.0 and app-2.0.delta/

Functions that changed, as a statement:
  stella binary delta-sig diff --old app-1.0 --new app-2.0 --output predicate.json
  stella binary delta-sig show predicate.json

Evidence in two:
  stella policy init                                       writes policy.yaml: say there whom you trust
  stella attest verify --artifact app-2.0                  was it signed by one of them? No network is needed

Every verb takes --json, --quiet, --verbose and --threads; `stella delta create --help` explains one verb.
Environment: STELLAOPS_THREADS, STELLAOPS_LOG_LEVEL (error, warn, info, debug), STELLAOPS_TRUST_DIR, NO_COLOR.
Exit status: 0 yes, 1 no (wrong base, not verified), 2 invalid input, 4 not found, 70 our fault, 74 reading or writing failed.)";

inline constexpr const char* kCreateHelp = R"(
The folder holds delta.bin (all that `apply` needs), delta-manifest.json (what changed, for people and policies) and
rollback/delta.bin (the way back). It appears only after each delta was applied once and gave the right digest.
The same files give the same bytes, whatever the number of threads.

Examples:
  stella delta create --base app-1.0.deb --target app-2.0.deb
  stella delta create --base app-1.0 --target app-2.0 --output release/delta --level best
  stella delta create --base old.tar --target new.tar --no-rollback --json)";

inline constexpr const char* kVerifyHelp = R"(
Recomputes manifest and deltas from base and target and compares them byte for byte; says what differs.

Examples:
  stella delta verify --base app-1.0 --target app-2.0
  stella delta verify --base app-1.0 --target app-2.0 --delta release/delta --json)";

inline constexpr const char* kApplyHelp = R"(
Nothing is visible before the digests of base and target both match. The output gets the permissions of the base.

Examples:
  stella delta apply --base app-1.0 --delta app-2.0.delta --output app-2.0
  stella delta apply --base app-1.0 --target app-2.0        finds app-2.0.delta/ beside it
  stella delta apply --base app-1.0 --delta delta.bin --output - | sha256sum)";

inline constexpr const char* kRollbackHelp = R"(
Makes the base again and checks its digest. A rollback should carry a signed statement of who wants it; there is none in
this version, so --allow-unsigned must be given.

Examples:
  stella delta rollback --target app-2.0 --output app-1.0 --allow-unsigned
  stella delta rollback --target app-2.0 --delta release/delta --output app-1.0 --allow-unsigned)";

inline constexpr const char* kInspectHelp = R"(
Draws where the target's bytes come from, what changed, and why the delta is as large as it is. Needs neither base nor
target.

Examples:
  stella delta inspect --delta app-2.0.delta
  stella delta inspect --delta app-2.0.delta/delta.bin --json)";

}  // namespace stella::cli
