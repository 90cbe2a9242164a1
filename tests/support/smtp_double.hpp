#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace stagepost::testing {

/// A mail server on 127.0.0.1 that says to each command what the test wants: `reply` gets the line and
/// answers with whole replies; empty is the usual one. One client at a time.
class smtp_double {
public:
  using answering = std::function<std::string(const std::string& line)>;

  explicit smtp_double(answering reply)
      : reply_(std::move(reply)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener_, 20) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
      throw std::runtime_error("no port to listen on");
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~smtp_double() { stop(); }

  /// Nobody gets in any more.
  void stop() {
    if (!thread_.joinable()) return;
    ::shutdown(listener_, SHUT_RDWR);
    if (const int line = line_.load(); line >= 0) ::shutdown(line, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  uint16_t port() const { return port_; }
  size_t connections() const { return connections_; }
  std::vector<std::string> lines() {
    std::lock_guard lock(mutex_);
    return lines_;
  }

private:
  void serve() {
    for (;;) {
      const int line = ::accept(listener_, nullptr, nullptr);
      if (line < 0) return;
      ++connections_;
      line_ = line;
      converse(line);
      line_ = -1;
      ::close(line);
    }
  }

  static void say(int line, const std::string& text) {
    (void)::send(line, text.data(), text.size(), MSG_NOSIGNAL);
  }

  void converse(int line) {
    const auto greeting = reply_("CONNECT");
    say(line, greeting.empty() ? "220 double ESMTP\r\n" : greeting);
    std::string in;
    char buffer[4096];
    for (;;) {
      const auto end = in.find("\r\n");
      if (end == in.npos) {
        const auto count = ::recv(line, buffer, sizeof buffer, 0);
        if (count <= 0) return;
        in.append(buffer, size_t(count));
        continue;
      }
      const auto command = in.substr(0, end);
      in.erase(0, end + 2);
      {
        std::lock_guard lock(mutex_);
        lines_.push_back(command);
      }
      const auto said = reply_(command);
      say(line, said.empty() ? "250 ok\r\n" : said);
      if (command == "QUIT") return;
    }
  }

  answering reply_;
  int listener_;
  uint16_t port_ = 0;
  std::atomic<size_t> connections_ = 0;
  std::atomic<int> line_ = -1;
  std::mutex mutex_;
  std::vector<std::string> lines_;
  std::thread thread_;
};

} // namespace stagepost::testing
