#include "stella/crypto/digester.h"

#include <new>

#include <openssl/evp.h>

namespace stella::crypto {

struct Digester::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Digester::Digester(Hash hash) : state_(std::make_unique<State>()) {
  const EVP_MD* md = hash == Hash::kSha256   ? EVP_sha256()
                     : hash == Hash::kSha384 ? EVP_sha384()
                                             : EVP_sha512();
  // Fails only for lack of memory: the hashes themselves are always there.
  if (state_->context == nullptr || EVP_DigestInit_ex(state_->context, md, nullptr) != 1)
    throw std::bad_alloc();
}
Digester::~Digester() = default;
Digester::Digester(Digester&&) noexcept = default;
Digester& Digester::operator=(Digester&&) noexcept = default;

void Digester::update(ByteView bytes) { EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()); }

Bytes Digester::finish() {
  Bytes digest(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  EVP_DigestFinal_ex(state_->context, digest.data(), &size);
  digest.resize(size);
  return digest;
}

}  // namespace stella::crypto
