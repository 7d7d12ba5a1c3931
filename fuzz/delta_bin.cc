// Any bytes as a delta.bin: refused with a reason, or applied to what they claim to be for; never more bytes
// than allowed, and never a target whose digest is not the one named. The digest of the file itself is made
// right first: it would keep the fuzzer out. Input: size of the base (2 bytes), base, delta.
#include <algorithm>
#include <cstdlib>

#include "stella/base/reader.h"
#include "stella/delta/apply.h"
#include "stella/delta/inspect.h"

using namespace stella;

namespace {

constexpr std::uint64_t kAddMaxBytes = 1 << 20;

class CountingSink final : public ByteSink {
 public:
  Status write(ByteView bytes) override {
    hash_.update(bytes);
    return {};
  }
  Digest finish() { return hash_.finish(); }

 private:
  Sha256 hash_;
};

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader({data, size});
  const auto base_size = reader.le<std::uint16_t>();
  if (!base_size) return 0;
  const auto base = reader.bytes(*base_size);
  if (!base || reader.remaining() < 32) return 0;
  const auto rest = reader.bytes(reader.remaining() - 32);
  Bytes delta(rest->begin(), rest->end());
  append(delta, sha256(delta).view());

  const auto base_source = memory_source(*base, "base");
  const auto source = memory_source(delta, "delta");
  const auto header = delta::read_header(*source);
  const auto anatomy = delta::inspect(*source);
  require(header || !anatomy);
  // Copies may make a large target out of little: that is what they are for, and not what is looked for here.
  if (header && header->target_size_bytes > kAddMaxBytes) return 0;
  // The base that it asks for: what is behind that check is what is looked for.
  if (header && header->base_size_bytes == base->size()) {
    const Digest wanted = sha256(*base);
    const std::size_t sizes = [&] {
      Bytes numbers;
      append_varint(numbers, header->base_size_bytes);
      append_varint(numbers, header->target_size_bytes);
      return numbers.size();
    }();
    std::copy(wanted.bytes.begin(), wanted.bytes.end(),
              delta.begin() + static_cast<std::ptrdiff_t>(8 + sizes));
    delta.resize(delta.size() - 32);
    append(delta, sha256(delta).view());
  }
  const auto patched = memory_source(delta, "delta");
  CountingSink sink;
  const auto applied =
      delta::apply(*base_source, *patched, sink, {.threads = 1, .add_max_bytes = kAddMaxBytes}, {});
  if (applied) require(sink.finish() == applied->target_sha256);
  return 0;
}
