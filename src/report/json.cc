#include "stella/report/report.h"

namespace stella::report {
namespace {

using json::Array;
using json::Object;
using json::Value;

// Numbers above 2^53 would not survive other readers; sizes from a hostile header are the only ones that
// large.
Value number(std::uint64_t value) {
  return value <= (std::uint64_t{1} << 53) ? Value(static_cast<std::int64_t>(value))
                                           : Value(std::to_string(value));
}

Value artifact(const Digest& sha256, std::uint64_t size_bytes) {
  return Object{{"sha256", to_hex(sha256.view())}, {"size_bytes", number(size_bytes)}};
}

Value file(const delta::DeltaFile& f) {
  return Object{{"file", f.file},
                {"sha256", to_hex(f.sha256.view())},
                {"size_bytes", number(f.size_bytes)},
                {"operations_sha256", to_hex(f.operations_sha256.view())},
                {"copy_bytes", number(f.copy_bytes)},
                {"add_bytes", number(f.add_bytes)}};
}

Object counts(std::uint64_t added, std::uint64_t removed, std::uint64_t changed) {
  return {{"added", number(added)}, {"removed", number(removed)}, {"changed", number(changed)}};
}

Value total(const delta::SegmentTotal& t) {
  return Object{{"bytes", number(t.target_bytes)}, {"count", number(t.count)}};
}

Value functions(const std::optional<delta::FunctionsChanged>& f) {
  if (!f) return {};
  return Object{{"added", number(f->added.count)},       {"removed", number(f->removed.count)},
                {"modified", number(f->modified.count)}, {"renamed", number(f->renamed.count)},
                {"moved", number(f->moved.count)},       {"programs_compared", number(f->programs_compared)}};
}

// What the manifest says, in numbers; the lists are in the manifest itself.
Object summary(const delta::Manifest& m) {
  Object members = counts(m.members.added.size(), m.members.removed.size(), m.members.changed.size());
  members["unchanged"] = number(m.members.unchanged);
  members["unopened"] = number(m.members.unopened.size());
  members["payload_equal"] = Value(m.members.payload_equal);
  members["signatures_equal"] = Value(m.members.signatures_equal);
  return {{"artifact_type", m.artifact_type},
          {"level", to_string(m.level)},
          {"members", std::move(members)},
          {"materials_delta",
           counts(m.materials.added.size(), m.materials.removed.size(), m.materials.changed.size())},
          {"functions_changed", functions(m.functions)},
          {"add_entropy_millibits", number(m.composition.add_entropy_millibits)}};
}

}  // namespace

Value to_json(const operations::DeltaCreateResult& result) {
  const delta::Manifest& m = result.manifest;
  return Object{{"verb", "delta create"},
                {"ok", true},
                {"folder", result.folder.string()},
                {"core_sha256", to_hex(result.core_sha256.view())},
                {"base", artifact(m.base_digest.sha256, m.base_digest.size_bytes)},
                {"target", artifact(m.target_digest.sha256, m.target_digest.size_bytes)},
                {"delta", file(m.delta)},
                {"rollback", m.rollback ? file(*m.rollback) : Value()},
                {"manifest", summary(m)}};
}

Value to_json(const operations::DeltaVerifyResult& result) {
  Array differences;
  for (const operations::Difference& d : result.differences) {
    differences.push_back(Object{{"where", d.where}, {"expected", d.expected}, {"found", d.found}});
  }
  return Object{{"verb", "delta verify"},
                {"ok", result.ok},
                {"folder", result.folder.string()},
                {"same_build", result.same_build},
                {"core_sha256", to_hex(result.core_sha256.view())},
                {"differences", std::move(differences)}};
}

Value to_json(const operations::DeltaApplyResult& result, Way way) {
  const bool forth = way == Way::kApply;
  return Object{{"verb", forth ? "delta apply" : "delta rollback"},
                {"ok", true},
                {"output", result.output.string()},
                {"delta", result.delta.string()},
                {"delta_size_bytes", number(result.delta_size_bytes)},
                {"input_sha256", to_hex(result.input_sha256.view())},
                {"output_sha256", to_hex(result.output_sha256.view())},
                {"output_size_bytes", number(result.output_size_bytes)}};
}

Value to_json(const operations::DeltaInspectResult& result) {
  const delta::Anatomy& a = result.anatomy;
  const chunk::Params& p = a.header.chunk_params;
  Array strip;
  for (const operations::StripCell& cell : result.strip) {
    strip.push_back(Array{number(cell.copy_bytes), number(cell.match_bytes), number(cell.literal_bytes)});
  }
  Array reasons;
  for (const std::string& reason : result.reasons) reasons.push_back(Value(reason));
  Object out{
      {"verb", "delta inspect"},
      {"ok", true},
      {"file", result.delta.string()},
      {"sha256", to_hex(a.delta_sha256.view())},
      {"size_bytes", number(a.size_bytes)},
      {"tool", to_string(a.header.tool)},
      {"level", to_string(a.header.level)},
      {"base", artifact(a.header.base_sha256, a.header.base_size_bytes)},
      {"target", artifact(a.header.target_sha256, a.header.target_size_bytes)},
      {"operations_sha256", to_hex(a.header.operations_sha256.view())},
      {"chunking", Object{{"algorithm", chunk::to_string(p.algorithm)},
                          {"size_min_bytes", p.size_min_bytes},
                          {"size_avg_bytes", p.size_avg_bytes},
                          {"size_max_bytes", p.size_max_bytes}}},
      {"windows", number(a.window_count)},
      {"segments", Object{{"copy", total(a.copy)}, {"match", total(a.match)}, {"literal", total(a.literal)}}},
      {"packed", Object{{"framing_bytes", number(a.packed.framing_bytes)},
                        {"address_map_bytes", number(a.packed.address_map_bytes)},
                        {"segment_bytes", number(a.packed.segment_bytes)},
                        {"correction_bytes", number(a.packed.correction_bytes)},
                        {"literal_bytes", number(a.packed.literal_bytes)}}},
      {"strip", std::move(strip)},
      {"reasons", std::move(reasons)}};
  if (result.manifest) out["manifest"] = Value(summary(*result.manifest));
  if (result.core_sha256) out["core_sha256"] = Value(to_hex(result.core_sha256->view()));
  return out;
}

Value to_json(const operations::Version& version) {
  Object libraries;
  for (const auto& [name, number_text] : version.libraries) libraries[name] = Value(number_text);
  return Object{{"verb", "version"},
                {"ok", true},
                {"version", version.version},
                {"compiler", version.compiler},
                {"libraries", std::move(libraries)}};
}

Value to_json(const Error& error, std::string_view verb) {
  Object details{{"code", to_string(error.code)}, {"message", error.message}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) details[name] = Value(value);
  };
  add("where", error.where);
  add("expected", error.expected);
  add("found", error.found);
  add("next", error.next);
  return Object{
      {"verb", verb}, {"ok", false}, {"exit_status", exit_status(error.code)}, {"error", std::move(details)}};
}

}  // namespace stella::report
