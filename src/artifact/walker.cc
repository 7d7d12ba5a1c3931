#include "walker.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "ar.h"
#include "cpio.h"
#include "stella/base/spool.h"
#include "zip.h"

namespace stella::artifact {
namespace {

using oci::TarKind;

constexpr std::string_view kOutsideName = "(outside)";

Kind kind_of(TarKind kind) {
  switch (kind) {
    case TarKind::kFile:
      return Kind::kFile;
    case TarKind::kDirectory:
      return Kind::kDirectory;
    case TarKind::kSymlink:
      return Kind::kSymlink;
    case TarKind::kHardlink:
      return Kind::kHardlink;
    case TarKind::kDevice:
      return Kind::kDevice;
    case TarKind::kFifo:
      return Kind::kFifo;
  }
  return Kind::kFile;
}

Coding coding_of(Type type) {
  switch (type) {
    case Type::kGzip:
      return Coding::kGzip;
    case Type::kXz:
      return Coding::kXz;
    case Type::kZstd:
      return Coding::kZstd;
    default:
      return Coding::kBzip2;
  }
}

std::string joined(const std::string& container, std::string_view name) {
  return container.empty() ? std::string(name) : fmt::format("{}!{}", container, name);
}

// Names are compared without "./" before and "/" behind them; inside a .deb also without the compression.
std::string_view key_name_of(std::string_view name, Type container) {
  while (name.starts_with("./")) name.remove_prefix(2);
  while (name.size() > 1 && name.ends_with('/')) name.remove_suffix(1);
  if (container == Type::kDeb && (name.starts_with("data.tar") || name.starts_with("control.tar"))) {
    name = name.substr(0, name.find(".tar") + 4);
  }
  return name.empty() ? std::string_view(".") : name;
}

bool is_jar_signature(std::string_view name) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  std::string_view rest = upper;
  if (!rest.starts_with("META-INF/")) return false;
  rest.remove_prefix(9);
  if (rest.find('/') != std::string_view::npos) return false;
  return rest.starts_with("SIG-") || rest.ends_with(".SF") || rest.ends_with(".RSA") ||
         rest.ends_with(".DSA") || rest.ends_with(".EC");
}

// debsigs and dpkg-sig put signatures into further members of the .deb.
bool is_signature(std::string_view name, Type container) {
  switch (container) {
    case Type::kDeb:
      return name.starts_with("_gpg");
    case Type::kZip:
    case Type::kJar:
    case Type::kWar:
      return is_jar_signature(name);
    default:
      return false;
  }
}

bool is_zip(Type type) { return type == Type::kZip || type == Type::kJar || type == Type::kWar; }

std::string reason_of(const Error& error) {
  Error copy = error;
  copy.next.clear();
  return to_string(copy);
}

}  // namespace

Status Walker::fatal(Status status) {
  if (!status) fatal_ = true;
  return status;
}

Status Walker::report(Unopened what) { return fatal(visitor_.unopened(std::move(what))); }

Status Walker::count_entry() {
  if (++entries_ <= limits_.entries_max) return {};
  return too_many_entries({.entries_max = limits_.entries_max, .name_size_max_bytes = 0});
}

std::optional<Range> Walker::place_of(const Container& container, Range part) {
  if (!container.offset_bytes) return std::nullopt;
  part.offset_bytes += *container.offset_bytes;
  return part;
}

Status Walker::count_path(std::size_t size_bytes) {
  paths_bytes_ += size_bytes;
  if (paths_bytes_ <= limits_.paths_total_max_bytes) return {};
  return names_too_long(limits_.paths_total_max_bytes);
}

Result<Member> Walker::child(Container& container, std::string_view name, std::string_view key_name) {
  Member member;
  member.path = joined(container.member.path, name);
  member.key = joined(container.member.key, key_name);
  unsigned& count = container.names[std::string(key_name)];
  if (++count > 1) {
    member.path += fmt::format("#{}", count);
    member.key += fmt::format("#{}", count);
  }
  STELLA_CHECK(count_path(member.path.size()));
  return member;
}

Status Walker::leaf(const Member& member, const ByteSource* bytes) {
  return fatal(visitor_.visit(member, bytes));
}

// The member stays packed.
Status Walker::give_up(Member& member, const ByteSource& packed, const Error& error) {
  if (error.code == ErrorCode::kIo) return fatal(std::unexpected(error));
  member.size_bytes = packed.size();
  auto digest = hash_source(packed);
  if (!digest) return fatal(std::unexpected(std::move(digest).error()));
  member.sha256 = *digest;
  STELLA_CHECK(leaf(member, nullptr));
  return report({.path = member.path, .code = error.code, .reason = reason_of(error)});
}

Status Walker::walk_bytes(Member& member, const Stored& stored, unsigned depth) {
  const auto wants_bytes = [&](Type type) {
    member.type = type;
    return visitor_.wants_bytes(member);
  };
  const ByteSource* bytes = &stored.bytes;
  std::unique_ptr<ByteSource> unpacked;
  bool hashed = false;
  const auto open = [&](Coding coding, const Stored& from) -> Result<bool> {
    auto result = unpack({.packed = *bytes,
                          .coding = coding,
                          .size_bytes = from.size_bytes,
                          .crc32 = from.crc32,
                          .name = member.path,
                          .wants_bytes = wants_bytes},
                         limits_, budget_);
    if (!result) {
      STELLA_CHECK(give_up(member, *bytes, result.error()));
      return false;
    }
    member.type = result->type;
    member.size_bytes = result->size_bytes;
    member.sha256 = result->sha256;
    hashed = true;
    unpacked = std::move(result->bytes);
    bytes = unpacked.get();
    return true;
  };

  if (stored.coding != Coding::kStored) {
    STELLA_TRY(const bool opened, open(stored.coding, stored));
    if (!opened) return {};
  } else {
    auto type = recognise(stored.bytes);
    if (!type) return fatal(std::unexpected(std::move(type).error()));
    member.type = *type;
  }
  while (is_packed_stream(member.type)) {
    const Type packing = member.type;
    if (depth++ >= limits_.depth_max) {
      return give_up(member, *bytes,
                     Error{.code = ErrorCode::kLimitExceeded,
                           .message = "containers lie too deep inside each other",
                           .expected = fmt::format("at most {} levels", limits_.depth_max)});
    }
    STELLA_TRY(const bool opened, open(coding_of(packing), {.bytes = *bytes}));
    if (!opened) return {};
    member.packings.push_back(packing);
  }
  if (!hashed) {
    auto sums = sums_of(*bytes, stored.crc32.has_value());
    if (!sums) return fatal(std::unexpected(std::move(sums).error()));
    if (stored.crc32 && *stored.crc32 != sums->crc32)
      return give_up(member, *bytes, wrong_crc32(*stored.crc32, sums->crc32));
    member.sha256 = sums->sha256;
    member.size_bytes = bytes->size();
  }
  if (bytes == nullptr) return leaf(member, nullptr);
  // What was unpacked lies nowhere in the artifact as it is.
  const bool as_it_is = bytes == &stored.bytes && member.place.has_value();
  return walk_content(member, *bytes, as_it_is ? std::optional(member.place->offset_bytes) : std::nullopt,
                      depth);
}

Status Walker::walk_content(Member& member, const ByteSource& bytes,
                            std::optional<std::uint64_t> offset_bytes, unsigned depth) {
  if (is_container(member.type) && visitor_.wants_members(member)) {
    if (depth >= limits_.depth_max) {
      return give_up(member, bytes,
                     Error{.code = ErrorCode::kLimitExceeded,
                           .message = "containers lie too deep inside each other",
                           .expected = fmt::format("at most {} levels", limits_.depth_max)});
    }
    return walk_container(member, &bytes, offset_bytes, depth,
                          [this](Container& container) { return read_members(container); });
  }
  if (member.type == Type::kPe) return pe_leaf(member, bytes, offset_bytes);
  return leaf(member, visitor_.wants_bytes(member) ? &bytes : nullptr);
}

Status Walker::pe_leaf(Member& member, const ByteSource& bytes, std::optional<std::uint64_t> offset_bytes) {
  const auto payload = read_pe_payload(bytes);
  if (!payload) return fatal(std::unexpected(payload.error()));
  if (*payload) member.payload_sha256 = (*payload)->sha256;
  STELLA_CHECK(leaf(member, visitor_.wants_bytes(member) ? &bytes : nullptr));
  if (!*payload || !(*payload)->certificates) return {};
  const Range range = *(*payload)->certificates;
  Member table;
  table.path = joined(member.path, "(signature)");
  table.key = joined(member.key, "(signature)");
  table.signature = true;
  table.size_bytes = range.size_bytes;
  auto part = part_of(bytes, range.offset_bytes, range.size_bytes, table.path);
  if (!part) return fatal(std::unexpected(std::move(part).error()));
  auto digest = hash_source(**part);
  if (!digest) return fatal(std::unexpected(std::move(digest).error()));
  table.sha256 = *digest;
  if (offset_bytes) {
    table.place = Range{.offset_bytes = *offset_bytes + range.offset_bytes, .size_bytes = range.size_bytes};
  }
  return leaf(table, nullptr);
}

Status Walker::walk_container(Member& member, const ByteSource* bytes,
                              std::optional<std::uint64_t> offset_bytes, unsigned depth,
                              const std::function<Status(Container&)>& read) {
  member.opened = true;
  STELLA_CHECK(
      fatal(visitor_.visit(member, bytes != nullptr && visitor_.wants_bytes(member) ? bytes : nullptr)));
  Container container{
      .member = member, .bytes = bytes, .offset_bytes = offset_bytes, .depth = depth + 1, .names = {}};
  Status status = read(container);
  if (fatal_) return status;
  if (!status && status.error().code == ErrorCode::kIo) return fatal(std::move(status));
  if (!status) member.opened = false;
  STELLA_CHECK(fatal(visitor_.leave(member, status.has_value())));
  if (status) return {};
  return report({.path = member.path, .code = status.error().code, .reason = reason_of(status.error())});
}

Status Walker::read_members(Container& container) {
  const ByteSource& bytes = *container.bytes;
  const ReadLimits limits{.entries_max = limits_.entries_max,
                          .name_size_max_bytes = limits_.name_size_max_bytes,
                          .names_total_max_bytes = limits_.paths_total_max_bytes};
  const TakeEntry take = [&](Entry&& entry) { return take_entry(container, std::move(entry)); };
  switch (container.member.type) {
    case Type::kTar: {
      const oci::TarLimits tar_limits{.entries_max = limits_.entries_max,
                                      .name_size_max_bytes = limits_.name_size_max_bytes};
      STELLA_TRY(const std::uint64_t end, oci::read_tar(bytes, tar_limits, [&](oci::TarEntry&& entry) {
                   return take_tar_entry(container, std::move(entry));
                 }));
      return add_rest(container, end);
    }
    case Type::kAr:
      return read_ar(bytes, limits, take);
    case Type::kDeb: {
      STELLA_CHECK(read_ar(bytes, limits, take));
      for (const std::string_view needed : {"control.tar", "data.tar"}) {  // deb(5)
        if (!container.names.contains(needed)) {
          return fail(ErrorCode::kCorrupt, fmt::format("deb has no {}", needed));
        }
      }
      return {};
    }
    case Type::kCpio: {
      STELLA_TRY(const std::uint64_t end, read_cpio(bytes, limits, take));
      return add_rest(container, end);
    }
    case Type::kZip:
    case Type::kJar:
    case Type::kWar: {
      STELLA_TRY(const ZipContents contents, read_zip(bytes, limits, take));
      return add_outside(container, contents.outside);
    }
    case Type::kRpm:
      return read_rpm_members(container);
    case Type::kOciArchive:
    case Type::kDockerArchive: {
      STELLA_TRY(const auto files, oci::open_layout_archive(bytes));
      STELLA_CHECK(read_image_members(container, *files));
      return add_rest(container, *files->end_bytes());
    }
    default:
      return fail(ErrorCode::kInternal, "no reader for this container");
  }
}

Status Walker::take_tar_entry(Container& container, oci::TarEntry&& from) {
  Entry entry;
  entry.name = std::move(from.name);
  entry.kind = kind_of(from.kind);
  entry.mode = from.mode;
  entry.link_target = std::move(from.link_target);
  entry.offset_bytes = from.offset_bytes;
  entry.stored_bytes = from.stored_bytes;
  entry.size_bytes = from.size_bytes;
  if (from.sparse) entry.sparse = std::make_shared<oci::TarEntry>(std::move(from));
  return take_entry(container, std::move(entry));
}

Status Walker::take_entry(Container& container, Entry&& entry) {
  STELLA_CHECK(count_entry());
  const Type type = container.member.type;
  STELLA_TRY(Member member, child(container, in_path(entry.name), in_path(key_name_of(entry.name, type))));
  member.kind = entry.kind;
  member.mode = entry.mode;
  member.link_target = printable(entry.link_target);
  STELLA_CHECK(count_path(member.link_target.size()));
  member.signature = is_signature(entry.name, type);
  member.aside = is_zip(type) && entry.kind == Kind::kDirectory;
  if (container.member.image_layer != 0 && entry.kind == Kind::kFile &&
      oci::whiteout_of(entry.name) != oci::Whiteout::kNone) {
    member.kind = Kind::kWhiteout;
  }
  member.place = place_of(container, {.offset_bytes = entry.offset_bytes, .size_bytes = entry.stored_bytes});
  if (member.kind == Kind::kFile) return take_file(container, entry, member);
  if (member.kind == Kind::kSymlink && entry.link_target.empty() && entry.stored_bytes != 0) {
    STELLA_CHECK(read_link_target(container, entry, member));
    if (member.kind == Kind::kFile) return {};
  }
  return leaf(member, nullptr);
}

Status Walker::take_file(Container& container, const Entry& entry, Member& member) {
  STELLA_TRY(const auto stored,
             part_of(*container.bytes, entry.offset_bytes, entry.stored_bytes, member.path));
  if (!entry.cannot_open.empty()) {
    return give_up(member, *stored, Error{.code = ErrorCode::kUnsupported, .message = entry.cannot_open});
  }
  if (entry.sparse) {
    // The holes cost no stored byte, yet each reader has to go through them.
    if (entry.sparse->size_bytes > limits_.member_size_max_bytes) {
      return give_up(member, *stored,
                     Error{.code = ErrorCode::kLimitExceeded,
                           .message = "sparse file is too large",
                           .expected = fmt::format("at most {} bytes", limits_.member_size_max_bytes),
                           .found = fmt::format("{}", entry.sparse->size_bytes)});
    }
    if (Status charged = budget_.charge(entry.sparse->size_bytes); !charged) {
      return give_up(member, *stored, charged.error());
    }
    STELLA_TRY(const auto bytes, oci::tar_entry_bytes(*container.bytes, *entry.sparse));
    member.place.reset();
    return walk_bytes(member, {.bytes = *bytes}, container.depth);
  }
  return walk_bytes(
      member,
      {.bytes = *stored, .coding = entry.coding, .size_bytes = entry.size_bytes, .crc32 = entry.crc32},
      container.depth);
}

// Zips keep a link's target as its bytes. One that cannot be read leaves a file behind.
Status Walker::read_link_target(Container& container, const Entry& entry, Member& member) {
  STELLA_TRY(const auto stored,
             part_of(*container.bytes, entry.offset_bytes, entry.stored_bytes, member.path));
  Error error{.code = ErrorCode::kUnsupported, .message = entry.cannot_open};
  if (error.message.empty()) {
    if (entry.size_bytes.value_or(0) > limits_.name_size_max_bytes) {
      return name_too_long({.entries_max = 0, .name_size_max_bytes = limits_.name_size_max_bytes},
                           *entry.size_bytes);
    }
    const auto target = unpack({.packed = *stored,
                                .coding = entry.coding,
                                .size_bytes = entry.size_bytes,
                                .crc32 = entry.crc32,
                                .name = member.path,
                                .wants_bytes = [](Type) { return true; }},
                               limits_, budget_);
    if (target) {
      STELLA_TRY(const Bytes bytes, read_all(*target->bytes, limits_.name_size_max_bytes));
      member.link_target = printable(as_text(bytes));
      return {};
    }
    error = target.error();
  }
  member.kind = Kind::kFile;
  return give_up(member, *stored, error);
}

Status Walker::add_outside(Container& container, const std::vector<Range>& ranges) {
  if (ranges.empty()) return {};
  Sha256 hash;
  STELLA_TRY(Member member, child(container, kOutsideName, kOutsideName));
  for (const Range& range : ranges) {
    STELLA_TRY(const auto part, part_of(*container.bytes, range.offset_bytes, range.size_bytes, member.path));
    STELLA_CHECK(for_each_block(*part, std::size_t{64} << 10, [&](ByteView block) -> Status {
      hash.update(block);
      return {};
    }));
    member.size_bytes += range.size_bytes;
  }
  member.sha256 = hash.finish();
  if (ranges.size() == 1) member.place = place_of(container, ranges[0]);
  return leaf(member, nullptr);
}

// Zeros behind the end are padding; anything else is not.
Status Walker::add_rest(Container& container, std::uint64_t end) {
  std::uint64_t first = UINT64_MAX;
  std::uint64_t last = 0;
  std::uint64_t at = end;
  STELLA_TRY(const auto rest,
             part_of(*container.bytes, end, container.bytes->size() - end, container.member.path));
  STELLA_CHECK(for_each_block(*rest, std::size_t{64} << 10, [&](ByteView block) -> Status {
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (block[i] == 0) continue;
      first = std::min(first, at + i);
      last = at + i;
    }
    at += block.size();
    return {};
  }));
  if (first == UINT64_MAX) return {};
  return add_outside(container, {{.offset_bytes = first, .size_bytes = last - first + 1}});
}

Status Walker::walk_file_artifact(const ByteSource& source) {
  Member member;
  member.place = Range{.offset_bytes = 0, .size_bytes = source.size()};
  return walk_bytes(member, {.bytes = source}, 0);
}

Status Walker::walk_layout_folder(const oci::LayoutFiles& files) {
  Member member;
  member.type = Type::kOciLayout;
  STELLA_TRY(const auto index, files.open("index.json"));
  STELLA_TRY(member.sha256, hash_source(*index));
  member.size_bytes = index->size();
  if (!visitor_.wants_members(member)) return leaf(member, nullptr);
  return walk_container(member, nullptr, std::nullopt, 0,
                        [&](Container& container) { return read_image_members(container, files); });
}

}  // namespace stella::artifact
