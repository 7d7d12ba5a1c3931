// Pairs by name. Names that occur more than once on a side, such as those of static functions, are told apart
// by code.
#include <algorithm>
#include <tuple>

#include "pairing.h"

namespace stella::executable {
namespace {

struct Named {
  std::string_view name{};
  std::uint32_t function = 0;
};

std::vector<Named> sorted(std::vector<Named> names) {
  std::ranges::sort(names, {}, [](const Named& one) { return std::tuple(one.name, one.function); });
  return names;
}

std::vector<Named> all_names(const Side& side) {
  std::vector<Named> names;
  for (std::uint32_t i = 0; i < side.size(); ++i) {
    const Function& function = side.function(i);
    if (!function.name.empty()) names.push_back({function.name, i});
    for (const std::string& alias : function.aliases) names.push_back({alias, i});
  }
  return sorted(std::move(names));
}

void pair_by_name(Pairing& pairing, std::uint32_t b, std::uint32_t t) {
  if (pairing.same_code(b, t)) {
    pairing.add(b, t, MatchKind::kNameAndCode, 1000);
  } else {
    pairing.add(b, t, MatchKind::kName, 850 + pairing.similarity(b, t) * 140 / 1000);
  }
}

// Those of one name. Equal code first, then what is left when that is one on each side.
void pair_group(Pairing& pairing, std::span<const Named> base, std::span<const Named> target) {
  std::vector<std::uint32_t> left, right;
  for (const Named& one : base) {
    if (pairing.base.partner[one.function] == kNone) left.push_back(one.function);
  }
  for (const Named& one : target) {
    if (pairing.target.partner[one.function] == kNone) right.push_back(one.function);
  }
  if (left.size() * right.size() > 10'000) return;
  if (left.size() != 1 || right.size() != 1) {
    for (const std::uint32_t b : left) {
      const auto same = std::ranges::find_if(
          right, [&](std::uint32_t t) { return pairing.free(b, t) && pairing.same_code(b, t); });
      if (same != right.end()) pair_by_name(pairing, b, *same);
    }
  }
  std::erase_if(left, [&](std::uint32_t b) { return pairing.base.partner[b] != kNone; });
  std::erase_if(right, [&](std::uint32_t t) { return pairing.target.partner[t] != kNone; });
  if (left.size() == 1 && right.size() == 1) pair_by_name(pairing, left[0], right[0]);
}

void join(Pairing& pairing, const std::vector<Named>& base, const std::vector<Named>& target) {
  std::size_t b = 0, t = 0;
  const auto end_of = [](const std::vector<Named>& names, std::size_t begin) {
    std::size_t end = begin;
    while (end < names.size() && names[end].name == names[begin].name) ++end;
    return end;
  };
  while (b < base.size() && t < target.size()) {
    if (base[b].name < target[t].name) {
      ++b;
    } else if (target[t].name < base[b].name) {
      ++t;
    } else {
      const std::size_t b_end = end_of(base, b), t_end = end_of(target, t);
      pair_group(pairing, std::span(base).subspan(b, b_end - b), std::span(target).subspan(t, t_end - t));
      b = b_end, t = t_end;
    }
  }
}

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char letter) { return letter >= '0' && letter <= '9'; });
}

// The free functions of a side by their plain names, whose texts `storage` holds.
std::vector<Named> plain_names(const Side& side, std::vector<std::string>& storage) {
  std::vector<std::uint32_t> functions;
  for (std::uint32_t i = 0; i < side.size(); ++i) {
    if (side.partner[i] != kNone || side.function(i).name.empty()) continue;
    storage.push_back(plain_name(side.function(i).name));
    functions.push_back(i);
  }
  std::vector<Named> names;
  for (std::size_t i = 0; i < functions.size(); ++i) names.push_back({storage[i], functions[i]});
  return sorted(std::move(names));
}

}  // namespace

std::string plain_name(std::string_view name) {
  // Rust, legacy mangling: "17h", 16 hexadecimal digits, "E".
  constexpr std::size_t kHashSize = 20;
  if (name.starts_with("_ZN") && name.size() > kHashSize) {
    const std::string_view tail = name.substr(name.size() - kHashSize);
    if (tail.starts_with("17h") && tail.back() == 'E')
      return std::string(name.substr(0, name.size() - kHashSize)) + "E";
  }
  const std::size_t dot = name.find('.', 1);
  if (dot == std::string_view::npos || name.find('/') != std::string_view::npos) return std::string(name);
  std::string plain(name.substr(0, dot));
  // Cold parts are functions of their own, so that mark stays.
  bool cold = false;
  for (std::string_view rest = name.substr(dot + 1); !rest.empty();) {
    const std::size_t end = std::min(rest.find('.'), rest.size());
    const std::string_view part = rest.substr(0, end);
    cold = cold || part == "cold";
    const bool known = part == "cold" || part == "part" || part == "isra" || part == "constprop" ||
                       part == "llvm" || part == "lto_priv" || part == "localalias" || is_number(part);
    if (!known) return std::string(name);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return cold ? plain + ".cold" : plain;
}

void match_names(Pairing& pairing) {
  join(pairing, all_names(pairing.base), all_names(pairing.target));
  std::vector<std::string> base_storage, target_storage;
  const std::vector<Named> base = plain_names(pairing.base, base_storage);
  join(pairing, base, plain_names(pairing.target, target_storage));
}

}  // namespace stella::executable
