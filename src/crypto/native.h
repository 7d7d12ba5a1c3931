// OpenSSL's objects with owners. Only sources of this floor include it.
#pragma once

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <memory>
#include <optional>

#include "stella/base/digest.h"
#include "stella/crypto/key.h"

namespace stella::crypto {

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using KeyPointer = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using BigNumber = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;

struct NativeKey {
  KeyPointer key{};
  KeyType type = KeyType::kEcdsaP256;
  int bits = 0;
  Bytes spki{};
  Digest id{};
  std::optional<PublicKey> public_key{};  // of a private key
};

// Forgets what OpenSSL noted about errors that we report ourselves: its queue belongs to the thread, not to
// us.
inline void forget_errors() { ERR_clear_error(); }

}  // namespace stella::crypto
