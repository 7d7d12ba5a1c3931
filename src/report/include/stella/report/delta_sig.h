// Which functions changed, as tables, listings side by side, JSON and a page.
#pragma once

#include <string>

#include "stella/base/json.h"
#include "stella/operations/delta_sig.h"
#include "stella/report/report.h"

namespace stella::report {

[[nodiscard]] std::string text(const operations::DeltaSigDiffResult& result, Style style);
[[nodiscard]] std::string text(const operations::DeltaSigVerifyResult& result, Style style);
[[nodiscard]] std::string text(const operations::DeltaSigShowResult& result, Style style);

[[nodiscard]] json::Value to_json(const operations::DeltaSigDiffResult& result);
[[nodiscard]] json::Value to_json(const operations::DeltaSigVerifyResult& result);
[[nodiscard]] json::Value to_json(const operations::DeltaSigShowResult& result);

// One HTML page that needs nothing else: no other file, no network, and no script to be read. Every text of
// an artifact is escaped, and a content security policy allows the page's own script alone.
[[nodiscard]] std::string html(const operations::DeltaSigShowResult& result);

}  // namespace stella::report
