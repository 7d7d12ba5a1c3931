#include "delta_sig_make.h"
#include "json_difference.h"

namespace stella::operations {
namespace {

Result<json::Value> value_of(const statement::DeltaSig& predicate) {
  MemorySink sink;
  STELLA_CHECK(statement::write_delta_sig(predicate, sink));
  return json::parse(as_text(sink.bytes()),
                     {.depth_max = 16, .size_max_bytes = statement::kDeltaSigSizeMaxBytes});
}

// What cannot be computed from the two artifacts is taken as it is stated, and said not to be checked.
void take_unchecked(const statement::DeltaSig& found, const DeltaSigAttachments& attachments,
                    statement::DeltaSig& recomputed, std::vector<std::string>& not_checked) {
  recomputed.computed_at = found.computed_at;
  not_checked.emplace_back("$.computedAt: nobody can compute when that was");
  recomputed.base.name = found.base.name;
  recomputed.target.name = found.target.name;
  not_checked.emplace_back("$.subject[].name: files may be called otherwise");
  if (recomputed.tooling.generator != found.tooling.generator) {
    recomputed.tooling.generator = found.tooling.generator;
    not_checked.emplace_back("$.tooling.generator: this is another version");
  }
  if (attachments.blobs.empty() && !found.large_blobs.empty()) {
    recomputed.large_blobs = found.large_blobs;
    not_checked.emplace_back("$.largeBlobs: give each with --blob KIND=FILE");
  }
  if (attachments.sbom.empty() && found.sbom_sha256) {
    recomputed.sbom_sha256 = found.sbom_sha256;
    not_checked.emplace_back("$.sbomDigest: give the SBOM with --sbom");
  }
}

// With other files, recomputing would only repeat in a hundred lines what is known.
void compare_subjects(const statement::DeltaSigSubject& expected, const statement::DeltaSigSubject& found,
                      const char* where, std::vector<Difference>& to) {
  if (expected.sha256 == found.sha256) return;
  to.push_back({where, sha256_text(expected.sha256), sha256_text(found.sha256)});
}

}  // namespace

Result<DeltaSigVerifyResult> delta_sig_verify(const DeltaSigVerifyOptions& options, const Context& context) {
  DeltaSigVerifyResult result;
  result.predicate = options.predicate;
  result.schema_only = options.schema_only;
  STELLA_TRY(const LoadedPredicate loaded, load_predicate(options.predicate));
  const statement::DeltaSig& found = loaded.predicate;
  result.sha256 = loaded.sha256;
  if (options.schema_only) {
    result.ok = true;
    result.not_checked.emplace_back("whether the numbers are right: give --old and --new");
    return result;
  }
  STELLA_TRY(statement::DeltaSig recomputed, make_delta_sig(options.inputs, options.attachments, context));
  compare_subjects(recomputed.base, found.base, "$.subject[0].digest.sha256", result.differences);
  compare_subjects(recomputed.target, found.target, "$.subject[1].digest.sha256", result.differences);
  if (!result.differences.empty()) return result;

  take_unchecked(found, options.attachments, recomputed, result.not_checked);
  if (!(recomputed == found)) {
    STELLA_TRY(const json::Value expected_value, value_of(recomputed));
    STELLA_TRY(const json::Value found_value, value_of(found));
    append_differences(expected_value, found_value, "$", result.differences);
  }
  result.ok = result.differences.empty();
  return result;
}

}  // namespace stella::operations
