#include "stella/operations/delta_apply.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "delta_paths.h"
#include "stella/base/file.h"
#include "stella/base/spool.h"
#include "stella/delta/apply.h"
#include "stella/delta/inspect.h"
#include "stella/operations/delta_create.h"

namespace stella::operations {
namespace {

constexpr std::size_t kSpoolMemoryBytes = std::size_t{8} << 20;
constexpr std::size_t kBlockBytes = std::size_t{256} << 10;

struct Way {
  std::filesystem::path input;
  std::filesystem::path delta;
  std::filesystem::path output;
  std::uint64_t add_max_bytes;
  bool replace_output;
};

// A delta of a few bytes may name a target of any size, since copies cost nothing: no disk is filled to find
// that out.
Status check_room(const std::filesystem::path& folder, const ByteSource& delta_bin,
                  std::uint64_t memory_bytes) {
  const auto header = delta::read_header(delta_bin);
  struct statvfs disk{};
  if (!header || header->target_size_bytes <= memory_bytes) return {};
  if (::statvfs(folder.empty() ? "." : folder.c_str(), &disk) != 0) return {};  // said later on
  if (disk.f_blocks == 0) return {};  // it does not say how much it has
  const std::uint64_t blocks = header->target_size_bytes / std::max<std::uint64_t>(disk.f_frsize, 1);
  if (blocks <= disk.f_bavail) return {};
  return fail({.code = ErrorCode::kIo,
               .message = "no space for the output",
               .where = folder.empty() ? "." : folder.string(),
               .expected = fmt::format("{} bytes", header->target_size_bytes),
               .found = fmt::format("{} bytes", std::uint64_t{disk.f_bavail} * disk.f_frsize),
               .next = "free some space or choose another folder"});
}

Result<delta::Applied> apply_to_standard_output(const ByteSource& input, const ByteSource& delta_bin,
                                                const delta::ApplyOptions& options,
                                                const Progress& progress) {
  // A pipe takes nothing back, so it gets nothing before both digests match.
  std::error_code error;
  const auto folder = std::filesystem::temp_directory_path(error);
  if (!error) STELLA_CHECK(check_room(folder, delta_bin, kSpoolMemoryBytes));
  Spool spool(kSpoolMemoryBytes, "standard output");
  STELLA_TRY(delta::Applied applied, delta::apply(input, delta_bin, spool, options, progress));
  const auto whole = spool.finish();
  STELLA_CHECK(for_each_block(*whole, kBlockBytes, [](ByteView block) {
    return write_descriptor(STDOUT_FILENO, block, "standard output");
  }));
  return applied;
}

Result<delta::Applied> apply_to_file(const Way& way, const ByteSource& input, const ByteSource& delta_bin,
                                     const delta::ApplyOptions& options, const Progress& progress) {
  struct stat status{};
  if (::stat(way.input.c_str(), &status) != 0) {
    return fail(os_error(errno, "cannot read the file's mode", way.input.string()));
  }
  STELLA_CHECK(check_room(way.output.parent_path(), delta_bin, 0));
  STELLA_TRY(AtomicFile output,
             AtomicFile::create(way.output, way.replace_output ? AtomicFile::Existing::kReplace
                                                               : AtomicFile::Existing::kRefuse));
  STELLA_TRY(delta::Applied applied, delta::apply(input, delta_bin, output, options, progress));
  // Not set-user-id and its like: who owns the output is another question than who owned the input.
  STELLA_CHECK(output.set_mode(status.st_mode & 0777));
  STELLA_CHECK(output.commit());
  return applied;
}

Result<DeltaApplyResult> go(const Way& way, const Context& context) {
  STELLA_TRY(const auto input, open_file(way.input));
  STELLA_TRY(const auto delta_bin, open_file(way.delta));
  const delta::ApplyOptions options{.threads = context.threads, .add_max_bytes = way.add_max_bytes};
  auto applied = way.output == "-" ? apply_to_standard_output(*input, *delta_bin, options, context.progress)
                                   : apply_to_file(way, *input, *delta_bin, options, context.progress);
  if (!applied) return std::unexpected(std::move(applied).error());
  return DeltaApplyResult{.output = way.output,
                          .delta = way.delta,
                          .input_sha256 = applied->base_sha256,
                          .output_sha256 = applied->target_sha256,
                          .delta_size_bytes = delta_bin->size(),
                          .output_size_bytes = applied->target_size_bytes};
}

}  // namespace

Result<DeltaApplyResult> delta_apply(const DeltaApplyOptions& options, const Context& context) {
  if (options.delta.empty() && options.output == "-") {
    return fail({.code = ErrorCode::kInvalidArgument,
                 .message = "the delta cannot be found beside standard output",
                 .next = "say where it is with --delta"});
  }
  const std::filesystem::path delta =
      options.delta.empty() ? default_delta_folder(options.output) : options.delta;
  return go({.input = options.base,
             .delta = options.delta.empty() ? delta / kDeltaFile : file_in(delta, kDeltaFile),
             .output = options.output,
             .add_max_bytes = options.add_max_bytes,
             .replace_output = options.replace_output},
            context);
}

Result<DeltaApplyResult> delta_rollback(const DeltaRollbackOptions& options, const Context& context) {
  if (!options.allow_unsigned) {
    return fail({.code = ErrorCode::kUntrusted,
                 .message = "this rollback has no signed rollback statement",
                 .where = options.target.string(),
                 .expected = "a statement that somebody you trust wants to go back",
                 .found = "none",
                 .next = "to go back on the digests alone, add --allow-unsigned"});
  }
  STELLA_TRY(const std::filesystem::path way_back,
             way_back_in(options.delta.empty() ? default_delta_folder(options.target) : options.delta));
  auto result = go({.input = options.target,
                    .delta = way_back,
                    .output = options.output,
                    .add_max_bytes = options.add_max_bytes,
                    .replace_output = options.replace_output},
                   context);
  if (!result && result.error().code == ErrorCode::kUntrusted) {
    // The base of the way back is the target of the delta, and that is what its user calls it.
    Error error = std::move(result).error();
    error.message = "this way back is from another target";
    error.next = "give the target that the delta leads to";
    return fail(std::move(error));
  }
  return result;
}

}  // namespace stella::operations
