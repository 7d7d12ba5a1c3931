#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "stella/attestation/tuf_metadata.h"

namespace stella::attestation::tuf {
namespace {

// std::string compares as unsigned bytes, and UTF-8 in bytes sorts as code points do; the object's own order
// is that of UTF-16.
using ByCodePoint = std::map<std::string_view, const json::Value*>;

void append_string(std::string& to, std::string_view text) {
  to += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') to += '\\';
    to += c;
  }
  to += '"';
}

// The parser bounds the depth, and so the recursion.
Status append_value(std::string& to, const json::Value& value) {
  if (value.is_null()) {
    to += "null";
  } else if (const bool* truth = value.boolean()) {
    to += *truth ? "true" : "false";
  } else if (const std::int64_t* integer = value.integer()) {
    fmt::format_to(std::back_inserter(to), "{}", *integer);
  } else if (const std::string* text = value.string()) {
    append_string(to, *text);
  } else if (const json::Array* array = value.array()) {
    bool first = true;
    to += '[';
    for (const json::Value& element : *array) {
      if (!std::exchange(first, false)) to += ',';
      STELLA_CHECK(append_value(to, element));
    }
    to += ']';
  } else if (const json::Object* object = value.object()) {
    ByCodePoint members;
    for (const auto& [key, member] : *object) members.emplace(key, &member);
    bool first = true;
    to += '{';
    for (const auto& [key, member] : members) {
      if (!std::exchange(first, false)) to += ',';
      append_string(to, key);
      to += ':';
      STELLA_CHECK(append_value(to, *member));
    }
    to += '}';
  } else {
    return fail({.code = ErrorCode::kCorrupt,
                 .message = "TUF metadata holds a number that its canonical form cannot have",
                 .expected = "an integer within 64 bits"});
  }
  return {};
}

}  // namespace

Result<std::string> olpc_canonical(const json::Value& value) {
  std::string text;
  STELLA_CHECK(append_value(text, value));
  return text;
}

}  // namespace stella::attestation::tuf
