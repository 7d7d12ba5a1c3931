// Checks a JSON document against what is expected of it, and goes on after a mistake, so that a user sees all
// of them at once.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "stella/base/digest.h"
#include "stella/base/json.h"
#include "stella/base/json_stream.h"
#include "stella/statement/delta_sig.h"

namespace stella::statement {

class Form {
 public:
  using Read = std::function<void(const json::Value&)>;
  struct Field {
    std::string_view name;
    Read read;
    bool required = true;
  };

  [[nodiscard]] bool clean() const { return problems_.empty(); }
  [[nodiscard]] std::vector<DeltaSigProblem> take_problems() { return std::move(problems_); }

  // About the value that is being read.
  void wrong(std::string expected, std::string found) { add(path_, std::move(expected), std::move(found)); }
  void wrong_at(std::string_view below, std::string expected, std::string found) {
    add(fmt::format("{}{}", path_, below), std::move(expected), std::move(found));
  }

  void object(const json::Value& value, std::initializer_list<Field> fields);
  // Reads up to `count_max` elements; more are a problem. `read` gets each with its index.
  void array(const json::Value& value, std::size_t count_max,
             const std::function<void(const json::Value&, std::size_t)>& read);
  // A text of `size_min` to `size_max` code points.
  std::string text(const json::Value& value, std::size_t size_min = 1,
                   std::size_t size_max = kDeltaSigTextMaxBytes);
  std::uint64_t integer(const json::Value& value, std::uint64_t max = json::kIntegerMax,
                        std::uint64_t min = 0);
  std::int64_t difference(const json::Value& value);
  bool boolean(const json::Value& value);
  Digest digest(const json::Value& value);         // 64 lower-case hex digits
  Digest sha256_digest(const json::Value& value);  // "sha256:" and the same
  std::uint64_t address(
      const json::Value& value);  // "0x" and up to 16 lower-case hex digits without zeros before
  // One of `words`; the first of them when it is none.
  template <std::size_t N>
  std::size_t word(const json::Value& value, const std::array<std::string_view, N>& words) {
    return word(value, words.data(), words.size());
  }

 private:
  void add(std::string where, std::string expected, std::string found);
  void wrong_type(std::string_view expected, const json::Value& value);
  std::size_t word(const json::Value& value, const std::string_view* words, std::size_t count);

  std::string path_ = "$";
  std::vector<DeltaSigProblem> problems_;
};

}  // namespace stella::statement
