#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace stagepost::web {

/// A web server on 127.0.0.1 that says what it is told to, whatever it is asked: one request a connection.
class web_peer {
public:
  /// With the certificate in FOLDER/NAME.pem it speaks TLS.
  explicit web_peer(const std::string& certificate = {}) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener_, 100) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
      throw std::runtime_error("no port to listen on");
    port_ = ntohs(at.sin_port);
    if (!certificate.empty()) {
      tls_ = SSL_CTX_new(TLS_server_method());
      SSL_CTX_use_certificate_file(tls_, (certificate + ".pem").c_str(), SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(tls_, (certificate + ".key").c_str(), SSL_FILETYPE_PEM);
    }
    thread_ = std::thread([this] { serve(); });
  }
  ~web_peer() {
    ending_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    SSL_CTX_free(tls_);
  }
  web_peer(const web_peer&) = delete;
  web_peer& operator=(const web_peer&) = delete;

  std::string url(const std::string& host, const std::string& target = "/") const {
    return (tls_ != nullptr ? "https://" : "http://") + host + ':' + std::to_string(port_) + target;
  }
  void answer_with(std::string octets) {
    std::lock_guard lock(mutex_);
    answers_ = {std::move(octets)};
  }
  /// The first request gets the first one, and so on; the last one is for all that come after.
  void answer_with(std::vector<std::string> octets) {
    std::lock_guard lock(mutex_);
    answers_ = std::move(octets);
  }
  std::vector<std::string> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }

private:
  void serve() {
    while (!ending_) {
      const int line = ::accept(listener_, nullptr, nullptr);
      if (line < 0) return;
      const timeval limit{20, 0};
      ::setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      talk(line);
      ::close(line);
    }
  }
  void talk(int line) {
    SSL* stream = nullptr;
    if (tls_ != nullptr) {
      stream = SSL_new(tls_);
      SSL_set_fd(stream, line);
      if (SSL_accept(stream) != 1) {
        SSL_free(stream);
        return;
      }
    }
    const auto read = [&](char* into, int size) {
      return stream != nullptr ? SSL_read(stream, into, size) : int(::recv(line, into, size_t(size), 0));
    };
    const auto write = [&](const std::string& what) {
      if (what.empty()) return;
      if (stream != nullptr)
        SSL_write(stream, what.data(), int(what.size()));
      else
        ::send(line, what.data(), what.size(), MSG_NOSIGNAL);
    };
    std::string asked;
    char octets[4096];
    while (asked.find("\r\n\r\n") == asked.npos) {
      const int count = read(octets, sizeof octets);
      if (count <= 0) break;
      asked.append(octets, size_t(count));
    }
    std::string answer;
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(asked);
      if (!answers_.empty()) answer = answers_.front();
      if (answers_.size() > 1) answers_.erase(answers_.begin());
    }
    if (answer == "hang") {
      while (read(octets, sizeof octets) > 0) {
      }
    } else {
      write(answer);
    }
    if (stream != nullptr) {
      SSL_shutdown(stream);
      SSL_free(stream);
    }
    ::shutdown(line, SHUT_WR);
    while (::recv(line, octets, sizeof octets, 0) > 0) {
    }
  }

  int listener_;
  uint16_t port_ = 0;
  SSL_CTX* tls_ = nullptr;
  mutable std::mutex mutex_;
  std::vector<std::string> answers_;
  std::vector<std::string> requests_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

/// Octets of an answer.
inline std::string ok(const std::string& body, const std::string& type = "text/plain; charset=utf-8") {
  return "HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

} // namespace stagepost::web
