// Pairs of files for tests of the delta floor, and short ways to make and apply deltas of them.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>

#include "stella/base/bytes.h"
#include "stella/base/file.h"
#include "stella/base/source.h"
#include "stella/chunk/chunk_map.h"
#include "stella/delta/apply.h"
#include "stella/delta/create.h"

namespace stella::delta::testing {

struct Pair {
  Bytes base;
  Bytes target;
};

// Words of a small vocabulary: compressible, with repeats at every distance.
inline Bytes text(std::uint32_t seed, std::size_t size) {
  std::mt19937 random(seed);
  Bytes bytes;
  while (bytes.size() < size) {
    std::string word(3 + random() % 6, 'a');
    std::mt19937 letters(random() % 400);
    for (char& letter : word) letter = static_cast<char>('a' + letters() % 26);
    append(bytes, as_bytes(word + ' '));
  }
  bytes.resize(size);
  return bytes;
}

inline Bytes noise(std::uint32_t seed, std::size_t size) {
  std::mt19937 random(seed);
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

// A target with bytes changed, stretches inserted, removed, moved and repeated.
inline Pair edited(std::uint32_t seed, std::size_t size) {
  std::mt19937 random(seed);
  Pair pair{text(seed, size), {}};
  Bytes target = pair.base;
  for (int edit = 0; edit < 12 && !target.empty(); ++edit) {
    const auto at = static_cast<std::ptrdiff_t>(random() % target.size());
    const auto count = static_cast<std::ptrdiff_t>(
        std::min<std::size_t>(random() % 700, target.size() - static_cast<std::size_t>(at)));
    const Bytes piece(target.begin() + at, target.begin() + at + count);
    switch (random() % 5) {
      case 0:
        target[static_cast<std::size_t>(at)] ^= static_cast<std::uint8_t>(1 + random() % 255);
        break;
      case 1: {
        const Bytes fresh = noise(static_cast<std::uint32_t>(random()), random() % 500);
        target.insert(target.begin() + at, fresh.begin(), fresh.end());
        break;
      }
      case 2:
        target.erase(target.begin() + at, target.begin() + at + count);
        break;
      case 3:
        target.insert(target.end(), piece.begin(), piece.end());
        break;
      default:
        for (std::ptrdiff_t i = at; i < at + count; i += 4) ++target[static_cast<std::size_t>(i)];
        break;
    }
  }
  pair.target = std::move(target);
  return pair;
}

// An x86-64 ELF program of `functions` that call each other and read data, laid out one after another; those
// with numbers in [skip_from, skip_to) are left out, and all calls move with what they name.
inline Bytes program(unsigned functions, unsigned skip_from, unsigned skip_to) {
  constexpr std::size_t kTextOffset = 0x200;
  std::mt19937 random(7);
  struct Function {
    Bytes body;
    std::vector<std::pair<std::size_t, unsigned>> calls;  // where the operand stands, whom it names
  };
  std::vector<Function> all(functions);
  for (Function& function : all) {
    const std::size_t parts = 3 + random() % 6;
    for (std::size_t i = 0; i < parts; ++i) {
      append(function.body, noise(static_cast<std::uint32_t>(random()), 5 + random() % 9));
      function.body.push_back(0xe8);
      // A function that may be left out is called by nobody, so that both programs agree in all else.
      const unsigned callee = static_cast<unsigned>(random() % functions);
      function.calls.emplace_back(function.body.size(), callee >= skip_from && callee < skip_to ? 0 : callee);
      append(function.body, Bytes(4));
    }
    function.body.push_back(0xc3);
  }
  std::vector<std::size_t> starts(functions);
  std::size_t size = 0;
  for (unsigned i = 0; i < functions; ++i) {
    if (i >= skip_from && i < skip_to) continue;
    starts[i] = size;
    size += all[i].body.size();
  }
  Bytes file(kTextOffset);
  for (unsigned i = 0; i < functions; ++i) {
    if (i >= skip_from && i < skip_to) continue;
    Bytes body = all[i].body;
    for (const auto& [at, callee] : all[i].calls) {
      store_le(body.data() + at,
               static_cast<std::int32_t>(starts[callee]) - static_cast<std::int32_t>(starts[i] + at + 4));
    }
    append(file, body);
  }
  const std::uint8_t ident[16] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
  std::copy(std::begin(ident), std::end(ident), file.begin());
  store_le<std::uint16_t>(&file[16], 2);   // executable
  store_le<std::uint16_t>(&file[18], 62);  // x86-64
  store_le<std::uint32_t>(&file[20], 1);
  store_le<std::uint64_t>(&file[24], 0x400000 + kTextOffset);
  store_le<std::uint64_t>(&file[32], 64);  // program headers
  store_le<std::uint16_t>(&file[52], 64);
  store_le<std::uint16_t>(&file[54], 56);
  store_le<std::uint16_t>(&file[56], 1);
  store_le<std::uint16_t>(&file[58], 64);
  store_le<std::uint32_t>(&file[64], 1);  // PT_LOAD, readable and executable
  store_le<std::uint32_t>(&file[68], 5);
  store_le<std::uint64_t>(&file[80], 0x400000);
  store_le<std::uint64_t>(&file[88], 0x400000);
  store_le<std::uint64_t>(&file[96], file.size());
  store_le<std::uint64_t>(&file[104], file.size());
  store_le<std::uint64_t>(&file[112], 0x1000);
  return file;
}

inline chunk::ChunkMap map_of(const ByteSource& source) {
  auto map = chunk::map_chunks(source, {}, {}, 1, {});
  EXPECT_TRUE(map.has_value());
  return *std::move(map);
}

inline Result<Bytes> try_delta(ByteView base, ByteView target, CreateOptions options = {}) {
  const auto from = memory_source(base, "base");
  const auto to = memory_source(target, "target");
  MemorySink sink;
  STELLA_TRY(const Created created, create(*from, map_of(*from), *to, map_of(*to), options, sink, {}));
  EXPECT_EQ(created.delta_size_bytes, sink.bytes().size());
  EXPECT_EQ(created.delta_sha256, sha256(sink.bytes()));
  EXPECT_EQ(created.copy_bytes + created.add_bytes, target.size());
  return std::move(sink.bytes());
}

inline Bytes delta_of(ByteView base, ByteView target, CreateOptions options = {}) {
  auto delta = try_delta(base, target, options);
  EXPECT_TRUE(delta.has_value()) << (delta ? "" : to_string(delta.error()));
  return delta ? *std::move(delta) : Bytes();
}

inline Result<Bytes> applied(ByteView base, ByteView delta, ApplyOptions options = {}) {
  const auto from = memory_source(base, "base");
  const auto by = memory_source(delta, "delta.bin");
  MemorySink sink;
  STELLA_TRY(const Applied result, apply(*from, *by, sink, options, {}));
  EXPECT_EQ(result.target_sha256, sha256(sink.bytes()));
  return std::move(sink.bytes());
}

// The delta's own digest made right again, so that what lies behind that first check is reached.
inline Bytes sealed(Bytes delta) {
  delta.resize(delta.size() - 32);
  const Digest digest = sha256(delta);
  append(delta, digest.view());
  return delta;
}

}  // namespace stella::delta::testing
