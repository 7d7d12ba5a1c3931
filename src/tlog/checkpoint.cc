#include "stella/tlog/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "stella/base/base64.h"

namespace stella::tlog {
namespace {

std::unexpected<Error> malformed(std::string message, std::string where, std::string_view found = {}) {
  return fail({.code = ErrorCode::kCorrupt,
               .message = std::move(message),
               .where = std::move(where),
               .found = std::string(found.substr(0, 200))});
}

Result<std::uint64_t> parse_tree_size(std::string_view text) {
  std::uint64_t size = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), size);
  const bool decimal = !text.empty() && status == std::errc() && end == text.data() + text.size() &&
                       text.find_first_not_of("0123456789") == std::string_view::npos;
  if (!decimal || (text.size() > 1 && text.front() == '0') ||
      size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return malformed("a checkpoint's second line is not a tree size", "line 2", text);
  }
  return size;
}

}  // namespace

Result<Checkpoint> parse_checkpoint_text(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return malformed("a checkpoint does not end in a newline", {});
    if (end == 0)
      return malformed("a checkpoint has an empty line", fmt::format("line {}", lines.size() + 1));
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  if (lines.size() < 3) {
    return malformed("a checkpoint lacks its origin, tree size or root hash",
                     fmt::format("line {}", lines.size() + 1));
  }
  Checkpoint checkpoint{.origin = std::string(lines[0])};
  STELLA_TRY(checkpoint.tree_size, parse_tree_size(lines[1]));
  const auto root = parse_base64(lines[2]);
  if (!root || root->size() != checkpoint.root_hash.bytes.size()) {
    return malformed("a checkpoint's third line is not a root hash", "line 3", lines[2]);
  }
  std::ranges::copy(*root, checkpoint.root_hash.bytes.begin());
  for (std::size_t i = 3; i < lines.size(); ++i) checkpoint.extensions.emplace_back(lines[i]);
  return checkpoint;
}

std::string checkpoint_text(const Checkpoint& checkpoint) {
  std::string text = fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.tree_size,
                                 to_base64(checkpoint.root_hash.view()));
  for (const std::string& extension : checkpoint.extensions) text += extension + "\n";
  return text;
}

Result<SignedCheckpoint> parse_signed_checkpoint(std::string_view note) {
  SignedCheckpoint checkpoint;
  STELLA_TRY(checkpoint.note, parse_note(note));
  STELLA_TRY(checkpoint.checkpoint, parse_checkpoint_text(checkpoint.note.text));
  return checkpoint;
}

Status verify_checkpoint(const SignedCheckpoint& checkpoint, const NoteKey& log,
                         std::optional<std::string_view> origin) {
  if (origin && checkpoint.checkpoint.origin != *origin) {
    return fail({.code = ErrorCode::kUntrusted,
                 .message = "the checkpoint is of another log",
                 .where = "origin",
                 .expected = std::string(*origin),
                 .found = checkpoint.checkpoint.origin});
  }
  STELLA_CHECK(verify_note(checkpoint.note, std::span(&log, 1)));
  return {};
}

}  // namespace stella::tlog
