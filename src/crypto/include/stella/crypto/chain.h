// Certificate chains: from a leaf over given intermediates to a given root, at a given time. No system store,
// no network, no revocation: short-lived certificates and timestamps take its place.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "stella/base/error.h"
#include "stella/base/time.h"
#include "stella/crypto/certificate.h"

namespace stella::crypto {

inline constexpr std::size_t kChainLengthMax = 8;  // certificates, leaf and root included
// Signatures tried for one leaf: many intermediates of one name must not cost more than this.
inline constexpr std::size_t kChainSignaturesMax = 32;

// Remembers which certificate authority's certificate signed which, so that a chain shared by many leaves is
// checked once. Leaves are not remembered. Holds a bounded number of pairs. Safe to use from several threads.
class ChainCache {
 public:
  ChainCache();
  ~ChainCache();
  ChainCache(const ChainCache&) = delete;
  ChainCache& operator=(const ChainCache&) = delete;

  struct State;
  [[nodiscard]] State& state() const { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

struct ChainRequest {
  std::span<const Certificate> roots{};          // trusted as they are; need not be self-signed
  std::span<const PublicKey> root_keys{};        // trusted issuers of which only the key is known
  std::span<const Certificate> intermediates{};  // not trusted
  Time at{};                                     // each certificate of the chain must be valid then
  std::string_view purpose{};                    // OID of an extended key usage that the leaf must have
  const ChainCache* cache = nullptr;
  bool remember_leaf = false;  // for leaves that come again, such as those of timestamp authorities
};

struct Chain {
  std::vector<Certificate>
      certificates{};     // leaf first; the last is a root, or was signed by one of the root keys
  PublicKey leaf_issuer;  // whose signature the leaf carries
  PublicKey anchor;       // of the root, or the root key
};

// The chain from `leaf` to one of the roots, both included. Issuers must be CAs that may sign certificates,
// keep their path length, and allow the purpose where they restrict it; critical extensions that are not
// understood are refused. Errors: kUntrusted with the reason of the path that came furthest; kLimitExceeded.
[[nodiscard]] Result<Chain> build_chain(const Certificate& leaf, const ChainRequest& request);

}  // namespace stella::crypto
