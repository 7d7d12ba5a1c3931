// What an artifact is, told by its content and never by its name.
#pragma once

#include <cstdint>
#include <string_view>

#include "stella/base/error.h"
#include "stella/base/source.h"

namespace stella::artifact {

enum class Type : std::uint8_t {
  kPlain,  // nothing that we can open
  kElf,
  kPe,
  kTar,
  kAr,
  kDeb,  // an ar whose first member is debian-binary
  kCpio,
  kRpm,
  kZip,
  kJar,  // a zip with META-INF/MANIFEST.MF
  kWar,  // a zip with entries in WEB-INF/
  kGzip,
  kXz,
  kZstd,
  kBzip2,
  kOciLayout,      // a folder with oci-layout and index.json
  kOciArchive,     // the same as a tar
  kDockerArchive,  // what `docker save` wrote before it wrote OCI archives: a tar with manifest.json
};

// The name as it stands in manifests (artifact_type), e.g. "oci-archive".
[[nodiscard]] std::string_view to_string(Type type);

// True for kGzip, kXz, kZstd and kBzip2: one stream, packed.
[[nodiscard]] bool is_packed_stream(Type type);
// True for what has members: archives, packages and images.
[[nodiscard]] bool is_container(Type type);

// Reads a few blocks; for a tar its member names, for a zip its directory. Content that begins like a
// container but is damaged is what it begins like: opening it will say what is wrong.
// Errors: kIo only.
[[nodiscard]] Result<Type> recognise(const ByteSource& source);

}  // namespace stella::artifact
