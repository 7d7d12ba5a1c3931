// Pairs by digests that are unique on both sides.
#include <algorithm>
#include <tuple>

#include "pairing.h"

namespace stella::executable {
namespace {

constexpr std::uint32_t kCodeMinInstructions =
    4;  // shorter code is the same by chance; its neighbours decide later
constexpr std::uint32_t kLooseMinInstructions = 12;

using Member = Digest Code::*;

std::vector<std::uint32_t> free_by_digest(const Side& side, Member digest, std::uint32_t instructions_min) {
  std::vector<std::uint32_t> functions;
  for (std::uint32_t i = 0; i < side.size(); ++i) {
    if (side.partner[i] == kNone && side.code(i).instructions >= instructions_min) functions.push_back(i);
  }
  std::ranges::sort(functions, {}, [&](std::uint32_t i) { return std::tuple(side.code(i).*digest, i); });
  return functions;
}

void join(Pairing& pairing, Member digest, std::uint32_t instructions_min, MatchKind kind,
          unsigned confidence) {
  const auto base = free_by_digest(pairing.base, digest, instructions_min);
  const auto target = free_by_digest(pairing.target, digest, instructions_min);
  const auto end_of = [digest](const Side& side, const std::vector<std::uint32_t>& functions,
                               std::size_t begin) {
    std::size_t end = begin;
    while (end < functions.size() && side.code(functions[end]).*digest == side.code(functions[begin]).*digest)
      ++end;
    return end;
  };
  for (std::size_t b = 0, t = 0; b < base.size() && t < target.size();) {
    const Digest& left = pairing.base.code(base[b]).*digest;
    const Digest& right = pairing.target.code(target[t]).*digest;
    const std::size_t b_end = end_of(pairing.base, base, b), t_end = end_of(pairing.target, target, t);
    if (left == right && b_end - b == 1 && t_end - t == 1) pairing.add(base[b], target[t], kind, confidence);
    if (left <= right) b = b_end;
    if (right <= left) t = t_end;
  }
}

}  // namespace

void match_digests(Pairing& pairing) {
  join(pairing, &Code::strict, kCodeMinInstructions, MatchKind::kCode, 990);
  join(pairing, &Code::loose, kLooseMinInstructions, MatchKind::kInstructions, 950);
}

}  // namespace stella::executable
