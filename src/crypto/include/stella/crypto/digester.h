// Digests of what comes in pieces, by the hashes that signatures use (SHA-256 alone: see base/digest.h).
#pragma once

#include <memory>

#include "stella/base/bytes.h"
#include "stella/crypto/signature.h"

namespace stella::crypto {

class Digester {
 public:
  explicit Digester(Hash hash);
  ~Digester();
  Digester(Digester&&) noexcept;
  Digester& operator=(Digester&&) noexcept;

  void update(ByteView bytes);
  [[nodiscard]] Bytes finish();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stella::crypto
