#include "stella/net/http.h"

#include <dlfcn.h>

#include <utility>

#include <curl/curl.h>
#include <fmt/format.h>

namespace stella::net {
namespace {

// libcurl brings some 36 further libraries, which would cost every start of the program 5 ms: it is loaded
// when it is needed, and never by what works offline.
struct Library {
  decltype(&curl_global_init) global_init = nullptr;
  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_perform) easy_perform = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  bool loaded = false;
};

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

Library load_library() {
  Library curl;
  void* library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return curl;
  curl.loaded = find(library, "curl_global_init", curl.global_init) &&
                find(library, "curl_easy_init", curl.easy_init) &&
                find(library, "curl_easy_setopt", curl.easy_setopt) &&
                find(library, "curl_easy_perform", curl.easy_perform) &&
                find(library, "curl_easy_getinfo", curl.easy_getinfo) &&
                find(library, "curl_easy_cleanup", curl.easy_cleanup) &&
                find(library, "curl_easy_strerror", curl.easy_strerror) &&
                curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return curl;
}

const Library& library() {
  static const Library loaded = load_library();
  return loaded;
}

struct Body {
  Bytes bytes{};
  std::size_t size_max_bytes = 0;
  bool too_large = false;
};

std::size_t take(char* data, std::size_t size, std::size_t count, void* to) {
  Body& body = *static_cast<Body*>(to);
  const std::size_t bytes = size * count;
  if (bytes > body.size_max_bytes - body.bytes.size()) {
    body.too_large = true;
    return 0;  // ends the transfer
  }
  append(body.bytes, as_bytes({data, bytes}));
  return bytes;
}

ErrorCode code_of(CURLcode code) {
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return ErrorCode::kInvalidArgument;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return ErrorCode::kUntrusted;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kIo;
  }
}

Status check_status(long status, const std::string& url) {
  if (status >= 200 && status < 300) return {};
  const ErrorCode code = status == 403 || status == 404 || status == 410 ? ErrorCode::kNotFound
                         : status == 401                                 ? ErrorCode::kUnauthorised
                         : status == 429 || status >= 500                ? ErrorCode::kUnavailable
                                                                         : ErrorCode::kIo;
  return fail({.code = code,
               .message = "a server refused",
               .where = url,
               .found = fmt::format("HTTP status {}", status)});
}

}  // namespace

struct HttpClient::State {
  CURL* handle = nullptr;
  HttpOptions options{};

  ~State() {
    if (handle != nullptr) library().easy_cleanup(handle);
  }
};

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpClient> HttpClient::create(HttpOptions options) {
  const Library& curl = library();
  CURL* handle = curl.loaded ? curl.easy_init() : nullptr;
  if (handle == nullptr) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = "nothing can be fetched: libcurl is not installed",
                 .expected = "libcurl.so.4",
                 .next = "Install the package libcurl4, or use a mirror on a disk."});
  }
  auto state = std::make_unique<State>();
  state->handle = handle;
  state->options = std::move(options);
  const auto set = [&](CURLoption option, auto value) { (void)curl.easy_setopt(handle, option, value); };
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, 5L);
  set(CURLOPT_PATH_AS_IS, 1L);  // "%2F.." in a file's name is no path to tidy
  set(CURLOPT_CONNECTTIMEOUT_MS, state->options.connect_timeout_ms);
  set(CURLOPT_TIMEOUT_MS, state->options.timeout_ms);
  set(CURLOPT_USERAGENT, state->options.user_agent.c_str());
  set(CURLOPT_WRITEFUNCTION, &take);
  return HttpClient(std::move(state));
}

Result<Bytes> HttpClient::get(const std::string& url, std::size_t size_max_bytes) {
  const Library& curl = library();
  Body body{.size_max_bytes = size_max_bytes};
  (void)curl.easy_setopt(state_->handle, CURLOPT_URL, url.c_str());
  (void)curl.easy_setopt(state_->handle, CURLOPT_WRITEDATA, static_cast<void*>(&body));
  const bool secure = url.starts_with("https://") || url.starts_with("HTTPS://");
  (void)curl.easy_setopt(state_->handle, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");

  const CURLcode done = curl.easy_perform(state_->handle);
  if (body.too_large) {
    return fail({.code = ErrorCode::kLimitExceeded,
                 .message = "what a server sends is too large",
                 .where = url,
                 .expected = fmt::format("at most {} bytes", size_max_bytes)});
  }
  if (done != CURLE_OK) {
    return fail({.code = code_of(done),
                 .message = "a file cannot be fetched",
                 .where = url,
                 .found = curl.easy_strerror(done)});
  }
  long status = 0;
  (void)curl.easy_getinfo(state_->handle, CURLINFO_RESPONSE_CODE, &status);
  STELLA_CHECK(check_status(status, url));
  return std::move(body.bytes);
}

}  // namespace stella::net
