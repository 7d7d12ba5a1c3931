// How fast content is cut and identified, beside the speed of merely reading memory. Fixed input: 256 MiB of
// xorshift64* output, which has no structure that would favour a kernel, and so is at the same time its
// memory baseline.
#include <benchmark/benchmark.h>

#include <cstring>

#include "cutter.h"
#include "stella/base/digest.h"
#include "stella/base/parallel.h"
#include "stella/chunk/chunk_map.h"

namespace stella::chunk {
namespace {

constexpr std::size_t kInputBytes = std::size_t{256} << 20;

const Bytes& input() {
  static const Bytes bytes = [] {
    Bytes data(kInputBytes);
    std::uint64_t state = 1;
    for (std::size_t i = 0; i < data.size(); i += 8) {
      state ^= state >> 12;
      state ^= state << 25;
      state ^= state >> 27;
      store_le<std::uint64_t>(&data[i], state * 0x2545f4914f6cdd1dU);
    }
    return data;
  }();
  return bytes;
}

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(kInputBytes));
}

void read_memory(benchmark::State& state) {
  const Bytes& bytes = input();
  for (auto _ : state) {
    std::uint64_t sums[8] = {};
    for (std::size_t i = 0; i < bytes.size(); i += sizeof sums) {
      for (std::size_t j = 0; j < 8; ++j) sums[j] ^= load_le<std::uint64_t>(&bytes[i + 8 * j]);
    }
    benchmark::DoNotOptimize(sums);
  }
  count_bytes(state);
}
BENCHMARK(read_memory)->Unit(benchmark::kMillisecond);

void cut(benchmark::State& state, Algorithm algorithm, Kernel kernel) {
  if (kernel == Kernel::kAvx512 && !has_avx512()) return state.SkipWithError("this processor has no AVX-512");
  const Bytes& bytes = input();
  std::vector<std::uint32_t> sizes;
  for (auto _ : state) {
    sizes.clear();
    Params params;
    params.algorithm = algorithm;
    Cutter cutter(params, kernel);
    cutter.feed(bytes, sizes);
    cutter.finish(sizes);
    benchmark::DoNotOptimize(sizes.data());
  }
  count_bytes(state);
  state.counters["chunks"] = static_cast<double>(sizes.size());
}
BENCHMARK_CAPTURE(cut, gear_avx512, Algorithm::kGear, Kernel::kAvx512)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(cut, gear_scalar, Algorithm::kGear, Kernel::kScalar)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(cut, rabin, Algorithm::kRabin, Kernel::kScalar)->Unit(benchmark::kMillisecond);

void cut_and_identify(benchmark::State& state) {
  const Bytes& bytes = input();
  std::vector<std::uint32_t> sizes;
  for (auto _ : state) {
    sizes.clear();
    Cutter cutter(Params{});
    cutter.feed(bytes, sizes);
    cutter.finish(sizes);
    std::size_t offset = 0;
    for (const std::uint32_t size : sizes) {
      benchmark::DoNotOptimize(sha256(ByteView(bytes).subspan(offset, size)));
      offset += size;
    }
  }
  count_bytes(state);
}
BENCHMARK(cut_and_identify)->Unit(benchmark::kMillisecond);

// Everything: cut points, chunk ids, SHA-256 and BLAKE3 of the whole, Merkle root.
void whole_map(benchmark::State& state) {
  const auto source = memory_source(input());
  for (auto _ : state) {
    auto map = map_chunks(*source, {}, {}, static_cast<unsigned>(state.range(0)), {});
    benchmark::DoNotOptimize(map);
  }
  count_bytes(state);
}
BENCHMARK(whole_map)->Arg(1)->Arg(2)->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stella::chunk

BENCHMARK_MAIN();
