#include <fmt/format.h>

#include "stella/report/delta_sig.h"

namespace stella::report {
namespace {

using json::Array;
using json::Object;
using json::Value;

Value subject(const statement::DeltaSigSubject& s) {
  return Object{
      {"name", s.name}, {"sha256", to_hex(s.sha256.view())}, {"size_bytes", s.size_bytes}, {"type", s.type}};
}

Value counts(const statement::FunctionCounts& c) {
  return Object{{"base", c.base},       {"target", c.target},      {"added", c.added},
                {"removed", c.removed}, {"modified", c.modified},  {"renamed", c.renamed},
                {"moved", c.moved},     {"unchanged", c.unchanged}};
}

Value listing(const executable::Listing& listing) {
  Array lines;
  for (const executable::ListingLine& line : listing.lines) {
    lines.push_back(Object{{"address", fmt::format("{:#x}", line.address)}, {"text", line.text}});
  }
  return lines;
}

Value listings(const operations::FunctionListings& l) {
  Array common;
  for (const auto& [base, target] : l.common) common.push_back(Array{base, target});
  return Object{{"base", listing(l.base)}, {"target", listing(l.target)}, {"common", std::move(common)}};
}

}  // namespace

Value to_json(const operations::DeltaSigDiffResult& result) {
  const statement::DeltaSig& p = result.predicate;
  return Object{{"verb", "binary delta-sig diff"},
                {"ok", true},
                {"output", result.output.string()},
                {"sha256", to_hex(result.sha256.view())},
                {"size_bytes", result.size_bytes},
                {"base", subject(p.base)},
                {"target", subject(p.target)},
                {"functions", counts(p.summary.functions)},
                {"functions_listed", p.delta.size()},
                {"programs_changed", p.summary.programs.size()},
                {"programs_unchanged", p.summary.programs_unchanged},
                {"unopened", p.summary.unopened.count}};
}

Value to_json(const operations::DeltaSigVerifyResult& result) {
  Array differences;
  for (const operations::Difference& d : result.differences) {
    differences.push_back(Object{{"where", d.where}, {"expected", d.expected}, {"found", d.found}});
  }
  Array not_checked;
  for (const std::string& what : result.not_checked) not_checked.emplace_back(what);
  return Object{{"verb", "binary delta-sig verify"},      {"ok", result.ok},
                {"predicate", result.predicate.string()}, {"sha256", to_hex(result.sha256.view())},
                {"schema_only", result.schema_only},      {"differences", std::move(differences)},
                {"not_checked", std::move(not_checked)}};
}

Value to_json(const operations::DeltaSigShowResult& result) {
  const statement::DeltaSig& p = result.predicate;
  Array rows;
  for (const std::size_t index : result.chosen) rows.push_back(statement::to_json(p.delta[index]));
  Object out{{"verb", "binary delta-sig show"},
             {"ok", true},
             {"predicate", result.options.predicate.string()},
             {"base", subject(p.base)},
             {"target", subject(p.target)},
             {"computed_at", p.computed_at},
             {"matching", result.matching},
             {"functions", std::move(rows)},
             {"summary", statement::to_json(p.summary)},
             {"tooling", statement::to_json(p.tooling)}};
  if (!result.options.html.empty()) out["html"] = Value(result.options.html.string());
  if (result.listings) {
    out["function"] = statement::to_json(result.listings->delta);
    out["listings"] = listings(*result.listings);
  }
  return out;
}

}  // namespace stella::report
