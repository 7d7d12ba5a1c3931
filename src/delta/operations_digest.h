// The digest of the operation stream, unpacked: what any build computes that finds the same COPY and ADD.
// Source: docs/format/delta.md, section 9.
#pragma once

#include <cstdint>
#include <span>

#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/base/source.h"
#include "stella/delta/plan.h"

namespace stella::delta {

// Takes segments in the order of the target and runs them together: matches and literals are ADD; copies that
// go on where the one before ended are one COPY.
class OperationsDigest {
 public:
  // `target` is borrowed: the bytes of ADD are read from it.
  explicit OperationsDigest(const ByteSource& target) : target_(target) {}

  [[nodiscard]] Status add(std::span<const Segment> segments);
  [[nodiscard]] Digest finish();

  [[nodiscard]] std::uint64_t copy_bytes() const { return copy_bytes_; }
  [[nodiscard]] std::uint64_t add_bytes() const { return add_bytes_; }
  [[nodiscard]] std::uint64_t copy_count() const { return copy_count_; }
  [[nodiscard]] std::uint64_t add_count() const { return add_count_; }

 private:
  void close();

  const ByteSource& target_;
  Sha256 hash_;
  bool copies_ = false;             // the open operation is a COPY
  std::uint64_t length_bytes_ = 0;  // of the open operation; 0: there is none
  std::uint64_t base_offset_bytes_ = 0;
  std::uint64_t target_offset_bytes_ = 0;
  std::uint64_t copy_bytes_ = 0;
  std::uint64_t add_bytes_ = 0;
  std::uint64_t copy_count_ = 0;
  std::uint64_t add_count_ = 0;
};

}  // namespace stella::delta
