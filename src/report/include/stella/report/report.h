// Results as text for people and as JSON for programs. The JSON of every verb is one object with "verb" and
// "ok". Text from artifacts (names, versions) is shown with its control characters replaced, so that it
// cannot steer a terminal.
#pragma once

#include <string>
#include <string_view>

#include "stella/base/json.h"
#include "stella/operations/delta_apply.h"
#include "stella/operations/delta_create.h"
#include "stella/operations/delta_inspect.h"
#include "stella/operations/delta_verify.h"
#include "stella/operations/version.h"

namespace stella::report {

struct Style {
  bool colour = false;
};

enum class Way { kApply, kRollback };

[[nodiscard]] std::string text(const operations::DeltaCreateResult& result, Style style);
[[nodiscard]] std::string text(const operations::DeltaVerifyResult& result, Style style);
[[nodiscard]] std::string text(const operations::DeltaApplyResult& result, Way way, Style style);
[[nodiscard]] std::string text(const operations::DeltaInspectResult& result, Style style);
[[nodiscard]] std::string text(const operations::Version& version, Style style);
[[nodiscard]] std::string text(const Error& error, Style style);  // several lines

[[nodiscard]] json::Value to_json(const operations::DeltaCreateResult& result);
[[nodiscard]] json::Value to_json(const operations::DeltaVerifyResult& result);
[[nodiscard]] json::Value to_json(const operations::DeltaApplyResult& result, Way way);
[[nodiscard]] json::Value to_json(const operations::DeltaInspectResult& result);
[[nodiscard]] json::Value to_json(const operations::Version& version);
[[nodiscard]] json::Value to_json(const Error& error, std::string_view verb);

}  // namespace stella::report
