#include "codec.h"

#include <algorithm>
#include <optional>
#include <type_traits>

#include "stella/base/reader.h"

namespace stella::executable {
namespace {

// Both walk the same list of fields, given by walk() below, so that they cannot disagree.
class Encoder {
 public:
  template <typename T>
  void operator()(const T& value);
  [[nodiscard]] Bytes take() { return std::move(bytes_); }
  Bytes bytes_;
};

class FieldDecoder {
 public:
  explicit FieldDecoder(ByteView bytes) : in_(bytes, "the result of the analysis") {}
  template <typename T>
  void operator()(T& value);
  template <typename T>
  [[nodiscard]] Result<T> finish(T value) {
    if (!error_ && !in_.at_end())
      error_ = Error{.code = ErrorCode::kCorrupt, .message = "the result of the analysis is too long"};
    if (error_) return fail(*std::move(error_));
    return value;
  }

 private:
  template <typename T>
  std::optional<T> accept(Result<T> result) {
    if (result) return *std::move(result);
    if (!error_) error_ = std::move(result).error();
    return std::nullopt;
  }
  ByteReader in_;
  std::optional<Error> error_;
};

template <typename Walker>
void walk(Walker& each, auto& value);

template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};
template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};

template <typename T>
void Encoder::operator()(const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    append_varint(bytes_, value.size());
    append(bytes_, as_bytes(value));
  } else if constexpr (std::is_same_v<T, Digest>) {
    append(bytes_, value.view());
  } else if constexpr (IsVector<T>::value) {
    append_varint(bytes_, value.size());
    for (const auto& one : value) (*this)(one);
  } else if constexpr (IsOptional<T>::value) {
    append_varint(bytes_, value ? 1 : 0);
    if (value) (*this)(*value);
  } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
    append_varint(bytes_, static_cast<std::uint64_t>(value));
  } else {
    walk(*this, value);
  }
}

template <typename T>
void FieldDecoder::operator()(T& value) {
  if (error_) return;
  if constexpr (std::is_same_v<T, std::string>) {
    const auto size = accept(in_.varint());
    const auto text = size ? accept(in_.bytes(*size)) : std::nullopt;
    if (text) value = as_text(*text);
  } else if constexpr (std::is_same_v<T, Digest>) {
    if (const auto bytes = accept(in_.bytes(value.bytes.size())))
      std::copy(bytes->begin(), bytes->end(), value.bytes.begin());
  } else if constexpr (IsVector<T>::value) {
    const auto count = accept(in_.varint());
    // Each element has at least one byte, so the number is bounded by what is left.
    for (std::uint64_t i = 0; count && i < *count && !error_; ++i) (*this)(value.emplace_back());
  } else if constexpr (IsOptional<T>::value) {
    const auto present = accept(in_.varint());
    if (present && *present != 0) (*this)(value.emplace());
  } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
    if (const auto number = accept(in_.varint())) value = static_cast<T>(*number);
  } else {
    walk(*this, value);
  }
}

template <typename Walker>
void walk(Walker& each, auto& value) {
  using T = std::remove_cvref_t<decltype(value)>;
  const auto all = [&each](auto&... fields) { (each(fields), ...); };
  if constexpr (std::is_same_v<T, Function>) {
    all(value.name, value.aliases, value.section, value.source, value.address, value.size_bytes,
        value.instructions, value.blocks, value.undecoded, value.strict, value.loose, value.callees,
        value.callers, value.imports);
  } else if constexpr (std::is_same_v<T, Unanalysed>) {
    all(value.name, value.section, value.address, value.size_bytes, value.reason);
  } else if constexpr (std::is_same_v<T, Program>) {
    all(value.format, value.kind, value.machine, value.bits, value.has_symbols, value.build_id,
        value.debug_file, value.code_bytes, value.instructions, value.functions, value.unanalysed,
        value.imports, value.exports, value.notes);
  } else if constexpr (std::is_same_v<T, FunctionChange>) {
    all(value.size_delta_bytes, value.instructions_added, value.instructions_removed, value.calls_added,
        value.calls_removed, value.blocks_added, value.blocks_removed);
  } else if constexpr (std::is_same_v<T, Match>) {
    all(value.base, value.target, value.kind, value.confidence_per_mille, value.similarity_per_mille,
        value.modified, value.renamed, value.moved, value.change);
  } else if constexpr (std::is_same_v<T, NameChanges>) {
    all(value.added, value.removed, value.added_count, value.removed_count);
  } else if constexpr (std::is_same_v<T, Tooling>) {
    all(value.disassembler, value.algorithm);
  } else if constexpr (std::is_same_v<T, ListingLine>) {
    all(value.address, value.text, value.key);
  } else if constexpr (std::is_same_v<T, Listing>) {
    all(value.lines);
  } else {
    static_assert(std::is_same_v<T, FunctionDiff>);
    all(value.base, value.target, value.matches, value.removed, value.added, value.imports, value.exports,
        value.strings, value.tooling);
  }
}

bool indexes_lead_somewhere(const FunctionDiff& diff) {
  const std::size_t in_base = diff.base.functions.size(), in_target = diff.target.functions.size();
  const auto below = [](const std::vector<std::uint32_t>& indexes, std::size_t count) {
    return std::ranges::all_of(indexes, [count](std::uint32_t index) { return index < count; });
  };
  const auto graph = [&](const Program& program) {
    return std::ranges::all_of(program.functions, [&](const Function& function) {
      return below(function.callees, program.functions.size()) &&
             below(function.callers, program.functions.size());
    });
  };
  return graph(diff.base) && graph(diff.target) && below(diff.removed, in_base) &&
         below(diff.added, in_target) && std::ranges::all_of(diff.matches, [&](const Match& match) {
           return match.base < in_base && match.target < in_target;
         });
}

}  // namespace

Bytes encode(const FunctionDiff& diff) {
  Encoder encoder;
  encoder(diff);
  return encoder.take();
}

Result<FunctionDiff> decode_diff(ByteView bytes) {
  FieldDecoder decoder(bytes);
  FunctionDiff diff;
  decoder(diff);
  STELLA_TRY(diff, decoder.finish(std::move(diff)));
  if (!indexes_lead_somewhere(diff))
    return fail(ErrorCode::kCorrupt, "the result of the analysis names functions that are not there");
  return diff;
}

Bytes encode(const Listing& listing) {
  Encoder encoder;
  encoder(listing);
  return encoder.take();
}

Result<Listing> decode_listing(ByteView bytes) {
  FieldDecoder decoder(bytes);
  Listing listing;
  decoder(listing);
  return decoder.finish(std::move(listing));
}

}  // namespace stella::executable
