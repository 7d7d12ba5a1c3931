#include "stella/operations/delta_create.h"

#include "pair_delta.h"
#include "stella/base/folder.h"

namespace stella::operations {
namespace {

// A file of the folder that is there only when something is written to it.
class OptionalFile final : public ByteSink {
 public:
  OptionalFile(AtomicFolder& folder, const char* name) : folder_(folder), name_(name) {}
  Status write(ByteView bytes) override {
    if (file_ == nullptr) {
      STELLA_TRY(file_, folder_.open(name_));
    }
    return file_->write(bytes);
  }

 private:
  AtomicFolder& folder_;
  const char* name_;
  ByteSink* file_ = nullptr;
};

}  // namespace

std::filesystem::path default_delta_folder(const std::filesystem::path& target) {
  std::filesystem::path folder = target.has_filename() ? target : target.parent_path();
  return folder += ".delta";
}

Result<DeltaCreateResult> delta_create(const DeltaCreateOptions& options, const Context& context) {
  STELLA_TRY(const chunk::Params params,
             chunk::params_for_average(options.chunker, options.chunk_size_avg_bytes));
  DeltaCreateResult result;
  result.folder = options.output.empty() ? default_delta_folder(options.target) : options.output;
  // First of all, so that nobody waits for a result that has no place.
  STELLA_TRY(AtomicFolder folder,
             AtomicFolder::create(
                 result.folder, {kDeltaFile, kManifestFile, kFunctionsFile, kRollbackFile},
                 options.replace_output ? AtomicFile::Existing::kReplace : AtomicFile::Existing::kRefuse));
  STELLA_TRY(const SurveyPair pair, survey(options.base, options.target, params, context));
  STELLA_TRY(ByteSink * forward, folder.open(kDeltaFile));
  ByteSink* backward = nullptr;
  if (options.with_rollback) {
    STELLA_TRY(backward, folder.open(kRollbackFile));
  }
  const PairOptions pair_options{
      .level = options.level, .chunk_params = params, .add_max_bytes = options.add_max_bytes};
  OptionalFile functions(folder, kFunctionsFile);
  STELLA_TRY(result.manifest, make_pair(pair, pair_options, *forward, backward, functions, context));
  STELLA_TRY(result.core_sha256, delta::core_digest(result.manifest));
  STELLA_TRY(ByteSink * manifest_file, folder.open(kManifestFile));
  STELLA_CHECK(delta::write_manifest(result.manifest, *manifest_file));
  STELLA_CHECK(folder.commit());
  return result;
}

}  // namespace stella::operations
