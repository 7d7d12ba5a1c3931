#include "delta_sig_make.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "contents_map.h"
#include "delta_sig_compare.h"
#include "delta_sig_map.h"
#include "stella/base/json.h"

namespace stella::operations {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
constexpr std::size_t kSbomMaxBytes = std::size_t{256} << 20;
constexpr std::size_t kSbomDepthMax = 256;

struct Opened {
  std::unique_ptr<ByteSource> source;
  artifact::Contents contents;
  Digest blake3;
};

Status open(const std::filesystem::path& path, unsigned side, Opened& to, const Context& context) {
  STELLA_TRY(to.source, open_file(path));
  const Status read = parallel_for(2, context.threads, [&](std::size_t task) -> Status {
    if (task == 0) {
      STELLA_TRY(to.contents, artifact::read_contents(*to.source, {}, {}));
      return {};
    }
    Blake3 blake3;
    STELLA_CHECK(for_each_block(*to.source, kBlockBytes, [&](ByteView block) -> Status {
      blake3.update(block);
      return {};
    }));
    to.blake3 = blake3.finish();
    return {};
  });
  if (!read) return read;
  if (context.debug) {
    context.debug(fmt::format("{}: {} bytes, {}, {} members", side == 0 ? "base" : "target",
                              to.source->size(), artifact::to_string(to.contents.type),
                              to.contents.members.size()));
  }
  return {};
}

statement::DeltaSigSubject subject_of(const std::filesystem::path& path, const Opened& opened) {
  return {.name = predicate_text(path.filename().string()),
          .sha256 = opened.contents.sha256,
          .blake3 = opened.blake3,
          .size_bytes = opened.source->size(),
          .type = std::string(artifact::to_string(opened.contents.type))};
}

// A program against something else, or nothing to compare at all.
Status check_programs(const DeltaSigInputs& inputs, const Opened& base, const Opened& target,
                      const statement::DeltaSig& found) {
  if (!found.summary.programs.empty() || found.summary.programs_unchanged > 0) return {};
  return fail({.code = ErrorCode::kUnsupported,
               .message = "there is no executable in either file",
               .where = fmt::format("{} and {}", inputs.base.string(), inputs.target.string()),
               .expected = "ELF or PE programs, or archives, packages or images with such inside",
               .found = fmt::format("{} and {}", artifact::to_string(base.contents.type),
                                    artifact::to_string(target.contents.type)),
               .next = "`stella delta create` compares files of any kind"});
}

bool is_program(const artifact::Contents& contents) {
  return contents.type == artifact::Type::kElf || contents.type == artifact::Type::kPe;
}

Status check_kinds(const DeltaSigInputs& inputs, const Opened& base, const Opened& target) {
  const bool one = is_program(base.contents), other = is_program(target.contents);
  if (one == other) return {};
  const auto& odd = one ? target : base;
  return fail({.code = ErrorCode::kInvalidArgument,
               .message = "one of the two is a program, and the other is not",
               .where = (one ? inputs.target : inputs.base).string(),
               .expected = "an ELF or PE program",
               .found = std::string(artifact::to_string(odd.contents.type)),
               .next = "compare a program with a program, or a package with a package"});
}

}  // namespace

Result<Digest> sbom_digest(const std::filesystem::path& sbom) {
  STELLA_TRY(const Bytes bytes, read_file(sbom, kSbomMaxBytes));
  const auto value =
      json::parse(as_text(bytes), {.depth_max = kSbomDepthMax, .size_max_bytes = kSbomMaxBytes});
  // What begins like JSON but is none must not get the digest of another form by accident.
  const auto first = std::ranges::find_if_not(bytes, [](std::uint8_t c) { return c <= ' '; });
  const bool json_like = first != bytes.end() && (*first == '{' || *first == '[');
  if (!value && json_like) return fail(Error(value.error()).at(sbom.string()));
  return value ? sha256(as_bytes(json::canonical(*value))) : sha256(bytes);
}

Result<std::vector<statement::LargeBlob>> large_blobs(const std::vector<std::string>& given) {
  std::vector<statement::LargeBlob> blobs;
  for (const std::string& text : given) {
    const std::size_t equals = text.find('=');
    const std::string kind = text.substr(0, equals);
    const bool named = !kind.empty() && kind.size() <= 64 && std::ranges::all_of(kind, [](char c) {
      return ('a' <= c && c <= 'z') || ('0' <= c && c <= '9') || c == '-' || c == '.';
    });
    if (equals == std::string::npos || !named || blobs.size() == statement::kDeltaSigListMax) {
      return fail({.code = ErrorCode::kInvalidArgument,
                   .message = "a blob cannot be used",
                   .where = "--blob",
                   .expected = fmt::format("KIND=FILE, such as binary-patch=app.bin; at most {}",
                                           statement::kDeltaSigListMax),
                   .found = text});
    }
    STELLA_TRY(const auto source, open_file(text.substr(equals + 1)));
    Sha256 digest;
    STELLA_CHECK(for_each_block(*source, kBlockBytes, [&](ByteView block) -> Status {
      digest.update(block);
      return {};
    }));
    blobs.push_back({.kind = kind, .sha256 = digest.finish(), .size_bytes = source->size()});
  }
  return blobs;
}

Result<statement::DeltaSig> make_delta_sig(const DeltaSigInputs& inputs,
                                           const DeltaSigAttachments& attachments, const Context& context) {
  Opened base, target;
  STELLA_CHECK(open(inputs.base, 0, base, context));
  STELLA_CHECK(open(inputs.target, 1, target, context));
  STELLA_CHECK(check_kinds(inputs, base, target));
  const CompareOptions options{.limits = inputs.limits, .debug_dir = inputs.debug_dir, .arch = inputs.arch};
  STELLA_TRY(
      statement::DeltaSig predicate,
      compare_functions({*base.source, base.contents}, {*target.source, target.contents}, options, context));
  STELLA_CHECK(check_programs(inputs, base, target, predicate));
  predicate.base = subject_of(inputs.base, base);
  predicate.target = subject_of(inputs.target, target);
  STELLA_TRY(predicate.large_blobs, large_blobs(attachments.blobs));
  if (!attachments.sbom.empty()) {
    STELLA_TRY(predicate.sbom_sha256, sbom_digest(attachments.sbom));
  }
  return predicate;
}

Result<LoadedPredicate> load_predicate(const std::filesystem::path& file) {
  STELLA_TRY(const Bytes bytes, read_file(file, statement::kDeltaSigSizeMaxBytes));
  auto predicate = statement::read_delta_sig(as_text(bytes));
  if (!predicate) return fail(std::move(predicate).error().at(file.string()));
  return LoadedPredicate{*std::move(predicate), sha256(bytes)};
}

}  // namespace stella::operations
