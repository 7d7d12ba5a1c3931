// Reads what manifest_write.cc writes. After the schema, the cross-checks: what a manifest says twice must
// agree, since a reviewer reads one number and a program the other.
#include <algorithm>

#include <fmt/format.h>

#include "stella/base/json_stream.h"
#include "stella/delta/manifest.h"

namespace stella::delta {
namespace {

class ManifestReader {
 public:
  explicit ManifestReader(std::string_view text) : in_(text) {}

  Result<Manifest> read() {
    in_.object(
        {{"anatomy", [&] { anatomy(m_.composition); }},
         {"artifact_type", [&] { m_.artifact_type = name(); }},
         {"attestations", [&] { m_.attestations = attestations(); }},
         {"base_artifact_type", [&] { m_.base_artifact_type = name(); }},
         {"base_digest", [&] { artifact_digest(m_.base_digest); }},
         {"changed_chunks", [&] { list(m_.changed_chunks, [&](chunk::Chunk& c) { changed_chunk(c); }); }},
         {"chunking", [&] { chunking(); }},
         {"delta", [&] { delta_file(m_.delta); }},
         {"functions_changed", [&] { functions_changed(); }},
         {"level", [&] { level(); }},
         {"materials_delta", [&] { materials(m_.materials); }},
         {"members", [&] { members(m_.members); }},
         {"ops", [&] { list(m_.operations, [&](Operation& o) { operation(o); }); }},
         {"rollback",
          [&] {
            if (!in_.null()) delta_file(m_.rollback.emplace());
          }},
         {"schema", [&] { schema(); }},
         {"score_inputs", [&] { m_.score_inputs = score_inputs(); }},
         {"target_digest", [&] { artifact_digest(m_.target_digest); }},
         {"tool", [&] { m_.tool = text(); }}});
    if (!in_.failed()) cross_check();
    STELLA_CHECK(in_.finish());
    return std::move(m_);
  }

 private:
  std::string text() { return in_.string(kManifestTextMaxBytes); }

  // A word such as "elf" or "oci-archive": other versions may know more of them than this one.
  std::string name() {
    std::string word = in_.string(64);
    const auto allowed = [](char c) {
      return ('a' <= c && c <= 'z') || ('0' <= c && c <= '9') || c == '-' || c == '_';
    };
    if (word.empty() || !std::all_of(word.begin(), word.end(), allowed)) {
      in_.fail("not a name", "lower-case letters, digits, - and _", word);
    }
    return word;
  }

  template <typename T, typename Read>
  void list(std::vector<T>& to, const Read& read, std::size_t count_max = kManifestListMax) {
    in_.array(count_max, [&] { read(to.emplace_back()); });
  }

  void schema() {
    const std::string found = text();
    if (found != kManifestSchema) {
      in_.fail("another kind or version of manifest", std::string(kManifestSchema), found,
               ErrorCode::kUnsupported);
    }
  }

  void level() {
    const std::string word = in_.string(16);
    const auto parsed = parse_level(word);
    if (!parsed) return in_.fail("unknown level", "fast, default or best", word);
    m_.level = *parsed;
  }

  void anatomy(Composition& a) {
    in_.object({{"add_entropy_millibits", [&] { a.add_entropy_millibits = in_.integer(8000); }},
                {"parts", [&] { list(a.parts, [&](Part& p) { part(p); }, kManifestPartsMax); }},
                {"parts_omitted", [&] { a.parts_omitted = in_.integer(); }}});
  }

  void part(Part& p) {
    in_.object({{"add_bytes", [&] { p.add_bytes = in_.integer(); }},
                {"name", [&] { p.name = text(); }},
                {"offset_bytes", [&] { p.offset_bytes = in_.integer(); }},
                {"size_bytes", [&] { p.size_bytes = in_.integer(); }}});
  }

  json::Value attestations() {
    json::Array all;
    in_.array(kManifestAttestationsMax, [&] {
      json::Object one;
      in_.object({{"dsse_bundle_ref", [&] { one["dsse_bundle_ref"] = json::Value(text()); }},
                  {"rekor_inclusion", [&] {
                     json::Array proofs;
                     in_.array(kManifestAttestationsMax, [&] { proofs.push_back(in_.value({})); });
                     one["rekor_inclusion"] = json::Value(std::move(proofs));
                   }}});
      all.emplace_back(std::move(one));
    });
    return all;
  }

  json::Value score_inputs() {
    json::Object inputs;
    const auto member = [&](std::string_view key) {
      return json::Reader::Field{key, [this, key, &inputs] { inputs[std::string(key)] = in_.value({}); },
                                 false};
    };
    in_.object({member("attestation_validity"), member("deps"), member("entropy"), member("fn_impact"),
                member("provenance")});
    return inputs;
  }

  void artifact_digest(ArtifactDigest& d) {
    in_.object({{"blake3", [&] { d.blake3 = in_.digest(); }},
                {"sha256", [&] { d.sha256 = in_.digest(); }},
                {"size_bytes", [&] { d.size_bytes = in_.integer(); }}});
  }

  void changed_chunk(chunk::Chunk& c) {
    in_.object({{"id", [&] { c.id = in_.digest(); }},
                {"offset_bytes", [&] { c.offset_bytes = in_.integer(); }},
                {"size_bytes", [&] { c.size_bytes = size32(chunk::kChunkSizeMaxBytes); }}});
  }

  std::uint32_t size32(std::uint32_t value_max) { return static_cast<std::uint32_t>(in_.integer(value_max)); }

  void chunk_tree(ChunkTree& tree) {
    in_.object({{"count", [&] { tree.count = in_.integer(); }},
                {"merkle_root", [&] { tree.merkle_root = in_.digest(); }}});
  }

  void chunking() {
    chunk::Params& p = m_.chunk_params;
    in_.object({{"algorithm",
                 [&] {
                   const std::string word = in_.string(16);
                   const auto parsed = chunk::parse_algorithm(word);
                   if (!parsed) return in_.fail("unknown chunking algorithm", "gear or rabin", word);
                   p.algorithm = *parsed;
                 }},
                {"base", [&] { chunk_tree(m_.base_chunks); }},
                {"size_avg_bytes", [&] { p.size_avg_bytes = size32(chunk::kAverageMaxBytes); }},
                {"size_max_bytes", [&] { p.size_max_bytes = size32(chunk::kChunkSizeMaxBytes); }},
                {"size_min_bytes", [&] { p.size_min_bytes = size32(chunk::kChunkSizeMaxBytes); }},
                {"target", [&] { chunk_tree(m_.target_chunks); }}});
    if (in_.failed()) return;
    if (const Status valid = chunk::validate(p); !valid) in_.fail(valid.error().message);
  }

  void delta_file(DeltaFile& f) {
    in_.object({{"add_bytes", [&] { f.add_bytes = in_.integer(); }},
                {"copy_bytes", [&] { f.copy_bytes = in_.integer(); }},
                {"file", [&] { f.file = file_name(); }},
                {"operations_sha256", [&] { f.operations_sha256 = in_.digest(); }},
                {"sha256", [&] { f.sha256 = in_.digest(); }},
                {"size_bytes", [&] { f.size_bytes = in_.integer(); }}});
  }

  // Programs open this name: it must not lead out of the manifest's folder.
  std::string file_name() {
    std::string found = in_.string(64);
    if (found != "delta.bin" && found != "rollback/delta.bin") {
      in_.fail("unexpected file name", "delta.bin or rollback/delta.bin", found);
    }
    return found;
  }

  std::uint64_t count() { return in_.integer(kManifestFunctionsMax); }

  void function_group(FunctionGroup& group) {
    in_.object({{"count", [&] { group.count = count(); }},
                {"top", [&] {
                   list(
                       group.top, [&](ChangedFunction& f) { changed_function(f); }, kManifestTopFunctionsMax);
                 }}});
    const std::uint64_t expected = std::min<std::uint64_t>(group.count, kManifestTopFunctionsMax);
    agree("functions counted and listed", expected, group.top.size());
  }

  void changed_function(ChangedFunction& f) {
    in_.object({{"base_size_bytes", [&] { f.base_size_bytes = in_.integer(); }},
                {"fan_in", [&] { f.fan_in = count(); }},
                {"fan_out", [&] { f.fan_out = count(); }},
                {"instructions_changed", [&] { f.instructions_changed = count(); }},
                {"name", [&] { f.name = text(); }},
                {"program", [&] { f.program = text(); }},
                {"section", [&] { f.section = text(); }},
                {"target_size_bytes", [&] { f.target_size_bytes = in_.integer(); }}});
  }

  // Without programs there is nothing to count, and what belongs to an analysis must not stand there.
  void functions_changed() {
    FunctionsChanged f;
    std::string status;
    int analysed_members = 0;
    const auto more = [&](std::string_view member, auto read) {
      return json::Reader::Field{member, [&analysed_members, read] { ++analysed_members, read(); }, false};
    };
    in_.object({{"added", [&] { function_group(f.added); }},
                more("base_count", [&] { f.base_count = count(); }),
                more("file", [&] { functions_file(f); }),
                {"modified", [&] { function_group(f.modified); }},
                more("moved", [&] { function_group(f.moved); }),
                more("programs", [&] { programs(f); }),
                {"removed", [&] { function_group(f.removed); }},
                more("renamed", [&] { function_group(f.renamed); }),
                {"status",
                 [&] {
                   status = in_.string(64);
                   if (status != "analysed" && status != "not_analysed") {
                     in_.fail("unknown status", "analysed or not_analysed", status);
                   }
                 }},
                more("target_count", [&] { f.target_count = count(); }),
                more("tooling", [&] { f.tooling = text(); })});
    if (in_.failed()) return;
    if (status == "analysed" && analysed_members == 7) {
      const std::uint64_t kept = f.modified.count + f.renamed.count + f.moved.count;
      if (f.removed.count + kept > f.base_count || f.added.count + kept > f.target_count) {
        in_.fail("more functions changed than there are");
      }
      m_.functions = std::move(f);
    } else if (status != "not_analysed" || analysed_members != 0 ||
               f.added.count + f.modified.count + f.removed.count != 0) {
      in_.fail("members that do not belong to the status", {}, status);
    }
  }

  void functions_file(FunctionsChanged& f) {
    in_.object({{"file", [&] { f.file = text(); }},
                {"sha256", [&] { f.file_sha256 = in_.digest(); }},
                {"size_bytes", [&] { f.file_size_bytes = in_.integer(); }}});
    if (f.file != "functions.json")
      in_.fail("the file of functions has the wrong name", "functions.json", f.file);
  }

  void programs(FunctionsChanged& f) {
    in_.object({{"added", [&] { f.programs_added = count(); }},
                {"compared", [&] { f.programs_compared = count(); }},
                {"not_compared", [&] { f.programs_not_compared = count(); }},
                {"removed", [&] { f.programs_removed = count(); }},
                {"unchanged", [&] { f.programs_unchanged = count(); }}});
  }

  void operation(Operation& o) {
    std::string kind;
    bool has_copy_members = false;
    bool has_add_members = false;
    in_.object(
        {{"base_offset_bytes", [&] { has_copy_members = true, o.base_offset_bytes = in_.integer(); }, false},
         {"chunk", [&] { has_copy_members = true, o.digest = in_.digest(); }, false},
         {"count", [&] { has_copy_members = true, o.chunk_count = in_.integer(); }, false},
         {"length", [&] { o.length_bytes = in_.integer(); }},
         {"op", [&] { kind = in_.string(16); }},
         {"sha256", [&] { has_add_members = true, o.digest = in_.digest(); }, false}});
    if (in_.failed()) return;
    if (kind == "COPY" && !has_add_members && o.chunk_count > 0) {
      o.kind = Operation::Kind::kCopy;
    } else if (kind == "ADD" && !has_copy_members && has_add_members) {
      o.kind = Operation::Kind::kAdd;
    } else {
      return in_.fail("malformed operation",
                      "COPY with base_offset_bytes, chunk and count, or ADD with sha256", kind);
    }
    if (o.length_bytes == 0) in_.fail("an operation makes nothing", "a length of at least 1", "0");
  }

  void member_state(MemberState& s) {
    in_.object({{"kind", [&] { s.kind = name(); }},
                {"link_target", [&] { s.link_target = text(); }, false},
                {"mode", [&] { s.mode = size32(07777); }, false},
                {"sha256", [&] { s.sha256 = in_.digest(); }},
                {"size_bytes", [&] { s.size_bytes = in_.integer(); }},
                {"type", [&] { s.type = name(); }}});
  }

  void member_changes(std::vector<MemberChange>& changes, bool has_base, bool has_target) {
    list(changes, [&](MemberChange& c) {
      in_.object({{"base", [&] { member_state(c.base.emplace()); }, has_base},
                  {"path", [&] { c.path = text(); }},
                  {"target", [&] { member_state(c.target.emplace()); }, has_target}});
      if (in_.failed()) return;
      const bool either_will_do = !has_base && !has_target;
      const bool right = either_will_do
                             ? c.base || c.target
                             : c.base.has_value() == has_base && c.target.has_value() == has_target;
      if (!right) in_.fail("a member is on the wrong side", has_base ? "base" : "target");
    });
  }

  void members(Members& m) {
    in_.object({{"added", [&] { member_changes(m.added, false, true); }},
                {"changed", [&] { member_changes(m.changed, true, true); }},
                {"layers", [&] { list(m.layers, [&](LayerPair& l) { layer(l); }); }},
                {"payload_equal", [&] { m.payload_equal = in_.boolean(); }},
                {"removed", [&] { member_changes(m.removed, true, false); }},
                {"signatures", [&] { member_changes(m.signatures, false, false); }},
                {"signatures_equal", [&] { m.signatures_equal = in_.boolean(); }},
                {"unchanged", [&] { m.unchanged = in_.integer(); }},
                {"unopened", [&] { list(m.unopened, [&](UnopenedMember& u) { unopened(u); }); }}});
  }

  void layer(LayerPair& l) {
    in_.object({{"base_path", [&] { l.base_path = text(); }},
                {"payload_equal", [&] { l.payload_equal = in_.boolean(); }},
                {"target_path", [&] { l.target_path = text(); }}});
  }

  void unopened(UnopenedMember& u) {
    in_.object({{"artifact",
                 [&] {
                   const std::string word = in_.string(16);
                   if (word != "base" && word != "target")
                     in_.fail("unknown artifact", "base or target", word);
                   u.in_target = word == "target";
                 }},
                {"code", [&] { u.code = name(); }},
                {"path", [&] { u.path = text(); }},
                {"reason", [&] { u.reason = text(); }}});
  }

  void material(Material& m) {
    in_.object({{"name", [&] { m.name = text(); }},
                {"path", [&] { m.path = text(); }},
                {"purl", [&] { m.purl = text(); }},
                {"sha256", [&] { m.sha256 = in_.digest(); }},
                {"statement_sha256", [&] { m.statement_sha256 = in_.digest(); }},
                {"version", [&] { m.version = text(); }}});
  }

  void materials(Materials& m) {
    in_.object({{"added", [&] { list(m.added, [&](Material& x) { material(x); }); }},
                {"changed",
                 [&] {
                   list(m.changed, [&](MaterialChange& c) {
                     in_.object(
                         {{"base", [&] { material(c.base); }}, {"target", [&] { material(c.target); }}});
                   });
                 }},
                {"removed", [&] { list(m.removed, [&](Material& x) { material(x); }); }}});
  }

  void agree(std::string_view what, std::uint64_t expected, std::uint64_t found) {
    if (expected != found) {
      in_.fail(fmt::format("the manifest contradicts itself: {}", what), fmt::format("{}", expected),
               fmt::format("{}", found));
    }
  }

  void cross_check() {
    std::uint64_t copy_bytes = 0;
    std::uint64_t add_bytes = 0;
    for (const Operation& o : m_.operations) {
      std::uint64_t& sum = o.kind == Operation::Kind::kCopy ? copy_bytes : add_bytes;
      if (o.length_bytes > m_.target_digest.size_bytes - copy_bytes - add_bytes) {
        return in_.fail("the operations make more than the target",
                        fmt::format("{}", m_.target_digest.size_bytes));
      }
      if (o.kind == Operation::Kind::kCopy &&
          (o.base_offset_bytes > m_.base_digest.size_bytes ||
           o.length_bytes > m_.base_digest.size_bytes - o.base_offset_bytes)) {
        return in_.fail("an operation copies from outside of the base",
                        fmt::format("{}", m_.base_digest.size_bytes),
                        fmt::format("{} + {}", o.base_offset_bytes, o.length_bytes));
      }
      sum += o.length_bytes;
    }
    agree("target size and the sum of its operations", m_.target_digest.size_bytes, copy_bytes + add_bytes);
    agree("delta.copy_bytes and the sum of COPY", copy_bytes, m_.delta.copy_bytes);
    agree("delta.add_bytes and the sum of ADD", add_bytes, m_.delta.add_bytes);
    if (m_.delta.file != "delta.bin" || (m_.rollback && m_.rollback->file != "rollback/delta.bin")) {
      in_.fail("the manifest's files have the wrong names");
    }
    std::uint64_t end_bytes = 0;
    std::uint64_t changed_bytes = 0;
    for (const chunk::Chunk& c : m_.changed_chunks) {
      if (c.offset_bytes < end_bytes || c.size_bytes == 0 || c.offset_bytes > m_.target_digest.size_bytes ||
          c.size_bytes > m_.target_digest.size_bytes - c.offset_bytes) {
        return in_.fail("changed chunks overlap, are out of order or leave the target", {},
                        fmt::format("a chunk at byte {}", c.offset_bytes));
      }
      end_bytes = c.offset_bytes + c.size_bytes;
      changed_bytes += c.size_bytes;
    }
    agree("delta.add_bytes and the sum of changed_chunks", add_bytes, changed_bytes);
  }

  json::Reader in_;
  Manifest m_;
};

// Compares what is written with an expected text, without holding a second copy of it.
class ComparingSink final : public ByteSink {
 public:
  explicit ComparingSink(std::string_view expected) : expected_(expected) {}
  Status write(ByteView bytes) override {
    equal_ = equal_ && expected_.substr(at_).starts_with(as_text(bytes));
    at_ = std::min(at_ + bytes.size(), expected_.size());
    return {};
  }
  [[nodiscard]] bool equal() const { return equal_ && at_ == expected_.size(); }

 private:
  std::string_view expected_;
  std::size_t at_ = 0;
  bool equal_ = true;
};

}  // namespace

Result<Manifest> read_manifest(std::string_view text) {
  if (text.size() > kManifestSizeMaxBytes) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "the manifest is too large",
                 .expected = fmt::format("at most {} bytes", kManifestSizeMaxBytes),
                 .found = fmt::format("{}", text.size())});
  }
  STELLA_TRY(Manifest manifest, ManifestReader(text).read());
  ComparingSink canonical(text);
  STELLA_CHECK(write_manifest(manifest, canonical));
  if (!canonical.equal()) {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "the manifest is not in canonical form",
                 .expected = "RFC 8785: sorted keys, no spaces, shortest numbers and escapes",
                 .next = "use the file that `stella delta create` wrote, unformatted"});
  }
  return manifest;
}

}  // namespace stella::delta
