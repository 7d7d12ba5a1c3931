// YAML as JSON values, with the line that each came from: for files that people write. Only what has one
// meaning for every reader: one document, keys that are texts and differ, no anchors, aliases or tags.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "stella/base/error.h"
#include "stella/base/json.h"

namespace stella::yaml {

inline constexpr std::size_t kSizeMaxBytes = 1 << 20;
inline constexpr std::size_t kNodesMax = 100'000;
inline constexpr std::size_t kDepthMax = 32;

struct Document {
  json::Value value{};
  std::map<std::string, int, std::less<>>
      lines{};  // by path as json::View has it, "$.trust.rules[0]"; from 1 on

  // Puts the line of the place that `error` names before it: "line 12: $.trust.rules[0].keys".
  [[nodiscard]] Error at_line(Error error) const;
};

// Plain scalars are null (~, null or nothing), true, false, decimal integers, or else texts: "yes", 1.5 and
// 0x10 are texts. Errors: kCorrupt and kUnsupported with the line; kLimitExceeded.
[[nodiscard]] Result<Document> parse(std::string_view text);

}  // namespace stella::yaml
