// A JSON value together with the path to it, so that every complaint about a field names the place:
// "$.signatures[0].sig". For documents that keep unknown members; json_stream.h reads closed ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/base/json.h"

namespace stella::json {

// Borrows the value, which must outlive the view. All errors are kCorrupt with the path (kLimitExceeded for
// limits).
class View {
 public:
  explicit View(const Value& value, std::string path = "$") : value_(&value), path_(std::move(path)) {}

  [[nodiscard]] const Value& value() const { return *value_; }
  [[nodiscard]] const std::string& path() const { return path_; }

  // Members of an object. One that is null counts as absent, as in Protobuf's JSON.
  [[nodiscard]] Result<View> at(std::string_view key) const;                   // an error when it is absent
  [[nodiscard]] Result<std::optional<View>> find(std::string_view key) const;  // nothing when it is absent
  [[nodiscard]] Result<std::vector<std::pair<std::string, View>>> members(std::size_t count_max) const;
  // Errors: also when a member is none of `names`.
  [[nodiscard]] Status closed(std::initializer_list<std::string_view> names) const;

  [[nodiscard]] Result<std::vector<View>> elements(std::size_t count_max) const;

  [[nodiscard]] Result<std::string> string(std::size_t size_max_bytes = std::size_t{1} << 20) const;
  [[nodiscard]] Result<std::string> text() const;  // a string that is not empty, up to 64 KiB
  [[nodiscard]] Result<std::int64_t> integer(
      std::int64_t min = 0, std::int64_t max = std::numeric_limits<std::int64_t>::max()) const;
  [[nodiscard]] Result<bool> boolean() const;
  [[nodiscard]] Result<Bytes> base64() const;
  [[nodiscard]] Result<Digest> hex_digest() const;  // 64 hex digits, lower case

  // An error about this value.
  [[nodiscard]] std::unexpected<Error> fail(std::string message, std::string expected = {},
                                            std::string found = {},
                                            ErrorCode code = ErrorCode::kCorrupt) const;

 private:
  const Value* value_;
  std::string path_;
};

// What a value is, for messages: "an object", "a string" …
[[nodiscard]] std::string_view type_name(const Value& value);

}  // namespace stella::json
