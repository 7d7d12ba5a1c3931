// Verdicts on evidence, what is in a bundle, and the folder of trust, as text and JSON.
#pragma once

#include <string>

#include "stella/base/json.h"
#include "stella/operations/attest_verify.h"
#include "stella/operations/policy.h"
#include "stella/operations/trust.h"
#include "stella/report/report.h"

namespace stella::report {

// The policy that was enforced comes first, then the verdict, then what failed or could not be checked; with
// `verbose` every check.
[[nodiscard]] std::string text(const operations::AttestVerifyResult& result, Style style, bool verbose);
[[nodiscard]] json::Value to_json(const operations::AttestVerifyResult& result);

// Everything is marked as unverified.
[[nodiscard]] std::string text(const operations::AttestInspectResult& result, Style style);
[[nodiscard]] json::Value to_json(const operations::AttestInspectResult& result);

// What each check means: --explain.
[[nodiscard]] std::string checks_explained_text(Style style);
[[nodiscard]] json::Value checks_explained_json();

[[nodiscard]] std::string text(const operations::TrustResult& result, Style style);
[[nodiscard]] json::Value to_json(const operations::TrustResult& result);
[[nodiscard]] std::string text(const operations::PolicyInitResult& result, Style style);
[[nodiscard]] json::Value to_json(const operations::PolicyInitResult& result);

}  // namespace stella::report
