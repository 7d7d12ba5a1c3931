// All that one walk finds in an artifact, and how the contents of two artifacts differ.
//
// The normalised view puts order, times, owners, compression and directory entries of zips aside, and keeps
// names, kinds, permission bits, link targets, contents and signatures. Bytes that belong to no member
// (before, between and behind them) are a member of their own, so that nothing can hide outside of the view.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stella/artifact/component.h"
#include "stella/artifact/limits.h"
#include "stella/artifact/walk.h"
#include "stella/base/progress.h"

namespace stella::artifact {

struct Contents {
  Type type = Type::kPlain;
  std::uint64_t size_bytes = 0;
  Digest sha256;                      // of the artifact as it is; of index.json for a folder
  std::vector<Member> members;        // in walk order; the artifact itself first
  std::vector<Component> components;  // sorted, without duplicates
  std::vector<Unopened> unopened;     // in walk order
};

// One walk for members and components. Errors: kIo.
[[nodiscard]] Result<Contents> read_contents(const ByteSource& source, const Limits& limits = {},
                                             const Progress& progress = {});
// Also takes an OCI image layout as a folder.
[[nodiscard]] Result<Contents> read_contents(const std::filesystem::path& path, const Limits& limits = {},
                                             const Progress& progress = {});

// SHA-256 over the normalised view: equal for two artifacts that differ in packing only.
[[nodiscard]] Digest payload_digest(const Contents& contents);

struct MemberState {
  std::string path;
  Kind kind = Kind::kFile;
  Type type = Type::kPlain;
  std::uint64_t size_bytes = 0;
  Digest sha256;
  std::optional<std::uint32_t> mode;
  std::string link_target;
};

// `base` alone: removed; `target` alone: added; both: changed.
struct MemberChange {
  std::string key;
  std::optional<MemberState> base;
  std::optional<MemberState> target;
};

// An image's layers, paired: first those of equal content, the others in order.
struct LayerPair {
  std::string base_path;    // empty: added
  std::string target_path;  // empty: removed
  bool payload_equal = false;
};

struct Comparison {
  bool bytes_equal = false;
  bool payload_equal = false;  // no change below, signatures left out of account
  bool signatures_equal = false;
  // Each sorted by key; signatures stand only in their own list.
  std::vector<MemberChange> added, removed, changed;
  std::vector<MemberChange> signatures;
  std::vector<LayerPair> layers;  // of images, in the target's order; else empty
  std::vector<Unopened> base_unopened, target_unopened;
  std::uint64_t members_unchanged = 0;
};

[[nodiscard]] Comparison compare(const Contents& base, const Contents& target);

}  // namespace stella::artifact
