#include "stella/net/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace stella::net {
namespace {

// Answers one connection after the other on loopback with given bytes.
class Server {
 public:
  explicit Server(std::vector<std::string> answers) : answers_(std::move(answers)) {
    ::setenv("no_proxy", "127.0.0.1", 1);
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] std::string url(const std::string& path) const {
    return fmt::format("http://127.0.0.1:{}/{}", port_, path);
  }
  std::string requests;

 private:
  void serve() {
    for (const std::string& answer : answers_) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      char buffer[4096];
      const ssize_t count = ::read(connection, buffer, sizeof buffer);
      if (count > 0) requests.append(buffer, static_cast<std::size_t>(count));
      EXPECT_EQ(::write(connection, answer.data(), answer.size()), static_cast<ssize_t>(answer.size()));
      ::close(connection);
    }
  }

  std::vector<std::string> answers_;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};

std::string answer(int status, const std::string& body, const std::string& more = "") {
  return fmt::format("HTTP/1.1 {} x\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}", status,
                     body.size(), more, body);
}

TEST(Http, FetchesABodyAndKeepsThePathAsItIs) {
  std::string requests;
  {
    Server server({answer(200, "hello")});
    auto client = HttpClient::create().value();
    EXPECT_EQ(as_text(client.get(server.url("a/..%2Fb.json"), 5).value()), "hello");
    requests = server.requests;
  }
  EXPECT_TRUE(requests.starts_with("GET /a/..%2Fb.json HTTP/")) << requests;
}

TEST(Http, SaysWhatAStatusMeans) {
  Server server({answer(404, ""), answer(403, ""), answer(401, ""), answer(503, ""), answer(418, ""), "",
                 answer(200, "123456"),
                 "HTTP/1.1 200 x\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhalf"});
  auto client = HttpClient::create().value();
  for (const ErrorCode expected :
       {ErrorCode::kNotFound, ErrorCode::kNotFound, ErrorCode::kUnauthorised, ErrorCode::kUnavailable,
        ErrorCode::kIo, ErrorCode::kUnavailable, ErrorCode::kLimitExceeded, ErrorCode::kUnavailable}) {
    EXPECT_EQ(client.get(server.url(""), 5).error().code, expected);
  }
}

TEST(Http, RefusesOtherSchemesAndClosedPorts) {
  auto client = HttpClient::create().value();
  EXPECT_EQ(client.get("file:///etc/passwd", 1000).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(client.get("http://127.0.0.1:1/", 1000).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace stella::net
