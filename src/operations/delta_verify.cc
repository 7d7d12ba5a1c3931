#include "stella/operations/delta_verify.h"

#include <algorithm>

#include <fmt/format.h>

#include "delta_paths.h"
#include "json_difference.h"
#include "pair_delta.h"
#include "stella/base/spool.h"
#include "stella/delta/apply.h"
#include "stella/delta/inspect.h"
#include "stella/operations/delta_create.h"

namespace stella::operations {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

class NullSink final : public ByteSink {
 public:
  Status write(ByteView) override { return {}; }
};

// The core as a value, for telling where two cores differ.
Result<json::Value> core_value(delta::Manifest manifest) {
  manifest.attestations = json::Array{};
  manifest.score_inputs = json::Object{};
  MemorySink sink;
  STELLA_CHECK(delta::write_manifest(manifest, sink));
  return json::parse(as_text(sink.bytes()),
                     {.depth_max = 64, .size_max_bytes = delta::kManifestSizeMaxBytes});
}

void compare_digests(const delta::ArtifactDigest& actual, const delta::ArtifactDigest& stated,
                     std::string_view side, std::vector<Difference>& to) {
  if (actual.sha256 == stated.sha256) return;
  to.push_back(
      {fmt::format("$.{}_digest.sha256", side), to_hex(actual.sha256.view()), to_hex(stated.sha256.view())});
}

// The file on disk must be the one that the manifest binds.
Status compare_file(const std::filesystem::path& folder, const std::string& name, const Digest& stated,
                    std::vector<Difference>& to) {
  const auto file = open_file(folder / name);
  if (!file && file.error().code != ErrorCode::kNotFound) return std::unexpected(file.error());
  if (!file) {
    to.push_back({name, sha256_text(stated), "no such file"});
    return {};
  }
  Sha256 sha256;
  STELLA_CHECK(for_each_block(**file, kBlockBytes, [&](ByteView block) -> Status {
    sha256.update(block);
    return {};
  }));
  if (const Digest found = sha256.finish(); found != stated) {
    to.push_back({name, sha256_text(stated), sha256_text(found)});
  }
  return {};
}

// Applies a delta that was packed by another build. Broken deltas are differences, not errors: that is the
// question.
Status try_delta(const std::filesystem::path& folder, const delta::DeltaFile& stated, const Survey& from,
                 const Survey& to, unsigned threads, std::vector<Difference>& differences) {
  STELLA_TRY(const auto delta_bin, open_file(folder / stated.file));
  NullSink sink;
  const auto applied = delta::apply(*from.source, *delta_bin, sink,
                                    {.threads = threads, .add_max_bytes = to.map.size_bytes}, {});
  if (!applied) {
    if (applied.error().code == ErrorCode::kIo) return std::unexpected(applied.error());
    differences.push_back({stated.file, "a delta that applies", to_string(applied.error())});
  } else if (applied->target_sha256 != to.map.sha256) {
    differences.push_back({stated.file, sha256_text(to.map.sha256), sha256_text(applied->target_sha256)});
  }
  return {};
}

// A manifest names the build that its deltas name themselves.
Status compare_tool(const std::filesystem::path& folder, const delta::DeltaFile& stated,
                    const std::string& tool, std::vector<Difference>& to) {
  STELLA_TRY(const auto delta_bin, open_file(folder / stated.file));
  const auto header = delta::read_header(*delta_bin);
  if (!header && header.error().code == ErrorCode::kIo) return std::unexpected(header.error());
  const std::string actual = header ? to_string(header->tool) : to_string(header.error());
  if (actual != tool) to.push_back({"$.tool", fmt::format("{} as {} has it", actual, stated.file), tool});
  return {};
}

// What another build may do otherwise: its name, and how deltas are packed.
void take_packing_of(const delta::Manifest& found, delta::Manifest& recomputed) {
  recomputed.tool = found.tool;
  recomputed.delta.sha256 = found.delta.sha256;
  recomputed.delta.size_bytes = found.delta.size_bytes;
  if (found.rollback && recomputed.rollback) {
    recomputed.rollback->sha256 = found.rollback->sha256;
    recomputed.rollback->size_bytes = found.rollback->size_bytes;
  }
}

}  // namespace

Result<DeltaVerifyResult> delta_verify(const DeltaVerifyOptions& options, const Context& context) {
  DeltaVerifyResult result;
  result.folder = options.delta.empty() ? default_delta_folder(options.target) : folder_in(options.delta);
  STELLA_TRY(const delta::Manifest found, load_manifest(result.folder / kManifestFile));
  STELLA_TRY(result.core_sha256, delta::core_digest(found));
  result.same_build = found.tool == to_string(delta::tool_version());

  std::vector<std::pair<std::string, Digest>> files = {{found.delta.file, found.delta.sha256}};
  if (found.rollback) files.emplace_back(found.rollback->file, found.rollback->sha256);
  if (found.functions) files.emplace_back(found.functions->file, found.functions->file_sha256);
  for (const auto& [name, digest] : files) {
    STELLA_CHECK(compare_file(result.folder, name, digest, result.differences));
  }
  if (result.differences.empty()) {
    STELLA_CHECK(compare_tool(result.folder, found.delta, found.tool, result.differences));
    if (found.rollback && result.differences.empty()) {
      STELLA_CHECK(compare_tool(result.folder, *found.rollback, found.tool, result.differences));
    }
  }
  STELLA_TRY(const SurveyPair pair, survey(options.base, options.target, found.chunk_params, context));
  compare_digests({pair.base.map.sha256, pair.base.map.blake3, pair.base.map.size_bytes}, found.base_digest,
                  "base", result.differences);
  compare_digests({pair.target.map.sha256, pair.target.map.blake3, pair.target.map.size_bytes},
                  found.target_digest, "target", result.differences);
  // With other files, or another base or target, recomputing would only repeat in a hundred lines what is
  // known.
  if (!result.differences.empty()) return result;

  // No more can be added than there is: what create allowed must not stop its verification.
  const PairOptions pair_options{
      .level = found.level,
      .chunk_params = found.chunk_params,
      .add_max_bytes = std::max(pair.base.map.size_bytes, pair.target.map.size_bytes)};
  NullSink forward;
  NullSink backward;
  NullSink functions;
  STELLA_TRY(delta::Manifest recomputed, make_pair(pair, pair_options, forward,
                                                   found.rollback ? &backward : nullptr, functions, context));
  if (!result.same_build) {
    take_packing_of(found, recomputed);
    STELLA_CHECK(
        try_delta(result.folder, found.delta, pair.base, pair.target, context.threads, result.differences));
    if (found.rollback) {
      STELLA_CHECK(try_delta(result.folder, *found.rollback, pair.target, pair.base, context.threads,
                             result.differences));
    }
  }
  STELLA_TRY(result.recomputed_core_sha256, delta::core_digest(recomputed));
  if (result.recomputed_core_sha256 != result.core_sha256) {
    STELLA_TRY(const json::Value expected_core, core_value(recomputed));
    STELLA_TRY(const json::Value found_core, core_value(found));
    append_differences(expected_core, found_core, "$", result.differences);
  }
  result.ok = result.differences.empty();
  return result;
}

}  // namespace stella::operations
