// Fetching over HTTP and HTTPS: certificates are checked against the system's authorities, proxies are taken
// from the environment (https_proxy, no_proxy …), redirects never leave HTTPS for HTTP.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "stella/base/bytes.h"
#include "stella/base/error.h"

namespace stella::net {

struct HttpOptions {
  long connect_timeout_ms = 10'000;
  long timeout_ms = 120'000;
  std::string user_agent = "stella";
};

// Keeps its connections between calls. For one thread at a time.
class HttpClient {
 public:
  // Errors: kUnsupported when libcurl is not installed.
  [[nodiscard]] static Result<HttpClient> create(HttpOptions options = {});
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  // Errors: kNotFound for 403, 404 and 410 (object stores answer 403 for what is not there); kUnauthorised
  // for 401; kUnavailable when the server or the network does not answer or says 429 or 5xx; kLimitExceeded
  // when the body is larger; kInvalidArgument for other schemes; kUntrusted when the server's certificate is;
  // kIo otherwise.
  [[nodiscard]] Result<Bytes> get(const std::string& url, std::size_t size_max_bytes);

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace stella::net
