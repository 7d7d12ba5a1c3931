#include <algorithm>

#include <fmt/format.h>

#include "stella/base/json_stream.h"
#include "stella/delta/manifest.h"

namespace stella::delta {
namespace {

// One object a function; members in canonical order, which json::Writer asserts.
class ManifestWriter {
 public:
  ManifestWriter(const Manifest& manifest, ByteSink& to) : manifest_(manifest), out_(to) {}

  Status write(bool with_evidence) {
    const Manifest& m = manifest_;
    out_.begin_object();
    out_.key("anatomy"), anatomy();
    out_.member("artifact_type", m.artifact_type);
    if (with_evidence) out_.key("attestations"), out_.value(m.attestations);
    out_.member("base_artifact_type", m.base_artifact_type);
    out_.key("base_digest"), artifact_digest(m.base_digest);
    out_.key("changed_chunks"), list(m.changed_chunks, [&](const chunk::Chunk& c) { changed_chunk(c); });
    out_.key("chunking"), chunking();
    out_.key("delta"), delta_file(m.delta);
    out_.key("functions_changed"), functions_changed();
    out_.member("level", to_string(m.level));
    out_.key("materials_delta"), materials();
    out_.key("members"), members();
    out_.key("ops"), list(m.operations, [&](const Operation& o) { operation(o); });
    out_.key("rollback");
    if (m.rollback) {
      delta_file(*m.rollback);
    } else {
      out_.null();
    }
    out_.member("schema", kManifestSchema);
    if (with_evidence) out_.key("score_inputs"), out_.value(m.score_inputs);
    out_.key("target_digest"), artifact_digest(m.target_digest);
    out_.member("tool", m.tool);
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
  void digest(std::string_view name, const Digest& value) { out_.member(name, to_hex(value.view())); }

  void anatomy() {
    const Composition& a = manifest_.composition;
    out_.begin_object();
    out_.member("add_entropy_millibits", a.add_entropy_millibits);
    out_.key("parts"), list(a.parts, [&](const Part& p) {
      out_.begin_object();
      out_.member("add_bytes", p.add_bytes);
      out_.member("name", p.name);
      out_.member("offset_bytes", p.offset_bytes);
      out_.member("size_bytes", p.size_bytes);
      out_.end_object();
    });
    out_.member("parts_omitted", a.parts_omitted);
    out_.end_object();
  }

  void artifact_digest(const ArtifactDigest& d) {
    out_.begin_object();
    digest("blake3", d.blake3);
    digest("sha256", d.sha256);
    out_.member("size_bytes", d.size_bytes);
    out_.end_object();
  }

  void changed_chunk(const chunk::Chunk& c) {
    out_.begin_object();
    digest("id", c.id);
    out_.member("offset_bytes", c.offset_bytes);
    out_.member("size_bytes", std::uint64_t{c.size_bytes});
    out_.end_object();
  }

  void chunk_tree(const ChunkTree& tree) {
    out_.begin_object();
    out_.member("count", tree.count);
    digest("merkle_root", tree.merkle_root);
    out_.end_object();
  }

  void chunking() {
    const chunk::Params& p = manifest_.chunk_params;
    out_.begin_object();
    out_.member("algorithm", chunk::to_string(p.algorithm));
    out_.key("base"), chunk_tree(manifest_.base_chunks);
    out_.member("size_avg_bytes", std::uint64_t{p.size_avg_bytes});
    out_.member("size_max_bytes", std::uint64_t{p.size_max_bytes});
    out_.member("size_min_bytes", std::uint64_t{p.size_min_bytes});
    out_.key("target"), chunk_tree(manifest_.target_chunks);
    out_.end_object();
  }

  void delta_file(const DeltaFile& f) {
    out_.begin_object();
    out_.member("add_bytes", f.add_bytes);
    out_.member("copy_bytes", f.copy_bytes);
    out_.member("file", f.file);
    digest("operations_sha256", f.operations_sha256);
    digest("sha256", f.sha256);
    out_.member("size_bytes", f.size_bytes);
    out_.end_object();
  }

  void function_group(std::string_view name, const FunctionGroup& group) {
    out_.key(name);
    out_.begin_object();
    out_.member("count", group.count);
    out_.key("top"), list(group.top, [&](const ChangedFunction& f) {
      out_.begin_object();
      out_.member("base_size_bytes", f.base_size_bytes);
      out_.member("fan_in", f.fan_in);
      out_.member("fan_out", f.fan_out);
      out_.member("instructions_changed", f.instructions_changed);
      out_.member("name", f.name);
      out_.member("program", f.program);
      out_.member("section", f.section);
      out_.member("target_size_bytes", f.target_size_bytes);
      out_.end_object();
    });
    out_.end_object();
  }

  void functions_changed() {
    out_.begin_object();
    if (manifest_.functions) {
      functions(*manifest_.functions);
    } else {
      for (const std::string_view kind : {"added", "modified", "removed"}) function_group(kind, {});
      out_.member("status", "not_analysed");
    }
    out_.end_object();
  }

  void functions(const FunctionsChanged& f) {
    function_group("added", f.added);
    out_.member("base_count", f.base_count);
    out_.key("file");
    out_.begin_object();
    out_.member("file", f.file);
    digest("sha256", f.file_sha256);
    out_.member("size_bytes", f.file_size_bytes);
    out_.end_object();
    function_group("modified", f.modified);
    function_group("moved", f.moved);
    out_.key("programs");
    out_.begin_object();
    out_.member("added", f.programs_added);
    out_.member("compared", f.programs_compared);
    out_.member("not_compared", f.programs_not_compared);
    out_.member("removed", f.programs_removed);
    out_.member("unchanged", f.programs_unchanged);
    out_.end_object();
    function_group("removed", f.removed);
    function_group("renamed", f.renamed);
    out_.member("status", "analysed");
    out_.member("target_count", f.target_count);
    out_.member("tooling", f.tooling);
  }

  void operation(const Operation& o) {
    out_.begin_object();
    if (o.kind == Operation::Kind::kCopy) {
      out_.member("base_offset_bytes", o.base_offset_bytes);
      digest("chunk", o.digest);
      out_.member("count", o.chunk_count);
      out_.member("length", o.length_bytes);
      out_.member("op", "COPY");
    } else {
      out_.member("length", o.length_bytes);
      out_.member("op", "ADD");
      digest("sha256", o.digest);
    }
    out_.end_object();
  }

  void member_state(const MemberState& s) {
    out_.begin_object();
    out_.member("kind", s.kind);
    if (!s.link_target.empty()) out_.member("link_target", s.link_target);
    if (s.mode) out_.member("mode", std::uint64_t{*s.mode});
    digest("sha256", s.sha256);
    out_.member("size_bytes", s.size_bytes);
    out_.member("type", s.type);
    out_.end_object();
  }

  void member_changes(std::string_view name, const std::vector<MemberChange>& changes) {
    out_.key(name);
    list(changes, [&](const MemberChange& c) {
      out_.begin_object();
      if (c.base) out_.key("base"), member_state(*c.base);
      out_.member("path", c.path);
      if (c.target) out_.key("target"), member_state(*c.target);
      out_.end_object();
    });
  }

  void members() {
    const Members& m = manifest_.members;
    out_.begin_object();
    member_changes("added", m.added);
    member_changes("changed", m.changed);
    out_.key("layers"), list(m.layers, [&](const LayerPair& l) {
      out_.begin_object();
      out_.member("base_path", l.base_path);
      out_.key("payload_equal"), out_.boolean(l.payload_equal);
      out_.member("target_path", l.target_path);
      out_.end_object();
    });
    out_.key("payload_equal"), out_.boolean(m.payload_equal);
    member_changes("removed", m.removed);
    member_changes("signatures", m.signatures);
    out_.key("signatures_equal"), out_.boolean(m.signatures_equal);
    out_.member("unchanged", m.unchanged);
    out_.key("unopened"), list(m.unopened, [&](const UnopenedMember& u) {
      out_.begin_object();
      out_.member("artifact", u.in_target ? "target" : "base");
      out_.member("code", u.code);
      out_.member("path", u.path);
      out_.member("reason", u.reason);
      out_.end_object();
    });
    out_.end_object();
  }

  void material(const Material& m) {
    out_.begin_object();
    out_.member("name", m.name);
    out_.member("path", m.path);
    out_.member("purl", m.purl);
    digest("sha256", m.sha256);
    digest("statement_sha256", m.statement_sha256);
    out_.member("version", m.version);
    out_.end_object();
  }

  void materials() {
    const Materials& m = manifest_.materials;
    out_.begin_object();
    out_.key("added"), list(m.added, [&](const Material& x) { material(x); });
    out_.key("changed"), list(m.changed, [&](const MaterialChange& c) {
      out_.begin_object();
      out_.key("base"), material(c.base);
      out_.key("target"), material(c.target);
      out_.end_object();
    });
    out_.key("removed"), list(m.removed, [&](const Material& x) { material(x); });
    out_.end_object();
  }

  const Manifest& manifest_;
  json::Writer out_;
};

// What readers refuse must not be written.
Status check_limits(const Manifest& m) {
  const struct {
    std::string_view what;
    std::size_t count;
  } lists[] = {{"changed_chunks", m.changed_chunks.size()},
               {"ops", m.operations.size()},
               {"members.added", m.members.added.size()},
               {"members.removed", m.members.removed.size()},
               {"members.changed", m.members.changed.size()},
               {"members.unopened", m.members.unopened.size()},
               {"members.signatures", m.members.signatures.size()},
               {"members.layers", m.members.layers.size()},
               {"materials_delta.added", m.materials.added.size()},
               {"materials_delta.removed", m.materials.removed.size()},
               {"materials_delta.changed", m.materials.changed.size()}};
  for (const auto& list : lists) {
    if (list.count <= kManifestListMax) continue;
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "the manifest would have too long a list",
                 .where = std::string(list.what),
                 .expected = fmt::format("at most {} elements", kManifestListMax),
                 .found = fmt::format("{}", list.count)});
  }
  for (const std::uint64_t size_bytes : {m.base_digest.size_bytes, m.target_digest.size_bytes}) {
    if (size_bytes <= json::kIntegerMax) continue;
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "an artifact is too large for a manifest",
                 .expected = fmt::format("at most {} bytes", json::kIntegerMax),
                 .found = fmt::format("{}", size_bytes)});
  }
  return {};
}

class DigestSink final : public ByteSink {
 public:
  Status write(ByteView bytes) override { return sha256_.update(bytes), Status(); }
  [[nodiscard]] Digest finish() { return sha256_.finish(); }

 private:
  Sha256 sha256_;
};

}  // namespace

Status write_manifest(const Manifest& manifest, ByteSink& to) {
  STELLA_CHECK(check_limits(manifest));
  return ManifestWriter(manifest, to).write(true);
}

Result<Digest> core_digest(const Manifest& manifest) {
  STELLA_CHECK(check_limits(manifest));
  DigestSink sink;
  STELLA_CHECK(ManifestWriter(manifest, sink).write(false));
  return sink.finish();
}

}  // namespace stella::delta
