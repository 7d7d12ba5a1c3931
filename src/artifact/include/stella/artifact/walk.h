// An artifact as a tree of streams, walked depth first: a jar in a war in a layer of an image.
//
// Nothing of an artifact is ever written under a name that it contains; "../x" and "/x" are reported as they
// stand. What cannot be opened (damaged, encrypted, unknown, over a limit) does not end the walk: it is a
// leaf with the digest of its packed bytes, listed with the reason.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "stella/artifact/limits.h"
#include "stella/artifact/type.h"
#include "stella/base/digest.h"
#include "stella/base/progress.h"

namespace stella::artifact {

// kWhiteout: an entry of an image layer that deletes what lower layers have.
enum class Kind : std::uint8_t { kFile, kDirectory, kSymlink, kHardlink, kDevice, kFifo, kWhiteout };
[[nodiscard]] std::string_view to_string(Kind kind);

// Bytes of the artifact itself.
struct Range {
  std::uint64_t offset_bytes = 0;
  std::uint64_t size_bytes = 0;
  friend bool operator==(const Range&, const Range&) = default;
};

struct Member {
  // From the outside in, "!" between container and member: "data.tar.xz!./usr/x.jar!META-INF/MANIFEST.MF".
  // Empty for the artifact itself. A name that occurs again in its container has "#2", "#3" … behind it.
  std::string path;
  // What pairs it with the other artifact's member; packing is put aside ("data.tar!usr/x.jar!…").
  std::string key;
  Kind kind = Kind::kFile;
  Type type = Type::kPlain;      // of the unpacked content
  std::vector<Type> packings;    // streams that were unpacked to get there, outermost first, e.g. {kGzip}
  std::uint64_t size_bytes = 0;  // unpacked
  Digest sha256;                 // of the unpacked content; of nothing for what is no file
  std::optional<std::uint32_t> mode;  // permission bits (07777); none where the container records none
  std::string link_target;
  bool opened = false;       // its members follow; they stand for it in comparisons
  bool aside = false;        // carries nothing that is compared: a directory entry of a zip
  bool signature = false;    // a signature over other members or over the artifact
  unsigned image_layer = 0;  // its number in its image, lowest is 1; 0 for what is no layer
  // Where its bytes, packed as they are, lie in the artifact; none when they lie in something packed.
  std::optional<Range> place;
  // What it is by its payload, where that differs from its bytes: a PE file without its signature, an image
  // configuration without its times.
  std::optional<Digest> payload_sha256;
};

struct Unopened {
  std::string path;
  ErrorCode code = ErrorCode::kUnsupported;  // kCorrupt, kLimitExceeded or kUnsupported
  std::string reason;
  friend bool operator==(const Unopened&, const Unopened&) = default;
};

class Visitor {
 public:
  virtual ~Visitor() = default;
  // Whether visit() needs the bytes of this file. Its size and digests are not known yet.
  [[nodiscard]] virtual bool wants_bytes(const Member& /*member*/) { return false; }
  // Whether to look inside this container.
  [[nodiscard]] virtual bool wants_members(const Member& /*container*/) { return true; }
  // Called for every member, containers before their members. `bytes` are the unpacked bytes where wanted,
  // else null; valid during the call. An error ends the walk.
  [[nodiscard]] virtual Status visit(const Member& member, const ByteSource* bytes) = 0;
  // Called after the last member of a container that was opened. When `whole` is false, it turned out to be
  // damaged or over a limit: what was said of its members must be forgotten, and `container` (as a leaf now)
  // takes their place.
  [[nodiscard]] virtual Status leave(const Member& container, bool whole) = 0;
  [[nodiscard]] virtual Status unopened(Unopened what) = 0;
};

// Walks `source`, whose own Member has an empty path. Errors: kIo, and those of the visitor.
[[nodiscard]] Status walk(const ByteSource& source, const Limits& limits, Visitor& visitor,
                          const Progress& progress = {});

// The same for a path: a regular file, or an OCI image layout as a folder. Errors also: those of open_file,
// and kInvalidArgument for a folder that is no image layout.
[[nodiscard]] Status walk(const std::filesystem::path& path, const Limits& limits, Visitor& visitor,
                          const Progress& progress = {});

}  // namespace stella::artifact
