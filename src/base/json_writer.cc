#include <array>
#include <cassert>
#include <charconv>

#include "stella/base/json_stream.h"

namespace stella::json {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{64} << 10;

}  // namespace

void Writer::separate() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (open_.empty()) return;
  if (!open_.back().first) buffer_ += ',';
  open_.back().first = false;
}

void Writer::drain_if_full() {
  if (buffer_.size() < kBufferBytes) return;
  if (status_) status_ = to_.write(as_bytes(buffer_));
  buffer_.clear();
}

void Writer::begin_object() {
  separate();
  buffer_ += '{';
  open_.emplace_back();
}

void Writer::begin_array() {
  separate();
  buffer_ += '[';
  open_.emplace_back();
}

void Writer::close(char bracket) {
  assert(!open_.empty() && !after_key_);
  open_.pop_back();
  buffer_ += bracket;
  drain_if_full();
}

void Writer::end_object() { close('}'); }
void Writer::end_array() { close(']'); }

void Writer::key(std::string_view key) {
  Level& level = open_.back();
  assert(level.first || KeyLess()(level.last_key, key));
  separate();
  level.last_key = key;
  append_canonical_string(buffer_, key);
  buffer_ += ':';
  after_key_ = true;
}

void Writer::string(std::string_view value) {
  separate();
  append_canonical_string(buffer_, value);
  drain_if_full();
}

void Writer::integer(std::uint64_t value) {
  assert(value <= kIntegerMax);
  separate();
  std::array<char, 20> digits;
  buffer_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
  drain_if_full();
}

void Writer::boolean(bool value) {
  separate();
  buffer_ += value ? "true" : "false";
}

void Writer::null() {
  separate();
  buffer_ += "null";
}

void Writer::value(const Value& value) {
  separate();
  buffer_ += canonical(value);
  drain_if_full();
}

Status Writer::finish() {
  assert(open_.empty());
  if (status_) status_ = to_.write(as_bytes(buffer_));
  buffer_.clear();
  return status_;
}

}  // namespace stella::json
