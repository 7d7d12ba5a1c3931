// An rpm's members: its header, its signatures, and the files of its payload.
#include <utility>

#include "cpio.h"
#include "rpm.h"
#include "walker.h"

namespace stella::artifact {

Status Walker::read_rpm_members(Container& container) {
  const ByteSource& package = *container.bytes;
  STELLA_TRY(const RpmLayout layout, read_rpm(package));

  STELLA_CHECK(count_entry());
  STELLA_TRY(Member header, child(container, "(header)", "(header)"));
  STELLA_TRY(const auto header_bytes,
             part_of(package, layout.header.offset_bytes, layout.header.size_bytes, header.path));
  header.size_bytes = layout.header.size_bytes;
  STELLA_TRY(header.sha256, hash_source(*header_bytes));
  header.payload_sha256 = layout.main_header.payload_digest();
  header.place = place_of(container, layout.header);
  STELLA_CHECK(leaf(header, visitor_.wants_bytes(header) ? header_bytes.get() : nullptr));

  if (const auto digest = layout.signature_header.signature_digest()) {
    STELLA_CHECK(count_entry());
    STELLA_TRY(Member signature, child(container, "(signature)", "(signature)"));
    signature.size_bytes = layout.signature.size_bytes;
    STELLA_TRY(const auto bytes,
               part_of(package, layout.signature.offset_bytes, layout.signature.size_bytes, signature.path));
    STELLA_TRY(signature.sha256, hash_source(*bytes));
    signature.payload_sha256 = digest;
    signature.signature = true;
    signature.place = place_of(container, layout.signature);
    STELLA_CHECK(leaf(signature, nullptr));
  }

  STELLA_TRY(const auto packed,
             part_of(package, layout.payload.offset_bytes, layout.payload.size_bytes, container.member.path));
  STELLA_TRY(const Unpacked payload, unpack({.packed = *packed,
                                             .coding = layout.coding,
                                             .name = container.member.path,
                                             .wants_bytes = [](Type) { return true; }},
                                            limits_, budget_));
  Container files{.member = container.member,
                  .bytes = payload.bytes.get(),
                  .offset_bytes = {},
                  .depth = container.depth,
                  .names = {}};
  const ReadLimits limits{.entries_max = limits_.entries_max,
                          .name_size_max_bytes = limits_.name_size_max_bytes};
  STELLA_TRY(const std::uint64_t end, read_cpio(*payload.bytes, limits, [&](Entry&& entry) {
               return take_entry(files, std::move(entry));
             }));
  return add_rest(files, end);
}

}  // namespace stella::artifact
