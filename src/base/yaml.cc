#include "stella/base/yaml.h"

#include <charconv>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

namespace stella::yaml {
namespace {

// Leaves yaml-cpp's parser, which knows no other way out; caught in parse().
struct Stop {
  Error error;
};

json::Value plain_value(const std::string& text) {
  if (text.empty() || text == "~" || text == "null") return {};
  if (text == "true") return true;
  if (text == "false") return false;
  std::int64_t integer = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), integer);
  if (status == std::errc() && end == text.data() + text.size()) return integer;
  return text;
}

class Builder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check(mark, "", anchor);
    add(mark, json::Value());
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, "an alias (*name)"); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check(mark, tag, anchor);
    if (!open_.empty() && open_.back().is_map && !open_.back().key) {
      take_key(mark, value);
      return;
    }
    add(mark, tag == "?" ? plain_value(value) : json::Value(value));  // "!": in quotes
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check(mark, tag, anchor);
    open(mark, false);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check(mark, tag, anchor);
    open(mark, true);
  }
  void OnMapEnd() override { close(); }

  Document take() && { return {.value = std::move(root_), .lines = std::move(lines_)}; }

 private:
  struct Open {
    json::Value value{};
    std::string path{};
    bool is_map = false;
    std::optional<std::string> key{};  // of the value to come
  };

  [[noreturn]] static void stop(const YAML::Mark& mark, ErrorCode code, std::string message,
                                std::string found = {}) {
    throw Stop{{.code = code,
                .message = std::move(message),
                .where = fmt::format("line {}", mark.line + 1),
                .found = std::move(found)}};
  }
  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string what) {
    stop(mark, ErrorCode::kUnsupported, "this YAML file uses what is not read here", std::move(what));
  }

  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) refuse(mark, "an anchor (&name)");
    if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, "a tag, " + tag.substr(0, 80));
    if (++nodes_ > kNodesMax) {
      stop(mark, ErrorCode::kLimitExceeded, fmt::format("a YAML file holds more than {} values", kNodesMax));
    }
    const bool key_expected = !open_.empty() && open_.back().is_map && !open_.back().key;
    if (key_expected && tag.empty()) stop(mark, ErrorCode::kUnsupported, "the key of a map is no text");
  }

  void take_key(const YAML::Mark& mark, const std::string& key) {
    Open& map = open_.back();
    if (map.value.object()->contains(key)) {
      stop(mark, ErrorCode::kCorrupt, "a key stands twice in one map", key.substr(0, 80));
    }
    map.key = key;
    lines_[path_of_next()] = mark.line + 1;
  }

  [[nodiscard]] std::string path_of_next() const {
    if (open_.empty()) return "$";
    const Open& in = open_.back();
    return in.is_map ? fmt::format("{}.{}", in.path, *in.key)
                     : fmt::format("{}[{}]", in.path, in.value.array()->size());
  }

  void add(const YAML::Mark& mark, json::Value value) {
    lines_.emplace(path_of_next(), mark.line + 1);
    place(std::move(value));
  }
  void place(json::Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (Open& in = open_.back(); in.is_map) {
      in.value.object()->emplace(*std::exchange(in.key, std::nullopt), std::move(value));
    } else {
      in.value.array()->push_back(std::move(value));
    }
  }
  void open(const YAML::Mark& mark, bool is_map) {
    if (!open_.empty() && open_.back().is_map && !open_.back().key) {
      stop(mark, ErrorCode::kUnsupported, "the key of a map is no text");
    }
    if (open_.size() >= kDepthMax) {
      stop(mark, ErrorCode::kLimitExceeded, fmt::format("YAML is nested deeper than {} levels", kDepthMax));
    }
    std::string path = path_of_next();
    lines_.emplace(path, mark.line + 1);
    open_.push_back({.value = is_map ? json::Value(json::Object{}) : json::Value(json::Array{}),
                     .path = std::move(path),
                     .is_map = is_map});
  }
  void close() {
    json::Value value = std::move(open_.back().value);
    open_.pop_back();
    place(std::move(value));
  }

  json::Value root_;
  std::map<std::string, int, std::less<>> lines_;
  std::vector<Open> open_;
  std::size_t nodes_ = 0;
};

}  // namespace

Error Document::at_line(Error error) const {
  // What follows the path, after a colon, is a place within the value.
  for (std::string_view path = std::string_view(error.where).substr(0, error.where.find(": "));
       !path.empty();) {
    const auto line = lines.find(path);
    if (line != lines.end()) return std::move(error).at(fmt::format("line {}", line->second));
    path = path.substr(0, std::min(path.find_last_of(".["), path.size() - 1));
  }
  return error;
}

Result<Document> parse(std::string_view text) {
  if (text.size() > kSizeMaxBytes) {
    return fail(ErrorCode::kLimitExceeded, fmt::format("a YAML file is larger than {} bytes", kSizeMaxBytes));
  }
  if (text.find('\0') != std::string_view::npos) {
    return fail(ErrorCode::kCorrupt, "a YAML file holds a zero byte");
  }
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder first;
    if (!parser.HandleNextDocument(first)) return Document{};
    Builder second;
    if (parser.HandleNextDocument(second)) {
      return fail(ErrorCode::kUnsupported, "a YAML file holds a second document");
    }
    return std::move(first).take();
  } catch (const Stop& stop) {
    return fail(stop.error);
  } catch (const YAML::Exception& exception) {
    return fail(
        {.code = ErrorCode::kCorrupt,
         .message = "malformed YAML",
         .where = exception.mark.is_null() ? std::string() : fmt::format("line {}", exception.mark.line + 1),
         .found = exception.msg});
  } catch (const std::exception& exception) {
    return fail({.code = ErrorCode::kCorrupt, .message = "malformed YAML", .found = exception.what()});
  }
}

}  // namespace stella::yaml
