#include "stella/base/digest.h"

#include <llvm-c/blake3.h>
#include <openssl/evp.h>

#include <new>

namespace stella {
namespace {

// Fetched once: the implicit fetch of EVP_sha256() costs a lock for each digest.
const EVP_MD* sha256_method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (method == nullptr) throw std::bad_alloc();
  return method;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr std::string_view kSha256Prefix = "sha256:";

}  // namespace

std::string to_hex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

Result<Bytes> parse_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(ErrorCode::kCorrupt, "hexadecimal text of odd length");
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return fail(ErrorCode::kCorrupt, "not a hexadecimal digit");
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return bytes;
}

std::string sha256_text(const Digest& digest) { return std::string(kSha256Prefix) + to_hex(digest.view()); }

Result<Digest> parse_sha256_text(std::string_view text) {
  Digest digest;
  if (text.starts_with(kSha256Prefix)) {
    const auto bytes = parse_hex(text.substr(kSha256Prefix.size()));
    if (bytes && bytes->size() == digest.bytes.size()) {
      std::copy(bytes->begin(), bytes->end(), digest.bytes.begin());
      return digest;
    }
  }
  return fail({.code = ErrorCode::kCorrupt,
               .message = "not a SHA-256 digest",
               .expected = "sha256: and 64 hexadecimal digits",
               .found = std::string(text.substr(0, 80))});
}

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() {
    if (context == nullptr || EVP_DigestInit_ex2(context, sha256_method(), nullptr) != 1)
      throw std::bad_alloc();
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView bytes) { EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()); }

Digest Sha256::finish() {
  Digest digest;
  unsigned size = 0;
  EVP_DigestFinal_ex(state_->context, digest.bytes.data(), &size);
  EVP_DigestInit_ex2(state_->context, nullptr, nullptr);
  return digest;
}

struct Blake3::State {
  llvm_blake3_hasher hasher;
};

Blake3::Blake3() : state_(std::make_unique<State>()) { llvm_blake3_hasher_init(&state_->hasher); }
Blake3::~Blake3() = default;
Blake3::Blake3(Blake3&&) noexcept = default;
Blake3& Blake3::operator=(Blake3&&) noexcept = default;

void Blake3::update(ByteView bytes) {
  llvm_blake3_hasher_update(&state_->hasher, bytes.data(), bytes.size());
}

Digest Blake3::finish() {
  Digest digest;
  llvm_blake3_hasher_finalize(&state_->hasher, digest.bytes.data(), digest.bytes.size());
  llvm_blake3_hasher_init(&state_->hasher);
  return digest;
}

Digest sha256(ByteView bytes) {
  thread_local Sha256 hasher;
  hasher.update(bytes);
  return hasher.finish();
}

Digest blake3(ByteView bytes) {
  Blake3 hasher;
  hasher.update(bytes);
  return hasher.finish();
}

}  // namespace stella
