#include <fmt/format.h>

#include "stella/base/json_stream.h"
#include "stella/statement/delta_sig.h"

namespace stella::statement {
namespace {

// One object a function; members in canonical order, which json::Writer asserts.
class PredicateWriter {
 public:
  PredicateWriter(const DeltaSig& predicate, ByteSink& to) : p_(predicate), out_(to) {}

  Status predicate() {
    out_.begin_object();
    out_.member("computedAt", p_.computed_at);
    delta();
    if (!p_.large_blobs.empty()) out_.key("largeBlobs"), large_blobs();
    if (p_.sbom_sha256) out_.member("sbomDigest", sha256_text(*p_.sbom_sha256));
    out_.key("subject");
    out_.begin_array();
    subject("base", p_.base);
    subject("target", p_.target);
    out_.end_array();
    out_.key("summary"), summary();
    out_.key("tooling"), tooling();
    out_.end_object();
    return out_.finish();
  }

  Status part(const FunctionDelta& d) { return function_delta(d), out_.finish(); }
  Status part(const DeltaSigSummary&) { return summary(), out_.finish(); }
  Status part(const DeltaSigTooling&) { return tooling(), out_.finish(); }

  Status report() {
    out_.begin_object();
    delta();
    out_.key("summary"), summary();
    out_.key("tooling"), tooling();
    out_.end_object();
    return out_.finish();
  }

 private:
  template <typename T, typename Write>
  void list(const std::vector<T>& elements, const Write& write) {
    out_.begin_array();
    for (const T& element : elements) write(element);
    out_.end_array();
  }
  template <typename T, typename Write>
  void listed(std::string_view key, const Listed<T>& what, const Write& write) {
    out_.key(key);
    out_.begin_object();
    out_.member("count", what.count);
    out_.key("listed"), list(what.listed, write);
    out_.end_object();
  }
  void names(std::string_view key, const Names& what) {
    listed(key, what, [&](const std::string& name) { out_.string(name); });
  }
  void address(std::uint64_t value) { out_.member("address", fmt::format("{:#x}", value)); }

  void delta() {
    out_.key("delta"), list(p_.delta, [&](const FunctionDelta& d) { function_delta(d); });
  }

  void function_delta(const FunctionDelta& d) {
    out_.begin_object();
    if (d.base) out_.key("base"), function_state(*d.base);
    out_.member("change", to_string(d.change));
    if (d.code) out_.key("code"), code_change(*d.code);
    if (d.match) out_.key("match"), match(*d.match);
    out_.member("program", d.program);
    if (d.target) out_.key("target"), function_state(*d.target);
    out_.end_object();
  }

  void function_state(const FunctionState& f) {
    out_.begin_object();
    address(f.address);
    out_.member("blocks", f.blocks);
    if (!f.demangled.empty()) out_.member("demangled", f.demangled);
    out_.member("fanIn", f.fan_in);
    out_.member("fanOut", f.fan_out);
    out_.member("instructions", f.instructions);
    out_.member("looseHash", to_hex(f.loose.view()));
    if (!f.name.empty()) out_.member("name", f.name);
    out_.member("section", f.section);
    out_.member("size", f.size_bytes);
    out_.member("strictHash", to_hex(f.strict.view()));
    out_.end_object();
  }

  void match(const FunctionMatch& m) {
    out_.begin_object();
    out_.member("confidencePerMille", m.confidence_per_mille);
    out_.member("kind", m.kind);
    out_.key("moved"), out_.boolean(m.moved);
    out_.key("renamed"), out_.boolean(m.renamed);
    out_.member("similarityPerMille", m.similarity_per_mille);
    out_.end_object();
  }

  void code_change(const CodeChange& c) {
    out_.begin_object();
    out_.member("blocksAdded", c.blocks_added);
    out_.member("blocksRemoved", c.blocks_removed);
    names("callsAdded", c.calls_added);
    names("callsRemoved", c.calls_removed);
    out_.member("instructionsAdded", c.instructions_added);
    out_.member("instructionsRemoved", c.instructions_removed);
    out_.key("sizeDelta"), out_.value(json::Value(c.size_delta_bytes));
    out_.end_object();
  }

  void large_blobs() {
    list(p_.large_blobs, [&](const LargeBlob& b) {
      out_.begin_object();
      out_.member("digest", sha256_text(b.sha256));
      out_.member("kind", b.kind);
      out_.member("size", b.size_bytes);
      out_.end_object();
    });
  }

  void subject(std::string_view role, const DeltaSigSubject& s) {
    out_.begin_object();
    out_.key("digest");
    out_.begin_object();
    out_.member("blake3", to_hex(s.blake3.view()));
    out_.member("sha256", to_hex(s.sha256.view()));
    out_.end_object();
    out_.member("name", s.name);
    out_.member("role", role);
    out_.member("size", s.size_bytes);
    out_.member("type", s.type);
    out_.end_object();
  }

  void counts(const FunctionCounts& c) {
    out_.begin_object();
    out_.member("added", c.added);
    out_.member("base", c.base);
    out_.member("modified", c.modified);
    out_.member("moved", c.moved);
    out_.member("removed", c.removed);
    out_.member("renamed", c.renamed);
    out_.member("target", c.target);
    out_.member("unchanged", c.unchanged);
    out_.end_object();
  }

  void summary() {
    const DeltaSigSummary& s = p_.summary;
    out_.begin_object();
    out_.key("functions"), counts(s.functions);
    out_.member("functionsUnlisted", s.functions_unlisted);
    out_.key("programs"), list(s.programs, [&](const ProgramDelta& d) { program(d); });
    out_.member("programsUnchanged", s.programs_unchanged);
    listed("unopened", s.unopened, [&](const UnopenedPart& u) {
      out_.begin_object();
      out_.member("path", u.path);
      out_.member("reason", u.reason);
      out_.member("role", u.in_target ? "target" : "base");
      out_.end_object();
    });
    out_.end_object();
  }

  void program_file(const ProgramFile& f) {
    out_.begin_object();
    out_.key("digest");
    out_.begin_object();
    out_.member("sha256", to_hex(f.sha256.view()));
    out_.end_object();
    out_.member("path", f.path);
    out_.member("size", f.size_bytes);
    out_.end_object();
  }

  void program(const ProgramDelta& d) {
    out_.begin_object();
    if (d.base) out_.key("base"), program_file(*d.base);
    if (d.comparison) out_.key("comparison"), comparison(*d.comparison);
    if (d.not_compared) {
      out_.key("notCompared");
      out_.begin_object();
      out_.member("code", d.not_compared->code);
      out_.member("message", d.not_compared->message);
      out_.end_object();
    }
    if (d.target) out_.key("target"), program_file(*d.target);
    out_.end_object();
  }

  void comparison(const ProgramComparison& c) {
    out_.begin_object();
    out_.member("arch", c.arch);
    out_.key("base"), program_state(c.base);
    out_.member("bits", c.bits);
    name_change("exports", c.exports);
    out_.member("format", c.format);
    out_.key("functions"), counts(c.functions);
    name_change("imports", c.imports);
    out_.member("machine", c.machine);
    name_change("strings", c.strings);
    out_.key("target"), program_state(c.target);
    out_.end_object();
  }

  void name_change(std::string_view key, const NameChange& change) {
    out_.key(key);
    out_.begin_object();
    names("added", change.added);
    names("removed", change.removed);
    out_.end_object();
  }

  void program_state(const ProgramState& s) {
    out_.begin_object();
    if (!s.build_id.empty()) out_.member("buildId", s.build_id);
    out_.member("codeSize", s.code_bytes);
    out_.member("instructions", s.instructions);
    names("notes", s.notes);
    out_.member("symbols", s.symbols);
    listed("unanalysed", s.unanalysed, [&](const UnanalysedFunction& u) {
      out_.begin_object();
      address(u.address);
      if (!u.name.empty()) out_.member("name", u.name);
      out_.member("reason", u.reason);
      out_.member("section", u.section);
      out_.member("size", u.size_bytes);
      out_.end_object();
    });
    out_.end_object();
  }

  void tool(std::string_view key, const Tool& t) {
    out_.key(key);
    out_.begin_object();
    out_.member("name", t.name);
    out_.member("version", t.version);
    out_.end_object();
  }

  void tooling() {
    out_.begin_object();
    tool("diffAlgorithm", p_.tooling.diff_algorithm);
    tool("generator", p_.tooling.generator);
    tool("lifter", p_.tooling.lifter);
    out_.end_object();
  }

  const DeltaSig& p_;
  json::Writer out_;
};

// Counts what passes, and stops where a reader would refuse.
class LimitedSink final : public ByteSink {
 public:
  explicit LimitedSink(ByteSink& to) : to_(to) {}
  Status write(ByteView bytes) override {
    size_bytes_ += bytes.size();
    if (size_bytes_ > kDeltaSigSizeMaxBytes) {
      return fail({.code = ErrorCode::kLimitExceeded,
                   .message = "the predicate would be too large",
                   .expected = fmt::format("at most {} bytes", kDeltaSigSizeMaxBytes),
                   .next = "compare smaller parts of the artifacts"});
    }
    return to_.write(bytes);
  }

 private:
  ByteSink& to_;
  std::uint64_t size_bytes_ = 0;
};

// Through the text, so that there is one description of the form.
template <typename T>
json::Value value_of(const T& part, const DeltaSig& within) {
  MemorySink sink;
  // Neither can fail: memory takes everything, and what is written is JSON.
  if (!PredicateWriter(within, sink).part(part)) return {};
  auto value = json::parse(as_text(sink.bytes()), {.depth_max = 16, .size_max_bytes = kDeltaSigSizeMaxBytes});
  return value ? *std::move(value) : json::Value();
}

}  // namespace

json::Value to_json(const FunctionDelta& delta) { return value_of(delta, {}); }
json::Value to_json(const DeltaSigSummary& summary) { return value_of(summary, {.summary = summary}); }
json::Value to_json(const DeltaSigTooling& tooling) { return value_of(tooling, {.tooling = tooling}); }

Status write_delta_sig(const DeltaSig& predicate, ByteSink& to) {
  LimitedSink limited(to);
  return PredicateWriter(predicate, limited).predicate();
}

Status write_function_report(const DeltaSig& predicate, ByteSink& to) {
  LimitedSink limited(to);
  return PredicateWriter(predicate, limited).report();
}

}  // namespace stella::statement
