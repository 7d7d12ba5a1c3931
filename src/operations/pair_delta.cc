#include "pair_delta.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "contents_map.h"
#include "delta_sig_manifest.h"
#include "stage.h"
#include "stella/base/spool.h"
#include "stella/delta/create.h"
#include "stella/delta/manifest_build.h"
#include "stella/operations/delta_create.h"

namespace stella::operations {
namespace {

constexpr std::size_t kSpoolMemoryBytes = std::size_t{64} << 20;

// Passes on what is written and keeps it, since the manifest is made from the finished delta.
class KeepingSink final : public ByteSink {
 public:
  KeepingSink(ByteSink& to, Spool& keep) : to_(to), keep_(keep) {}
  Status write(ByteView bytes) override {
    STELLA_CHECK(keep_.write(bytes));
    return to_.write(bytes);
  }

 private:
  ByteSink& to_;
  Spool& keep_;
};

delta::DeltaFile file_of(const delta::Created& created, const char* name) {
  return {.file = name,
          .size_bytes = created.delta_size_bytes,
          .sha256 = created.delta_sha256,
          .operations_sha256 = created.operations_sha256,
          .copy_bytes = created.copy_bytes,
          .add_bytes = created.add_bytes};
}

delta::ArtifactDigest digest_of(const chunk::ChunkMap& map) {
  return {.sha256 = map.sha256, .blake3 = map.blake3, .size_bytes = map.size_bytes};
}

std::vector<chunk::Region> named_for_json(std::vector<chunk::Region> parts) {
  for (chunk::Region& part : parts) part.name = utf8_text(part.name);
  return parts;
}

}  // namespace

Result<delta::Manifest> make_pair(const SurveyPair& pair, const PairOptions& options, ByteSink& forward,
                                  ByteSink* backward, ByteSink& functions, const Context& context) {
  const Survey& base = pair.base;
  const Survey& target = pair.target;
  // Before there are other threads: programs are analysed in processes of their own.
  STELLA_TRY(auto changed, functions_changed({*base.source, base.contents}, {*target.source, target.contents},
                                             functions, context));
  const std::size_t directions = backward == nullptr ? 1 : 2;
  const auto threads_each = static_cast<unsigned>(std::max<std::size_t>(1, context.threads / directions));
  const delta::CreateOptions create_options{
      .level = options.level, .threads = threads_each, .add_max_bytes = options.add_max_bytes};
  std::array<delta::Created, 2> created;
  Spool kept(kSpoolMemoryBytes, kDeltaFile);
  KeepingSink keeping(forward, kept);
  Stage stage(context.progress, "matching and packing", directions);
  STELLA_CHECK(parallel_for(directions, context.threads, [&](std::size_t direction) -> Status {
    const Survey& from = direction == 0 ? base : target;
    const Survey& to = direction == 0 ? target : base;
    ByteSink& sink = direction == 0 ? static_cast<ByteSink&>(keeping) : *backward;
    STELLA_TRY(created[direction], delta::create(*from.source, from.map, *to.source, to.map, create_options,
                                                 sink, stage.part(direction)));
    if (context.debug) {
      context.debug(fmt::format(
          "{}: {} bytes, {} copied, {} added", direction == 0 ? kDeltaFile : kRollbackFile,
          created[direction].delta_size_bytes, created[direction].copy_bytes, created[direction].add_bytes));
    }
    return {};
  }));

  delta::Manifest manifest;
  const auto delta_bin = kept.finish();
  STELLA_TRY(delta::Composed composed,
             delta::compose(*delta_bin, base.map, *target.source, target.map, named_for_json(target.parts)));
  manifest.tool = to_string(delta::tool_version());
  manifest.level = options.level;
  manifest.base_artifact_type = artifact::to_string(base.contents.type);
  manifest.artifact_type = artifact::to_string(target.contents.type);
  manifest.base_digest = digest_of(base.map);
  manifest.target_digest = digest_of(target.map);
  manifest.chunk_params = options.chunk_params;
  manifest.base_chunks = {.count = base.map.chunks.size(), .merkle_root = base.map.merkle_root};
  manifest.target_chunks = {.count = target.map.chunks.size(), .merkle_root = target.map.merkle_root};
  manifest.changed_chunks = std::move(composed.changed_chunks);
  manifest.operations = std::move(composed.operations);
  manifest.composition = std::move(composed.composition);
  manifest.members = members_of(base.contents, target.contents);
  manifest.materials = materials_of(base.contents, target.contents);
  manifest.functions = std::move(changed);
  manifest.delta = file_of(created[0], kDeltaFile);
  if (backward != nullptr) manifest.rollback = file_of(created[1], kRollbackFile);
  return manifest;
}

}  // namespace stella::operations
