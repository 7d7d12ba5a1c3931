// delta-manifest.json: what a delta is made of and what changed, for people, policies and signatures.
// Its form is docs/format/delta-manifest.md and schemas/delta-manifest.schema.json: canonical JSON (RFC
// 8785), closed. The core is the manifest without `attestations` and `score_inputs`; it follows from base,
// target, parameters and build alone, and its digest is what gets signed, so that linking evidence later
// changes no signed byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/base/file.h"
#include "stella/base/json.h"
#include "stella/chunk/chunk_map.h"
#include "stella/delta/format.h"

namespace stella::delta {

inline constexpr std::string_view kManifestSchema = "https://stellaops.dev/delta-manifest/v1";

// Limits on what a manifest may hold; more is refused both when written and when read.
inline constexpr std::uint64_t kManifestSizeMaxBytes = std::uint64_t{1} << 30;
inline constexpr std::size_t kManifestListMax = std::size_t{16} << 20;  // elements of one list
inline constexpr std::size_t kManifestTextMaxBytes = std::size_t{64} << 10;
inline constexpr std::size_t kManifestPartsMax = 1000;
inline constexpr std::size_t kManifestAttestationsMax = 1000;
inline constexpr std::size_t kManifestTopFunctionsMax = 20;
inline constexpr std::uint64_t kManifestFunctionsMax = std::uint64_t{1} << 40;

struct ArtifactDigest {
  Digest sha256;
  Digest blake3;
  std::uint64_t size_bytes = 0;
  friend bool operator==(const ArtifactDigest&, const ArtifactDigest&) = default;
};

struct ChunkTree {
  std::uint64_t count = 0;
  Digest merkle_root;
  friend bool operator==(const ChunkTree&, const ChunkTree&) = default;
};

// COPY: `chunk_count` chunks of the base, the first of them `digest`, from `base_offset_bytes` on.
// ADD: bytes with the SHA-256 `digest`; how they are packed is the business of delta.bin.
struct Operation {
  enum class Kind : std::uint8_t { kCopy, kAdd };
  Kind kind = Kind::kAdd;
  std::uint64_t length_bytes = 0;
  Digest digest;
  std::uint64_t chunk_count = 0;        // COPY only
  std::uint64_t base_offset_bytes = 0;  // COPY only
  friend bool operator==(const Operation&, const Operation&) = default;
};

// A delta.bin that belongs to the manifest, bound by its digest.
struct DeltaFile {
  std::string file;  // relative to the manifest
  std::uint64_t size_bytes = 0;
  Digest sha256;
  Digest operations_sha256;
  std::uint64_t copy_bytes = 0;
  std::uint64_t add_bytes = 0;
  friend bool operator==(const DeltaFile&, const DeltaFile&) = default;
};

// A section of an executable or a member of a container, and what of it is not in the base.
struct Part {
  std::string name;
  std::uint64_t offset_bytes = 0;  // in the target
  std::uint64_t size_bytes = 0;
  std::uint64_t add_bytes = 0;
  friend bool operator==(const Part&, const Part&) = default;
};

struct Composition {
  std::uint64_t add_entropy_millibits = 0;  // order-0 entropy of an added byte, 0 to 8000, rounded down
  std::vector<Part> parts;                  // those with added bytes: most added first, then by offset
  std::uint64_t parts_omitted = 0;          // how many more there are than kManifestPartsMax
  friend bool operator==(const Composition&, const Composition&) = default;
};

struct MemberState {
  std::string kind;  // file, directory, symlink, …
  std::string type;  // as artifact_type
  std::uint64_t size_bytes = 0;
  Digest sha256;
  std::optional<std::uint32_t> mode;
  std::string link_target;
  friend bool operator==(const MemberState&, const MemberState&) = default;
};

struct MemberChange {
  std::string path;
  std::optional<MemberState> base;    // none: added
  std::optional<MemberState> target;  // none: removed
  friend bool operator==(const MemberChange&, const MemberChange&) = default;
};

struct UnopenedMember {
  bool in_target = false;
  std::string path;
  std::string code;
  std::string reason;
  friend bool operator==(const UnopenedMember&, const UnopenedMember&) = default;
};

struct LayerPair {
  std::string base_path;    // empty: added
  std::string target_path;  // empty: removed
  bool payload_equal = false;
  friend bool operator==(const LayerPair&, const LayerPair&) = default;
};

// The normalised view: what differs once order, times, owners and compression are put aside.
struct Members {
  bool payload_equal = false;
  bool signatures_equal = false;
  std::uint64_t unchanged = 0;
  std::vector<MemberChange> added;
  std::vector<MemberChange> removed;
  std::vector<MemberChange> changed;
  std::vector<MemberChange> signatures;
  std::vector<LayerPair> layers;
  std::vector<UnopenedMember> unopened;
  friend bool operator==(const Members&, const Members&) = default;
};

// A software package found inside an artifact.
struct Material {
  std::string purl;
  std::string name;
  std::string version;
  std::string path;         // of the member that states it
  Digest sha256;            // of that member
  Digest statement_sha256;  // of the bytes in it that state this material
  friend bool operator==(const Material&, const Material&) = default;
};

struct MaterialChange {
  Material base;
  Material target;
  friend bool operator==(const MaterialChange&, const MaterialChange&) = default;
};

struct Materials {
  std::vector<Material> added;
  std::vector<Material> removed;
  std::vector<MaterialChange> changed;
  friend bool operator==(const Materials&, const Materials&) = default;
};

// One of the largest changes of its kind.
struct ChangedFunction {
  std::string name;
  std::string program;  // path of the program inside the artifact; empty: the artifact itself
  std::string section;
  std::uint64_t base_size_bytes = 0;
  std::uint64_t target_size_bytes = 0;
  std::uint64_t instructions_changed = 0;  // added and removed
  std::uint64_t fan_in = 0;
  std::uint64_t fan_out = 0;
  friend bool operator==(const ChangedFunction&, const ChangedFunction&) = default;
};

struct FunctionGroup {
  std::uint64_t count = 0;
  std::vector<ChangedFunction> top;  // at most kManifestTopFunctionsMax, largest change first
  friend bool operator==(const FunctionGroup&, const FunctionGroup&) = default;
};

// What changed inside of programs. All changed functions stand in a file beside the manifest.
struct FunctionsChanged {
  FunctionGroup added, removed, modified, renamed, moved;
  std::uint64_t base_count = 0;  // functions of the programs that were compared
  std::uint64_t target_count = 0;
  std::uint64_t programs_compared = 0, programs_not_compared = 0;
  std::uint64_t programs_added = 0, programs_removed = 0, programs_unchanged = 0;
  std::string file;  // relative to the manifest
  std::uint64_t file_size_bytes = 0;
  Digest file_sha256;
  std::string tooling;  // disassembler and algorithm with their versions
  friend bool operator==(const FunctionsChanged&, const FunctionsChanged&) = default;
};

struct Manifest {
  std::string tool;  // as in delta.bin: program and packing libraries with their versions
  Level level = Level::kDefault;
  std::string base_artifact_type;
  std::string artifact_type;  // of the target
  ArtifactDigest base_digest;
  ArtifactDigest target_digest;
  chunk::Params chunk_params;
  ChunkTree base_chunks;
  ChunkTree target_chunks;
  std::vector<chunk::Chunk> changed_chunks;  // chunks of the target that the base does not have
  std::vector<Operation> operations;
  Composition composition;
  Members members;
  Materials materials;
  std::optional<FunctionsChanged> functions;  // none: neither artifact holds a program
  DeltaFile delta;
  std::optional<DeltaFile> rollback;
  json::Value attestations = json::Array{};   // outside of the core
  json::Value score_inputs = json::Object{};  // outside of the core
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

// Writes the canonical form, as a stream. Errors: those of the sink; kLimitExceeded when a limit above is
// passed.
[[nodiscard]] Status write_manifest(const Manifest& manifest, ByteSink& to);

// Reads and checks all that the schema says, that the numbers agree with each other, and that the text is in
// canonical form. Errors: kCorrupt and kLimitExceeded, with the place as a path such as "$.ops[3].chunk";
// kUnsupported for another schema.
[[nodiscard]] Result<Manifest> read_manifest(std::string_view text);

// SHA-256 of the canonical form of the core. Errors: kLimitExceeded.
[[nodiscard]] Result<Digest> core_digest(const Manifest& manifest);

}  // namespace stella::delta
