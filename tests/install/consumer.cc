// Makes a delta in memory with the installed library, applies it, and recognises an artifact.
#include <stella/artifact/type.h>
#include <stella/base/source.h>
#include <stella/delta/apply.h>
#include <stella/delta/create.h>
#include <stella/object/image.h>

#include <cstdio>

int main() {
  using namespace stella;
  const Bytes base(100'000, 'a');
  Bytes target = base;
  target[50'000] = 'b';
  const auto base_source = memory_source(base);
  const auto target_source = memory_source(target);
  const auto base_map = chunk::map_chunks(*base_source, {}, {}, 1, {});
  const auto target_map = chunk::map_chunks(*target_source, {}, {}, 1, {});
  MemorySink delta_bin;
  if (!delta::create(*base_source, *base_map, *target_source, *target_map, {}, delta_bin, {})) return 1;
  MemorySink out;
  if (!delta::apply(*base_source, *memory_source(delta_bin.bytes()), out, {}, {}) || out.bytes() != target)
    return 2;
  if (artifact::recognise(*base_source).value() != artifact::Type::kPlain) return 3;
  if (object::read_image(*base_source)) return 4;
  std::printf("%zu bytes\n", delta_bin.bytes().size());
  return 0;
}
