// Which logs are trusted, and which witnesses must have cosigned their checkpoints.
// Source: c2sp.org/tlog-policy. Key names are also compared, because two lines with one key would let one
// witness count twice.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/error.h"
#include "stella/base/time.h"
#include "stella/tlog/checkpoint.h"
#include "stella/tlog/note.h"

namespace stella::tlog {

inline constexpr std::size_t kWitnessPolicySizeMaxBytes = 1 << 20;
inline constexpr std::size_t kWitnessPolicyNamesMax = 1024;  // logs, witnesses and groups, each

struct PolicyLog {
  NoteKey key;
  std::string url{};  // empty if there is none
};

struct PolicyWitness {
  std::string name{};  // within the policy; the name in signatures is the key's
  NoteKey key;
  std::string url{};
};

// One who can witness: a witness or a group.
struct PolicyMember {
  enum class Kind { kWitness, kGroup } kind = Kind::kWitness;
  std::size_t index = 0;  // into witnesses or groups

  friend bool operator==(const PolicyMember&, const PolicyMember&) = default;
};

struct PolicyGroup {
  std::string name{};
  std::size_t threshold = 0;  // 1 to the number of members
  std::vector<PolicyMember>
      members{};  // groups only of lower index, so there is no cycle; nobody in two groups
};

struct WitnessPolicy {
  std::vector<PolicyLog> logs{};
  std::vector<PolicyWitness> witnesses{};
  std::vector<PolicyGroup> groups{};
  std::optional<PolicyMember> quorum{};  // none: no cosignature is asked for
};

// Errors: kCorrupt with the line; kUnsupported for key types that this build does not know; kLimitExceeded.
[[nodiscard]] Result<WitnessPolicy> parse_witness_policy(std::string_view text);

struct WitnessOutcome {
  std::size_t witness = 0;  // index into the policy's witnesses
  Result<Time> cosigned{};  // the time; kNotFound without a cosignature, kUntrusted with a wrong one
};
struct QuorumReport {
  bool met = false;
  std::vector<WitnessOutcome> witnesses{};  // all of the policy, in its order
  // The earliest moment at which the cosignatures seen so far met the quorum; none if it is not met or asks
  // for none.
  std::optional<Time> met_at{};
};

// Who cosigned, and whether that is enough. A wrong cosignature counts as missing here; the outcome shows it.
[[nodiscard]] QuorumReport check_quorum(const WitnessPolicy& policy, const Note& note);

// The whole rule of the policy: signed by one of its logs under its name as origin, and cosigned by the
// quorum. With no log in the policy, the log's signature must have been verified elsewhere. Errors:
// kUntrusted that says who is missing.
[[nodiscard]] Result<QuorumReport> verify_by_policy(const WitnessPolicy& policy,
                                                    const SignedCheckpoint& checkpoint);

}  // namespace stella::tlog
