#include <fmt/format.h>

#include "format.h"
#include "stella/base/digest.h"
#include "stella/report/attest.h"

namespace stella::report {

using json::Array;
using json::Object;
using json::Value;

std::string text(const operations::TrustResult& result, Style style) {
  std::string out;
  if (!result.output.empty()) {
    out = coloured("Written", Colour::kGreen, style) + ": " + printable(result.output.string()) + "\n";
  } else if (!result.updated) {
    out = coloured("Ready", Colour::kGreen, style) + ": `stella trust update` fetches what it vouches for\n";
  } else if (result.expired) {
    out = coloured("Old", Colour::kYellow, style) +
          ": news may be waiting; `stella trust update` asks for them\n";
  } else {
    out = coloured("Fresh", Colour::kGreen, style) + ": every signature and hash has been verified\n";
  }
  Table table({false, false});
  table.row({"folder", printable(result.folder.string())});
  table.row({"repository", printable(result.source.metadata_url)});
  if (!result.updated) return out + table.text();
  if (!result.trust.targets.empty()) {
    table.row({"root", fmt::format("version {}", result.trust.root_version)});
    table.row({"timestamp", fmt::format("version {}", result.trust.timestamp_version)});
    table.row({"good until", to_string(result.trust.expires)});
  }
  for (const auto& [path, bytes] : result.trust.targets) {
    table.row({"file", printable(path) + ", " + sha256_text(sha256(bytes))});
  }
  return out + table.text();
}

Value to_json(const operations::TrustResult& result) {
  Array targets;
  for (const auto& [path, bytes] : result.trust.targets) {
    targets.push_back(
        Object{{"path", path}, {"sha256", to_hex(sha256(bytes).view())}, {"size_bytes", bytes.size()}});
  }
  const bool known = !result.trust.targets.empty();
  return Object{{"verb", result.verb},
                {"ok", true},
                {"folder", result.folder.string()},
                {"metadata_url", result.source.metadata_url},
                {"targets_url", result.source.targets_url},
                {"root_version", known ? Value(result.trust.root_version) : Value()},
                {"timestamp_version", known ? Value(result.trust.timestamp_version) : Value()},
                {"expires", known ? Value(to_string(result.trust.expires)) : Value()},
                {"expired", result.expired},
                {"targets", std::move(targets)},
                {"output", result.output.empty() ? Value() : Value(result.output.string())}};
}

std::string text(const operations::PolicyInitResult& result, Style style) {
  return coloured("Written", Colour::kGreen, style) +
         fmt::format(": {}; put in whom you trust\n", printable(result.output.string()));
}

Value to_json(const operations::PolicyInitResult& result) {
  return Object{{"verb", "policy init"}, {"ok", true}, {"output", result.output.string()}};
}

}  // namespace stella::report
