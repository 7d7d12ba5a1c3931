// The tables that a program's dynamic section names (gABI, "Dynamic Section"): all that is left of them in a
// program whose section headers are gone.
#include <algorithm>
#include <map>

#include "fields.h"
#include "formats.h"
#include "stella/object/symbols.h"

namespace stella::object {
namespace {

constexpr std::uint64_t kJumpSize = 2, kHash = 4, kStrings = 5, kSymbols = 6, kRela = 7, kRelaSize = 8,
                        kStringsSize = 10, kRel = 17, kRelSize = 18, kJumpType = 20, kJumps = 23,
                        kGnuHash = 0x6ffffef5;
constexpr std::uint64_t kDynamicMaxBytes = std::uint64_t{64} << 10;
constexpr std::uint64_t kChainMaxBytes = std::uint64_t{1} << 20;  // of symbols in one bucket

class DynamicTables {
 public:
  DynamicTables(const ByteSource& file, const Image& image) : file_(file), image_(image) {}

  Result<std::vector<Section>> read() {
    STELLA_CHECK(read_entries());
    if (!values_.contains(kSymbols) || !values_.contains(kStrings)) return std::vector<Section>{};
    STELLA_TRY(const std::uint64_t count, symbol_count());
    const std::uint64_t entry_size = image_.bits == 64 ? 24 : 16;
    std::vector<Section> tables(1);
    tables.push_back(table(".dynstr", SectionType::kStrings, kStrings, value(kStringsSize)));
    tables.push_back(table(".dynsym", SectionType::kDynamicSymbols, kSymbols, count * entry_size));
    tables.back().link = 1;
    const auto add_relocations = [&](std::uint64_t where, std::uint64_t size, bool with_addend) {
      if (value(size) == 0) return;
      tables.push_back(table("(relocations)", SectionType::kRelocations, where, value(size)));
      tables.back().link = 2;
      tables.back().raw_type = with_addend ? 4 : 9;
    };
    add_relocations(kRela, kRelaSize, true);
    add_relocations(kRel, kRelSize, false);
    add_relocations(kJumps, kJumpSize, value(kJumpType) == kRela);
    return tables;
  }

 private:
  // Where an address stands in the file, and the bytes from there to the end of its segment.
  FileRange place_of(std::uint64_t address) const {
    for (const Segment& segment : image_.segments) {
      const std::uint64_t into = address - segment.address;
      if (into < segment.file_size) return {segment.file_offset + into, segment.file_size - into};
    }
    return {};
  }

  std::uint64_t value(std::uint64_t tag) const {
    const auto found = values_.find(tag);
    return found == values_.end() ? 0 : found->second;
  }

  Section table(std::string_view name, SectionType type, std::uint64_t tag, std::uint64_t size) const {
    const FileRange place = place_of(value(tag));
    Section section;
    section.name = name;
    section.type = type;
    section.address = value(tag);
    section.file_offset = place.offset_bytes;
    section.memory_size = section.file_size = std::min(size, place.size_bytes);
    section.allocated = true;
    return section;
  }

  Status read_entries() {
    const FileRange range = image_.dynamic;
    const std::uint64_t size = std::min(range.size_bytes, kDynamicMaxBytes);
    if (!within(range.offset_bytes, size, file_.size())) return {};
    STELLA_TRY(const Bytes bytes, read_range(file_, range.offset_bytes, size, size, "dynamic section"));
    const Fields fields{bytes, image_.byte_order};
    const std::size_t width = image_.bits / 8;
    for (std::size_t at = 0; at + 2 * width <= bytes.size(); at += 2 * width) {
      const std::uint64_t tag = width == 8 ? fields.u64(at) : fields.u32(at);
      if (tag == 0) break;
      values_.emplace(tag, width == 8 ? fields.u64(at + width) : fields.u32(at + width));
    }
    return {};
  }

  // The dynamic section does not say how many symbols there are; the hash tables over them do.
  Result<std::uint64_t> symbol_count() const {
    if (const FileRange place = place_of(value(kHash)); values_.contains(kHash) && place.size_bytes >= 16) {
      const bool wide = image_.machine == Machine::kSystemZ && image_.bits == 64;
      STELLA_TRY(const Bytes header, read_range(file_, place.offset_bytes, 16, 16, "hash table"));
      const Fields fields{header, image_.byte_order};
      return bounded(wide ? fields.u64(8) : fields.u32(4));
    }
    if (values_.contains(kGnuHash)) return symbols_in_gnu_hash(place_of(value(kGnuHash)));
    return std::uint64_t{0};
  }

  static std::uint64_t bounded(std::uint64_t count) { return std::min(count, kSymbolTableMaxBytes / 24); }

  // Buckets hold the first symbol of each chain; the last chain's end is the table's.
  Result<std::uint64_t> symbols_in_gnu_hash(FileRange place) const {
    constexpr std::uint64_t kHeaderSize = 16;
    if (place.size_bytes < kHeaderSize) return std::uint64_t{0};
    STELLA_TRY(const Bytes header, read_range(file_, place.offset_bytes, kHeaderSize, kHeaderSize, "hash"));
    const Fields fields{header, image_.byte_order};
    const std::uint64_t buckets = fields.u32(0), first = fields.u32(4), blooms = fields.u32(8);
    const std::uint64_t buckets_at = kHeaderSize + blooms * (image_.bits / 8);
    if (!within(buckets_at, buckets * 4, place.size_bytes) || buckets * 4 > kSymbolTableMaxBytes)
      return std::uint64_t{0};
    STELLA_TRY(const Bytes table,
               read_range(file_, place.offset_bytes + buckets_at, buckets * 4, buckets * 4, "hash table"));
    std::uint64_t last = 0;
    for (std::size_t at = 0; at < table.size(); at += 4)
      last = std::max<std::uint64_t>(last, Fields{table, image_.byte_order}.u32(at));
    if (last < first) return bounded(first);
    const std::uint64_t chain_at = buckets_at + (buckets + last - first) * 4;
    if (chain_at >= place.size_bytes) return std::uint64_t{0};
    const std::uint64_t chain_size = std::min(place.size_bytes - chain_at, kChainMaxBytes);
    STELLA_TRY(const Bytes chain,
               read_range(file_, place.offset_bytes + chain_at, chain_size, chain_size, "hash table"));
    for (std::size_t at = 0; at + 4 <= chain.size(); at += 4) {
      if ((Fields{chain, image_.byte_order}.u32(at) & 1) != 0) return bounded(last + at / 4 + 1);
    }
    return std::uint64_t{0};
  }

  const ByteSource& file_;
  const Image& image_;
  std::map<std::uint64_t, std::uint64_t> values_;  // by tag, the first of each
};

}  // namespace

Result<std::vector<Section>> read_dynamic_tables(const ByteSource& file, const Image& image) {
  return DynamicTables(file, image).read();
}

}  // namespace stella::object
