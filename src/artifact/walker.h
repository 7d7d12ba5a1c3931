// The engine behind walk(): goes from member to member and keeps names, limits and places.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "entry.h"
#include "stella/artifact/walk.h"
#include "stella/oci/layout.h"
#include "unpack.h"

namespace stella::artifact {

// A text from an artifact as valid UTF-8 without characters that steer a terminal; other bytes, and what
// looks like it already, become "\xNN", so that two texts never become one.
[[nodiscard]] std::string printable(std::string_view name);
// The same for a step of a path: what paths add to names ("!" before members, "#2" behind a name that occurs
// again, "(outside)") cannot come from a name.
[[nodiscard]] std::string in_path(std::string_view name);

// A PE file without what Authenticode leaves out: checksum, certificate table and its entry.
struct PePayload {
  Digest sha256;
  std::optional<Range> certificates;
};
// None for a file that cannot be read as PE. Errors: kIo.
[[nodiscard]] Result<std::optional<PePayload>> read_pe_payload(const ByteSource& file);

class Walker {
 public:
  Walker(std::uint64_t artifact_size_bytes, const Limits& limits, Visitor& visitor)
      : limits_(limits), visitor_(visitor), budget_(artifact_size_bytes, limits) {}

  [[nodiscard]] Status walk_file_artifact(const ByteSource& source);
  [[nodiscard]] Status walk_layout_folder(const oci::LayoutFiles& files);

 private:
  // A container whose members are being walked.
  struct Container {
    const Member& member;
    const ByteSource* bytes;                    // null for a folder
    std::optional<std::uint64_t> offset_bytes;  // of `bytes` in the artifact, if they lie there as they are
    unsigned depth;                             // of its members
    std::map<std::string, unsigned, std::less<>> names;  // how often each name occurred
  };

  // Where a file's bytes come from.
  struct Stored {
    const ByteSource& bytes;
    Coding coding = Coding::kStored;
    std::optional<std::uint64_t> size_bytes{};
    std::optional<std::uint32_t> crc32{};
  };

  // All return errors of the walk itself; what is wrong with the artifact goes to visitor_.unopened().
  Status walk_bytes(Member& member, const Stored& stored, unsigned depth);
  Status walk_content(Member& member, const ByteSource& bytes, std::optional<std::uint64_t> offset_bytes,
                      unsigned depth);
  Status walk_container(Member& member, const ByteSource* bytes, std::optional<std::uint64_t> offset_bytes,
                        unsigned depth, const std::function<Status(Container&)>& read);
  Status leaf(const Member& member, const ByteSource* bytes);
  Status pe_leaf(Member& member, const ByteSource& bytes, std::optional<std::uint64_t> offset_bytes);
  Status give_up(Member& member, const ByteSource& packed, const Error& error);

  // These return what ends the container as well; fatal_ tells the two apart.
  Status read_members(Container& container);
  Status read_rpm_members(Container& container);
  Status read_image_members(Container& container, const oci::LayoutFiles& files);
  Status read_image(Container& container, const oci::LayoutFiles& files, const oci::Image& image);
  Status charge_file(const oci::LayoutFiles& files, const std::string& name);
  Status read_image_config(Container& container, const oci::LayoutFiles& files, const oci::Image& image,
                           const std::string& prefix);
  Status read_layer(Container& container, const oci::LayoutFiles& files, const oci::Image& image,
                    std::size_t index, const std::string& prefix);
  Status read_other_files(Container& container, const oci::LayoutFiles& files, const oci::Images& images);

  Status take_entry(Container& container, Entry&& entry);
  Status take_tar_entry(Container& container, oci::TarEntry&& from);
  Status take_file(Container& container, const Entry& entry, Member& member);
  Status read_link_target(Container& container, const Entry& entry, Member& member);
  Status add_outside(Container& container, const std::vector<Range>& ranges);
  Status add_rest(Container& container, std::uint64_t end);
  Status report(Unopened what);

  // Where a part of a container's bytes lies in the artifact.
  static std::optional<Range> place_of(const Container& container, Range part);
  // Both as in_path() gives them, or steps of our own. Errors: kLimitExceeded.
  Result<Member> child(Container& container, std::string_view name, std::string_view key_name);
  Status count_path(std::size_t size_bytes);
  Status count_entry();
  // Remembers `status` as an error of the walk, if it is one.
  Status fatal(Status status);

  const Limits& limits_;
  Visitor& visitor_;
  Budget budget_;
  std::uint64_t entries_ = 0;
  std::uint64_t paths_bytes_ = 0;
  bool fatal_ = false;
};

}  // namespace stella::artifact
