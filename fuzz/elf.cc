// ELF: a file that is read has regions that cover it exactly, and memory whose pieces are in order.
#include <cstdlib>

#include "stella/object/linkage.h"
#include "stella/object/symbols.h"

using namespace stella;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  const auto file = memory_source(bytes);
  auto image = object::read_image(*file);
  if (!image) return 0;
  std::uint64_t at = 0;
  for (const object::FileRegion& region : object::file_regions(*image, size)) {
    if (region.offset_bytes != at || region.size_bytes == 0) std::abort();
    at += region.size_bytes;
  }
  if (at != size) std::abort();
  object::lay_out_relocatable(*image);
  const auto memory = object::Memory::load(*file, *image, 16 << 20);
  if (!memory) return 0;
  std::uint64_t end = 0;
  for (const object::Memory::Piece& piece : memory->pieces()) {
    if (piece.address < end || piece.bytes.empty()) std::abort();
    end = piece.address + piece.bytes.size();
    if (memory->find(piece.address) != &piece) std::abort();
  }
  const auto symbols = object::read_symbols(*file, *image);
  if (symbols) (void)object::read_linkage(*file, *image, *memory, *symbols);
  const auto pe_symbols = object::read_pe_symbols(*file, *image, *memory);
  if (pe_symbols) (void)object::read_linkage(*file, *image, *memory, *pe_symbols);
  (void)object::read_build_id(*file, *image);
  (void)object::read_debug_link(*file, *image);
  return 0;
}
