#include "delta_sig_make.h"
#include "stella/base/time.h"

namespace stella::operations {
namespace {

// Hashes and counts what is written.
class DigestingSink final : public ByteSink {
 public:
  explicit DigestingSink(ByteSink& to) : to_(to) {}
  Status write(ByteView bytes) override {
    sha256_.update(bytes);
    size_bytes_ += bytes.size();
    return to_.write(bytes);
  }
  [[nodiscard]] Digest finish() { return sha256_.finish(); }
  [[nodiscard]] std::uint64_t size_bytes() const { return size_bytes_; }

 private:
  ByteSink& to_;
  Sha256 sha256_;
  std::uint64_t size_bytes_ = 0;
};

// In UTC, whatever the offset it was given with.
Result<std::string> utc_time(const std::string& text) {
  const auto time = parse_time(text);
  if (time) return to_string(*time);
  return fail({.code = ErrorCode::kInvalidArgument,
               .message = "not a time",
               .where = "--computed-at",
               .expected = "RFC 3339, such as 2026-11-27T02:21:00Z",
               .found = text});
}

}  // namespace

Result<DeltaSigDiffResult> delta_sig_diff(const DeltaSigDiffOptions& options, const Context& context) {
  DeltaSigDiffResult result;
  result.output = options.output;
  // First of all, so that nobody waits for a result that has no place.
  STELLA_TRY(AtomicFile file,
             AtomicFile::create(options.output, options.replace_output ? AtomicFile::Existing::kReplace
                                                                       : AtomicFile::Existing::kRefuse));
  STELLA_TRY(const std::string computed_at, utc_time(options.computed_at));
  STELLA_TRY(result.predicate, make_delta_sig(options.inputs, options.attachments, context));
  result.predicate.computed_at = computed_at;
  DigestingSink sink(file);
  STELLA_CHECK(statement::write_delta_sig(result.predicate, sink));
  STELLA_CHECK(file.commit());
  result.sha256 = sink.finish();
  result.size_bytes = sink.size_bytes();
  return result;
}

}  // namespace stella::operations
