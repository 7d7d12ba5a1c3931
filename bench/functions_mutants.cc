// bench/functions_mutants FILE COUNT [SEED]
//   Damages copies of a program, each in its own way, and compares them with the undamaged one. Any answer
//   will do, an error too; what must not happen is that the process that analyses dies or meets its limits on
//   memory and time.
#include <cstdio>
#include <map>
#include <random>
#include <string>

#include <fmt/format.h>

#include "stella/base/parallel.h"
#include "stella/executable/diff.h"

namespace {

using namespace stella;

constexpr std::uint64_t kFileMaxBytes = std::uint64_t{64} << 20;
constexpr std::size_t kHeadBytes = 1024;  // where headers are, which every other mutant is damaged in

Bytes mutate(const Bytes& original, std::mt19937_64& random) {
  Bytes bytes = original;
  const std::size_t changes = 1 + random() % 16;
  const bool in_head = random() % 2 == 0, in_tail = random() % 4 == 0;
  for (std::size_t i = 0; i < changes; ++i) {
    std::size_t at = random() % bytes.size();
    if (in_head) at %= kHeadBytes;
    if (in_tail) at = bytes.size() - 1 - at % (2 * kHeadBytes) % bytes.size();
    at = std::min(at, bytes.size() - 1);
    constexpr std::uint8_t kValues[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    bytes[at] = random() % 2 == 0 ? static_cast<std::uint8_t>(random()) : kValues[random() % 5];
  }
  if (random() % 8 == 0) bytes.resize(1 + random() % bytes.size());
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: functions_mutants FILE COUNT [SEED]\n");
    return 2;
  }
  const auto file = open_file(argv[1]);
  const auto original = file ? read_all(**file, kFileMaxBytes) : Result<Bytes>(fail(file.error()));
  if (!original || original->empty()) {
    fmt::print(stderr, "cannot read {}\n", argv[1]);
    return 2;
  }
  const std::size_t count = std::stoul(argv[2]);
  const std::uint64_t seed = argc > 3 ? std::stoull(argv[3]) : 1;
  std::map<std::string, std::size_t> answers;
  std::size_t bad = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::mt19937_64 random(seed * 1'000'003 + i);
    const Bytes bytes = mutate(*original, random);
    executable::DiffOptions options;
    options.limits.memory_max_bytes = std::uint64_t{1} << 30;
    options.limits.time_max_s = 30;
    const auto diff = executable::diff_functions(*memory_source(*original), *memory_source(bytes), options);
    const std::string answer = diff ? "compared" : std::string(to_string(diff.error().code));
    ++answers[answer];
    const bool limit = !diff && diff.error().message.starts_with("the analysis");
    if (answer == "internal" || limit) {
      ++bad;
      fmt::print("mutant {} of seed {}: {}\n", i, seed, to_string(diff.error()));
    }
  }
  for (const auto& [answer, times] : answers) fmt::print("{} {}\n", answer, times);
  fmt::print("{} mutants, {} bad\n", count, bad);
  return bad == 0 ? 0 : 1;
}
