#include "json_difference.h"

#include <algorithm>

#include <fmt/format.h>

namespace stella::operations {
namespace {

constexpr std::size_t kShownBytesMax = 100;

std::string shown(const json::Value& value) {
  std::string text = json::canonical(value);
  if (text.size() > kShownBytesMax) text = fmt::format("{} bytes of JSON", text.size());
  return text;
}

void objects(const json::Object& expected, const json::Object& found, const std::string& where,
             std::vector<Difference>& to) {
  for (const auto& [key, value] : expected) {
    const auto other = found.find(key);
    const std::string place = fmt::format("{}.{}", where, key);
    if (other == found.end()) {
      to.push_back({place, shown(value), "nothing"});
    } else {
      append_differences(value, other->second, place, to);
    }
  }
  for (const auto& [key, value] : found) {
    if (!expected.contains(key)) to.push_back({fmt::format("{}.{}", where, key), "nothing", shown(value)});
  }
}

void arrays(const json::Array& expected, const json::Array& found, const std::string& where,
            std::vector<Difference>& to) {
  if (expected.size() != found.size()) {
    to.push_back(
        {where, fmt::format("{} elements", expected.size()), fmt::format("{} elements", found.size())});
    return;
  }
  for (std::size_t i = 0; i < expected.size() && to.size() < kDifferencesMax; ++i) {
    append_differences(expected[i], found[i], fmt::format("{}[{}]", where, i), to);
  }
}

}  // namespace

void append_differences(const json::Value& expected, const json::Value& found, const std::string& where,
                        std::vector<Difference>& to) {
  if (to.size() >= kDifferencesMax || expected == found) return;
  if (expected.object() != nullptr && found.object() != nullptr) {
    objects(*expected.object(), *found.object(), where, to);
  } else if (expected.array() != nullptr && found.array() != nullptr) {
    arrays(*expected.array(), *found.array(), where, to);
  } else {
    to.push_back({where, shown(expected), shown(found)});
  }
}

}  // namespace stella::operations
