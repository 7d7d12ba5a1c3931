#include "stella/crypto/chain.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "extensions.h"

namespace stella::crypto {

struct ChainCache::State {
  std::mutex mutex{};
  std::set<std::pair<Digest, Digest>> signed_pairs{};  // certificate, issuer's key
};

namespace {

constexpr std::size_t kCachePairsMax = 4096;
constexpr std::string_view kOidNameConstraints = "2.5.29.30";

std::string name_of(const Certificate& certificate) {
  const CertificateFields& fields = certificate.fields();
  if (!fields.subject.empty()) return fields.subject;
  return fields.names.empty() ? "certificate without a name" : fields.names.front().value;
}

std::unexpected<Error> refused(const Certificate& certificate, std::string message, std::string expected = {},
                               std::string found = {}) {
  return fail({.code = ErrorCode::kUntrusted,
               .message = std::move(message),
               .where = name_of(certificate),
               .expected = std::move(expected),
               .found = std::move(found)});
}

Status check_validity(const Certificate& certificate, Time at) {
  if (certificate.valid_at(at)) return {};
  const CertificateFields& fields = certificate.fields();
  const bool early = at < fields.not_before;
  return refused(
      certificate, early ? "a certificate was not yet valid" : "a certificate had expired",
      fmt::format("a time from {} to {}", to_string(fields.not_before), to_string(fields.not_after)),
      to_string(at));
}

Status check_extensions(const Certificate& certificate) {
  for (const Extension& extension : certificate.fields().extensions) {
    // Name constraints limit what a CA may issue; ignoring them, critical or not, would widen it.
    const bool limits = extension.oid == kOidNameConstraints;
    if (limits || (extension.critical && !is_understood(extension.oid))) {
      return refused(certificate, "a certificate has an extension that must be understood and is not", {},
                     extension.oid);
    }
  }
  return {};
}

bool lists(const std::vector<std::string>& usages, std::string_view oid) {
  return std::ranges::find(usages, oid) != usages.end();
}

Status check_leaf(const Certificate& leaf, const ChainRequest& request) {
  STELLA_CHECK(check_validity(leaf, request.at));
  STELLA_CHECK(check_extensions(leaf));
  if (leaf.fields().is_ca)
    return refused(leaf, "a certificate authority's certificate is used as a signer's");
  if (!leaf.allows(KeyUsage::kDigitalSignature))
    return refused(leaf, "a certificate must not be used for signatures");
  if (!lists(leaf.fields().extended_key_usage, request.purpose)) {
    return refused(leaf, "a certificate is for another purpose", std::string(request.purpose),
                   fmt::format("{}", fmt::join(leaf.fields().extended_key_usage, ", ")));
  }
  return {};
}

// `below`: authorities between this one and the leaf.
Status check_issuer(const Certificate& issuer, std::size_t below, const ChainRequest& request) {
  const CertificateFields& fields = issuer.fields();
  if (!fields.is_ca)
    return refused(issuer, "a certificate signed another without being a certificate authority's");
  if (!issuer.allows(KeyUsage::kCertSign))
    return refused(issuer, "a certificate authority must not sign certificates");
  if (fields.path_length_max && below > *fields.path_length_max) {
    return refused(issuer, "a certificate chain is longer than its authority allows",
                   fmt::format("at most {} authorities below", *fields.path_length_max),
                   fmt::format("{}", below));
  }
  if (!fields.extended_key_usage.empty() && !lists(fields.extended_key_usage, request.purpose) &&
      !lists(fields.extended_key_usage, kOidAnyExtendedKeyUsage)) {
    return refused(issuer, "a certificate authority is for another purpose", std::string(request.purpose));
  }
  STELLA_CHECK(check_extensions(issuer));
  return check_validity(issuer, request.at);
}

class Builder {
 public:
  Builder(const Certificate& leaf, const ChainRequest& request) : request_(request), path_{leaf} {}

  Result<Chain> build() {
    STELLA_CHECK(check_leaf(path_.front(), request_));
    for (const Certificate& root : request_.roots) {
      if (root == path_.front()) return finish();
    }
    if (extend()) return finish();
    if (!error_) {
      error_ = Error{.code = ErrorCode::kUntrusted,
                     .message = "no trusted certificate authority issued the certificate",
                     .where = name_of(path_.front()),
                     .found = "issuer " + path_.front().fields().issuer};
    }
    return std::unexpected(*std::move(error_));
  }

 private:
  Result<Chain> finish() {
    const PublicKey& issuer = path_.size() > 1 ? path_[1].key()
                              : root_key_      ? *root_key_
                                               : path_.front().key();
    return Chain{
        .certificates = path_, .leaf_issuer = issuer, .anchor = root_key_ ? *root_key_ : path_.back().key()};
  }

  // Extends the path from its last certificate to a root.
  bool extend() {
    const Certificate child = path_.back();
    for (const PublicKey& key : request_.root_keys) {
      if (!is_signed(child, key)) continue;
      root_key_ = key;
      return true;
    }
    if (path_.size() >= kChainLengthMax) return false;
    for (const Certificate& root : request_.roots) {
      if (!may_issue(root, child)) continue;
      path_.push_back(root);
      return true;
    }
    for (const Certificate& candidate : request_.intermediates) {
      if (std::ranges::find(path_, candidate) != path_.end() || !may_issue(candidate, child)) continue;
      path_.push_back(candidate);
      if (extend()) return true;
      path_.pop_back();
    }
    return false;
  }

  bool may_issue(const Certificate& issuer, const Certificate& child) {
    if (issuer.fields().subject_der != child.fields().issuer_der) return false;
    if (auto status = check_issuer(issuer, path_.size() - 1, request_); !status)
      return note(std::move(status).error());
    return is_signed(child, issuer.key());
  }

  bool is_signed(const Certificate& child, const PublicKey& key) {
    const bool remembered = path_.size() > 1 || request_.remember_leaf;
    const std::pair<Digest, Digest> pair(child.id(), key.id());
    if (remembered && request_.cache != nullptr) {
      ChainCache::State& cache = request_.cache->state();
      const std::lock_guard lock(cache.mutex);
      if (cache.signed_pairs.contains(pair)) return true;
    }
    if (++signatures_ > kChainSignaturesMax) {
      return note(
          {.code = ErrorCode::kLimitExceeded,
           .message = fmt::format("more than {} signatures for one certificate chain", kChainSignaturesMax),
           .where = name_of(path_.front())});
    }
    if (auto status = child.signed_by(key); !status) {
      return note(std::move(status).error().at(fmt::format("certificate {}", name_of(child))));
    }
    if (remembered && request_.cache != nullptr) {
      ChainCache::State& cache = request_.cache->state();
      const std::lock_guard lock(cache.mutex);
      if (cache.signed_pairs.size() >= kCachePairsMax) cache.signed_pairs.clear();
      cache.signed_pairs.insert(pair);
    }
    return true;
  }

  // Keeps the reason of the longest path; of equal ones the first.
  bool note(Error error) {
    if (!error_ || path_.size() > error_length_) {
      error_ = std::move(error);
      error_length_ = path_.size();
    }
    return false;
  }

  const ChainRequest& request_;
  std::vector<Certificate> path_;
  std::optional<PublicKey> root_key_{};
  std::optional<Error> error_{};
  std::size_t error_length_ = 0;
  std::size_t signatures_ = 0;
};

}  // namespace

ChainCache::ChainCache() : state_(std::make_unique<State>()) {}
ChainCache::~ChainCache() = default;

Result<Chain> build_chain(const Certificate& leaf, const ChainRequest& request) {
  return Builder(leaf, request).build();
}

}  // namespace stella::crypto
